"""The probes: alive, ready, and how it is doing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking.models import Heartbeat, Message
from tests import builders
from tests.builders import at


@pytest.fixture
def worker(session, now):
    session.add(Heartbeat(name="worker", at=now))
    session.commit()


def test_it_is_alive_without_anything_else(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_it_is_ready_when_everything_runs(client, worker):
    found = client.get("/readyz")

    assert found.status_code == 200
    assert found.json == {
        "status": "ok",
        "parts": {"database": "ok", "worker": "ok", "outbox": "ok"},
    }


def test_it_is_not_ready_without_a_worker(client, session):
    found = client.get("/readyz")

    assert found.status_code == 503
    assert found.json["parts"]["worker"] == "never seen"


def test_it_is_not_ready_when_the_worker_is_silent(client, worker, clock):
    clock.advance(timedelta(minutes=3))
    assert client.get("/readyz").status_code == 200

    clock.advance(timedelta(minutes=1))

    found = client.get("/readyz")
    assert found.status_code == 503
    assert found.json["parts"] == {
        "database": "ok",
        "worker": "silent for 4 minutes",
        "outbox": "ok",
    }


def test_it_is_not_ready_when_mail_is_late(client, session, clock):
    builders.book(builders.make_clinic(), at(7))
    clock.advance(timedelta(minutes=16))
    session.add(Heartbeat(name="worker", at=clock.now))

    found = client.get("/readyz")

    assert found.status_code == 503
    assert found.json["parts"]["outbox"] == "late by 16 minutes"


def test_it_is_not_ready_without_its_database(make_app, tmp_path):
    url = f"sqlite:///{tmp_path / 'nowhere' / 'clearslot.db'}"

    found = make_app(DATABASE_URL=url).test_client().get("/readyz")

    assert found.status_code == 503
    assert found.json["parts"]["database"] == "down"


def _requests(client):
    """How many requests of one kind have been counted."""
    kind = 'clearslot_requests_total{endpoint="catalogue.sites",method="GET"'
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(kind))


def test_metrics_count_what_happens(client, session, worker):
    builders.book(builders.make_clinic(), at(7), last_toxin="2027-02-20")
    before = _requests(client)
    client.get("/api/v1/sites")

    found = client.get("/metrics").text

    assert _requests(client) == before + 1
    assert 'clearslot_visits{status="held"} 1.0' in found
    assert 'clearslot_open_holds{owner="reception"} 1.0' in found
    assert "clearslot_worker_heartbeat_age_seconds 0.0" in found


def test_metrics_never_carry_a_token_of_a_patient(client, session):
    client.get("/api/v1/appointments/a-very-secret-token")

    assert "secret" not in client.get("/metrics").text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 403),
        ("203.0.113.7", {"Authorization": "Bearer the token"}, 200),
        ("203.0.113.7", {"Authorization": "Bearer another"}, 403),
        ("203.0.113.7", {"Authorization": "Bearer"}, 403),
        ("unix", {}, 403),
    ],
)
def test_metrics_are_for_this_machine_or_the_token(make_app, address, headers, status):
    client = make_app(METRICS_TOKEN="the token").test_client()

    found = client.get(
        "/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}
    )

    assert found.status_code == status


def test_without_a_token_nobody_guesses_it(make_app):
    found = (
        make_app()
        .test_client()
        .get(
            "/metrics",
            headers={"Authorization": "Bearer None"},
            environ_base={"REMOTE_ADDR": "203.0.113.7"},
        )
    )

    assert found.status_code == 403


def test_mail_that_is_not_due_is_not_late(client, worker, session):
    builders.book(builders.make_clinic(), at(30))

    planned = session.query(Message).count()

    assert planned > 1
    assert client.get("/readyz").status_code == 200
