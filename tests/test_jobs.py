"""The worker's jobs: each one isolated, and all of them going on after a failure."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text

from booking import jobs
from booking.db import db
from booking.messages import plan
from booking.models import Appointment, AuditEvent, Heartbeat
from tests.booking.mailing import make_visit
from tests.builders import at, book, make_clinic
from tests.clock import NOW


@contextlib.contextmanager
def away(app, table):
    """While the database lacks a table, everything that asks for it fails."""
    try:
        _rename(app, table, f"{table}_away")
        yield
    finally:
        _rename(app, f"{table}_away", table)


def _rename(app, old, new):
    with app.app_context():
        db.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
        db.session.commit()


def test_one_tick_does_everything_that_is_due(app, session):
    site = make_clinic()
    visit = book(site, at(7), checked=False).appointment

    done = jobs.tick_once(app)

    assert None not in done.values()
    assert done["dispatch"] == 2
    session.expire_all()
    assert session.get(Appointment, visit.id).records_checked_at == NOW
    assert session.query(AuditEvent).filter_by(position=None).count() == 0
    assert [beat.at for beat in session.query(Heartbeat)] == [NOW]


def test_a_job_that_fails_does_not_stop_the_others(app, caplog):
    with app.app_context():
        visit = make_visit(make_clinic(), NOW + timedelta(days=60))
        plan.follow(visit, "confirmed", now=NOW)
        db.session.commit()

    with away(app, "heartbeat"):
        done = jobs.tick_once(app)

    assert done["heartbeat"] is None
    assert done["dispatch"] == 1
    assert '"job": "heartbeat"' in caplog.text


def test_nothing_that_a_job_logs_names_a_patient(app, caplog):
    caplog.set_level(logging.INFO)
    with app.app_context():
        visit = make_visit(make_clinic(), NOW + timedelta(days=60))
        visit.patient.email = "ädä@example.com"
        plan.follow(visit, "confirmed", now=NOW)
        db.session.commit()

    jobs.tick_once(app)

    assert '"failed": 1' in caplog.text
    for word in ("Ada", "ädä", "example.com", "microneedling"):
        assert word not in caplog.text


def test_the_worker_goes_on_when_the_database_returns(app):
    with app.app_context():
        visit = make_visit(make_clinic(), NOW + timedelta(days=60))
        plan.follow(visit, "confirmed", now=NOW)
        db.session.commit()

    with away(app, "message"):
        assert jobs.tick_once(app)["dispatch"] is None

    assert jobs.tick_once(app)["dispatch"] == 1


def test_heartbeats_of_former_workers_are_forgotten(app, session):
    session.add(Heartbeat(name="gone:1", at=NOW - timedelta(days=2)))
    session.commit()

    jobs.tick_once(app)

    session.rollback()
    assert "gone:1" not in [beat.name for beat in session.query(Heartbeat)]


@pytest.mark.serial
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_command_stops_when_asked(app, how):
    environment = {
        **os.environ,
        "CLEARSLOT_DATA": str(app.config["DATA"]),
        "CLEARSLOT_DATABASE_URL": app.config["DATABASE_URL"],
        "CLEARSLOT_SECRET_KEY": app.config["SECRET_KEY"],
        "CLEARSLOT_INDEX_KEY": app.config["INDEX_KEY"],
        "CLEARSLOT_FIELD_KEYS": ",".join(app.config["FIELD_KEYS"]),
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True
    ) as worker:
        started = worker.stderr.readline()
        worker.send_signal(how)
        rest = worker.stderr.read()
        assert worker.wait(30) == 0

    assert "worker.started" in started
    assert "worker.stopped" in rest
    assert "Traceback" not in rest
