"""One slot, many clients at once: exactly one gets it (I-1)."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import aliased
from werkzeug.serving import make_server

import booking.db
from booking.diary import placement
from booking.models import Appointment, Claim, overlap
from tests import builders
from tests.clock import NOW

pytestmark = pytest.mark.serial


def test_one_of_fifty_clients_wins_each_of_ten_slots(app, session):
    site = builders.make_clinic()
    now = datetime.now(UTC)
    tokens = [builders.screen(site, now=now).token for _ in range(50)]
    day = (now + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    starts = [(day + timedelta(days=n)).replace(hour=11) for n in range(10)]
    bookings = [_booking(site, token, n) for n, token in enumerate(tokens)]
    session.commit()

    with _gunicorn(app) as port:
        rounds = [_rush(port, bookings, start) for start in starts]

    assert [sorted(answers) for answers in rounds] == [[201] + [409] * 49] * 10
    assert session.scalar(select(func.count()).select_from(Appointment)) == 10
    assert _overlaps(session) == 0


@pytest.fixture
def unguarded(session):
    """The database without the constraints; they stand again for the next test."""
    overlap.remove(session.connection())
    session.commit()
    yield
    session.rollback()
    session.execute(delete(Claim))
    overlap.install(session.connection())
    session.commit()


@pytest.mark.usefixtures("unguarded")
def test_without_lock_and_constraint_rivals_do_overlap(app, session, monkeypatch):
    """The control: the same rush finds the fault when what forbids it is taken away."""
    site = builders.make_clinic()
    tokens = [builders.screen(site).token for _ in range(20)]
    bookings = [_booking(site, token, n) for n, token in enumerate(tokens)]
    session.commit()
    find = placement.find

    def find_first(*arguments):
        """Check, then insert: each in a transaction of its own."""
        found = find(*arguments)
        booking.db.db.session.commit()
        booking.db.begin_write()
        return found

    monkeypatch.setattr(placement, "find", find_first)
    monkeypatch.setattr(placement, "lock", lambda *_arguments, **_options: None)
    rounds = []
    with _threads(app) as port:
        # A busy machine may let rivals pass one by one: rush until two have met.
        while len(rounds) < 10 and not _overlaps(session):
            rounds.append(_rush(port, bookings, builders.at(7 + len(rounds))))
            session.commit()

    assert {status for answers in rounds for status in answers} <= {201, 409}
    assert sum(answers.count(201) for answers in rounds) > len(rounds)
    assert _overlaps(session) > 0


def _booking(site, token, number):
    return {
        "clearance": token,
        "site": site.id,
        "practitioner": 1,
        "patient": {"name": "Rival", "email": f"rival{number}@example.com"},
    }


def _rush(port, bookings, start):
    """The statuses that all get for this start, asked for at the same moment."""
    together = threading.Barrier(len(bookings))

    def ask(body):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        link.connect()
        text = json.dumps(body | {"start": start.isoformat()})
        key = f"{body['patient']['email']} {start.date()}".replace(" ", "_")
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        together.wait()
        link.request("POST", "/api/v1/appointments", text, headers)
        with link.getresponse() as answer:
            answer.read()
        link.close()
        return answer.status

    with ThreadPoolExecutor(len(bookings)) as pool:
        return list(pool.map(ask, bookings))


def _overlaps(session):
    """Pairs of live claims of one resource that overlap."""
    session.rollback()
    one, other = aliased(Claim), aliased(Claim)
    return session.scalar(
        select(func.count())
        .select_from(one)
        .join(other, one.resource_id == other.resource_id)
        .where(
            one.live,
            other.live,
            one.id < other.id,
            one.first_cell < other.until_cell,
            other.first_cell < one.until_cell,
        )
    )


@contextlib.contextmanager
def _gunicorn(app):
    """The application as it is deployed: two processes of eight threads; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "CLEARSLOT_DATA": app.config["DATA"],
        "CLEARSLOT_DATABASE_URL": app.config["DATABASE_URL"],
        "CLEARSLOT_SECRET_KEY": app.config["SECRET_KEY"],
        "CLEARSLOT_INDEX_KEY": app.config["INDEX_KEY"],
        "CLEARSLOT_FIELD_KEYS": ",".join(app.config["FIELD_KEYS"]),
        "CLEARSLOT_RATE_LIMITS": "off",
    }
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "8"),
            *("--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
            "--no-control-socket",  # it would be shared with any other gunicorn here
            "app:create_app()",
        ],
        env=os.environ | {name: str(value) for name, value in settings.items()},
    )
    try:
        _await(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _await(port, server):
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        assert server.poll() is None, "the server did not start"
        time.sleep(0.1)
    raise AssertionError("the server did not answer")


@contextlib.contextmanager
def _threads(app):
    """A thread for each request, in this process, where functions can be replaced."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_the_rush_is_planned_for_the_day_of_the_tests():
    assert builders.at(7) > NOW
