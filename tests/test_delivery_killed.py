"""Workers killed in the middle of their work: nothing is lost, copies are identical."""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.clock import utc_now
from booking.db import db
from booking.messages import plan
from booking.models import Message, Site
from tests.booking.mailing import make_visit, parsed
from tests.builders import make_clinic
from tests.smtp_sink import SmtpSink, listening

pytestmark = pytest.mark.serial

KILLS = 20
MAILS = 180
PATIENCE = 60


@pytest.fixture
def sink():
    with listening(SmtpSink(pause=0.004)) as sink:
        yield sink


@pytest.fixture
def workers(app, sink):
    """Starts real workers, one for each call; it gives their process id."""
    environment = {
        **os.environ,
        "CLEARSLOT_DATA": str(app.config["DATA"]),
        "CLEARSLOT_DATABASE_URL": app.config["DATABASE_URL"],
        "CLEARSLOT_MAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "CLEARSLOT_SECRET_KEY": app.config["SECRET_KEY"],
        "CLEARSLOT_INDEX_KEY": app.config["INDEX_KEY"],
        "CLEARSLOT_FIELD_KEYS": ",".join(app.config["FIELD_KEYS"]),
    }
    started = []
    plan_mails(app, 1)  # for the nursery itself: what it has done once is quick later
    with subprocess.Popen(
        [sys.executable, "-m", "tests.delivery_worker"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as nursery:
        assert nursery.stdout.readline() == "ready\n"
        assert len(sink.received) == 1
        sink.received.clear()

        def start(*, lease=30):
            nursery.stdin.write(f"{lease}\n")
            nursery.stdin.flush()
            started.append(int(nursery.stdout.readline()))
            return started[-1]

        yield start
        nursery.stdin.close()
        for pid in started:
            _end(pid, signal.SIGKILL)
        nursery.wait(PATIENCE)


def plan_mails(app, count):
    """So many visits far ahead, each with a confirmation that is due now."""
    now = utc_now()
    with app.app_context():
        site = db.session.scalars(select(Site)).first() or make_clinic()
        for number in range(count):
            starts_at = now + timedelta(days=90, hours=number)
            plan.follow(make_visit(site, starts_at), "confirmed", now=now)
        db.session.commit()


def unsent(app):
    with app.app_context():
        rows = db.session.query(Message).filter(Message.due_at <= utc_now())
        return rows.filter(Message.state != "sent").count()


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "took too long"
        time.sleep(0.01)


def wait_for_more(sink):
    before = len(sink.received)
    wait_for(lambda: len(sink.received) > before)


def copies(sink):
    """How often each Message-ID arrived; checks that its copies are the same."""
    bodies = collections.defaultdict(list)
    for body in sink.received:
        bodies[parsed(body)["Message-ID"]].append(body)
    assert all(len(set(same)) == 1 for same in bodies.values())
    return {name: len(same) for name, same in bodies.items()}


def test_workers_killed_at_random_lose_nothing(app, sink, workers):
    plan_mails(app, MAILS)
    chance = random.Random(20270303)
    for _ in range(KILLS):
        worker = workers(lease=1)
        wait_for_more(sink)
        time.sleep(chance.uniform(0, 0.05))
        _end(worker, signal.SIGKILL)
        assert unsent(app), "too few mails to be killed among"
    workers(lease=1)
    wait_for(lambda: not unsent(app))

    arrived = copies(sink)
    assert len(arrived) == MAILS
    assert sum(arrived.values()) - MAILS <= KILLS


def test_two_workers_share_the_work(app, sink, workers):
    plan_mails(app, 80)

    workers()
    workers()
    wait_for(lambda: not unsent(app))

    assert list(copies(sink).values()) == [1] * 80


def test_a_worker_asked_to_stop_finishes_the_mail_in_hand(app, sink, workers):
    plan_mails(app, 60)
    worker = workers()
    wait_for(lambda: len(sink.received) > 5)

    _end(worker, signal.SIGTERM)

    sent = 60 - unsent(app)
    assert 5 < sent < 60
    assert list(copies(sink).values()) == [1] * sent


def _end(pid, how):
    """Send the signal and wait until the process is gone."""
    try:
        os.kill(pid, how)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.005)
    except ProcessLookupError:
        return
    raise AssertionError(f"{pid} did not end")
