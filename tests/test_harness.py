"""What the other tests rely on without saying so."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from booking.models import Heartbeat
from tests import postgres

COUNT = select(func.count()).select_from(Heartbeat)


def test_no_test_reaches_another_host():
    with pytest.raises(RuntimeError, match="reached for clinic.example"):
        socket.create_connection(("clinic.example", 80))


def test_the_clock_stands_on_a_plain_wednesday(clock):
    assert clock() == datetime(2027, 3, 3, 10, 0, tzinfo=UTC)
    assert clock().strftime("%A") == "Wednesday"


@pytest.mark.parametrize("time", ["first", "second"])
def test_rows_of_one_test_do_not_reach_the_next(session, now, time):
    before = session.scalar(COUNT)

    session.add(Heartbeat(name="left behind", at=now))
    session.commit()

    assert before == 0


def test_both_engines_are_under_test(engine_name, session):
    assert session.connection().dialect.name == engine_name


def test_a_request_does_not_borrow_the_session_of_the_test(answer, session):
    assert answer(lambda: str(id(session()))) != str(id(session()))


def test_a_request_sees_what_the_test_wrote(answer, session, now):
    session.add(Heartbeat(name="just written", at=now))

    assert answer(lambda: str(session.scalar(COUNT))) == "1"


def test_the_test_sees_what_a_request_wrote(answer, session, now):
    def write():
        session.add(Heartbeat(name="from a request", at=now))
        session.commit()
        return ""

    before = session.scalar(COUNT)
    answer(write)

    assert (before, session.scalar(COUNT)) == (0, 1)


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_setting_changed_by_one_test_does_not_reach_the_next(app, tmp_path, time):
    before = app.config["BASE_URL"]

    app.config["BASE_URL"] = "http://changed.example"

    assert before == "http://127.0.0.1:5000"
    assert app.config["DATA"] == tmp_path


@pytest.fixture
def answer(make_app):
    """What the client gets from an application that answers everything so."""

    def answer(function):
        app = make_app()
        app.before_request(function)
        return app.test_client().get("/").text

    return answer


KILLED_RUN = """
import os, signal
from tests import postgres
with postgres.throwaway() as server:
    print(server.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.serial
def test_the_server_of_a_killed_run_is_stopped_by_the_next():
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    door = f"{killed.stdout.strip()}/{postgres.SOCKET}"
    left_running = _answers(door)

    with postgres.throwaway():
        pass

    assert killed.returncode == -signal.SIGKILL
    assert left_running
    assert not _answers(door)


def _answers(door: str) -> bool:
    with socket.socket(socket.AF_UNIX) as knock:
        return knock.connect_ex(door) == 0
