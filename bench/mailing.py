"""How many mails a second the dispatcher sends, beside a bare smtplib loop."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, insert, select

from booking.db import db
from booking.messages import mail, outbox
from booking.models import Appointment, Message, MessageState, Patient

COUNT = 400


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """An SMTP server on loopback that takes everything; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def listen() -> None:
        while not stopping.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=_serve, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopping.set()
        listener.close()


def _serve(connection: socket.socket) -> None:
    with connection, connection.makefile("rwb") as lines:

        def say(words: bytes) -> None:
            lines.write(words + b"\r\n")
            lines.flush()

        say(b"220 sink")
        for line in lines:
            word = line[:4].upper().strip()
            if word == b"DATA":
                say(b"354 go on")
                while lines.readline() not in (b".\r\n", b""):
                    pass
                say(b"250 kept")
            elif word == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250 ok")


def dispatcher(app: Flask, port: int, *, now: datetime) -> float:
    """Mails a second: 400 outcome notices, rendered, sent and committed one by one."""
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{port}"
    with app.app_context():
        _plan(now)
        begun = time.perf_counter()
        with mail.transport(app.config) as transport:
            while outbox.dispatch(transport, clock=lambda: now)[outbox.Outcome.SENT]:
                pass
        spent = time.perf_counter() - begun
        sent = db.session.scalar(
            select(func.count(Message.id)).where(Message.state == MessageState.SENT)
        )
        if sent != COUNT:
            raise RuntimeError(f"{sent} of {COUNT} mails were sent")
    return COUNT / spent


def _plan(now: datetime) -> None:
    patient = Patient(
        public_id="bench",
        name="Ada Bench",
        email="ada@example.com",
        birth_date="",
        identity="bench",
        created_at=now,
    )
    db.session.add(patient)
    db.session.flush()
    visits = db.session.scalars(
        select(Appointment).where(Appointment.starts_at > now).limit(COUNT)
    ).all()
    for visit in visits:
        visit.patient_id = patient.id
    rows = [
        {
            "appointment_id": visit.id,
            "step": "confirmed",
            "channel": "mail",
            "sequence": 0,
            "audience": "patient",
            "urgent": True,
            "state": MessageState.PLANNED,
            "due_at": now - timedelta(minutes=1),
            "created_at": now,
            "fence": 0,
            "attempts": 0,
        }
        for visit in visits
    ]
    db.session.execute(insert(Message), rows)
    db.session.commit()


def bare(app: Flask, port: int) -> float:
    """Mails a second: the same bytes again through one smtplib connection, nothing
    else."""
    with app.app_context():
        bodies = db.session.scalars(
            select(Message.body).where(Message.state == MessageState.SENT)
        ).all()
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for body in bodies:
            connection.sendmail("a@clinic.example", ["ada@example.com"], body or b"")
    return len(bodies) / (time.perf_counter() - begun)
