"""Records tell nobody but their owner (I-9b)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from booking import links
from booking.db import db
from booking.models import Appointment
from tests import builders
from tests.builders import at

ADA = {"name": "Ada Fair", "email": "ada@example.com"}
STRANGER = {"name": "Ada Fair", "email": "stranger@example.com"}
NEUTRAL = "We need to check something with you."


@pytest.fixture
def known(site, clock):
    """Ada is on file: a medium peel ten days ago, which stands against needling."""
    before = clock.now - timedelta(days=10)
    booked = builders.book_at_desk(
        site,
        before.replace(hour=12),
        treatment="medium_peel",
        now=before,
        practitioner=1,
    )
    builders.complete(booked.appointment)
    db.session.commit()


def _shape(answer):
    return answer.status_code, sorted(answer.json), dict(answer.headers).keys()


def test_the_answer_is_the_same_whether_there_is_a_record_or_not(api, known):
    mine = api.book(api.clearance(), at(7), practitioner=1, patient=ADA)
    other = api.book(api.clearance(), at(7), practitioner=2, patient=STRANGER)

    assert _shape(mine) == _shape(other)
    assert mine.status_code == 201
    assert mine.json["notices"] == other.json["notices"]


def test_a_record_is_not_asked_before_the_answer_is_sent(api, known, client):
    def statements(patient, practitioner):
        body = api.booking(api.clearance(), at(7), patient=patient)
        body["practitioner"] = practitioner
        seen = []
        event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
        answer = client.post(
            "/api/v1/appointments",
            json=body,
            headers={"Idempotency-Key": "k" * practitioner},
        )
        sent = list(seen)
        answer.close()
        assert len(seen) > len(sent)
        return sent

    mine, other = statements(ADA, 1), statements(STRANGER, 2)

    assert mine == other[: len(mine)]
    assert not any("FROM record" in statement for statement in mine)


def test_an_objection_of_the_records_holds_the_visit_in_neutral_words(api, known):
    token = api.book(api.clearance(), at(7), patient=ADA).json["token"]

    found = api.get(f"/appointments/{token}").json

    assert found["status"] == "held"
    assert found["reasons"] == [NEUTRAL]


def test_without_a_record_the_visit_stays_confirmed(api, known):
    token = api.book(api.clearance(), at(7), patient=STRANGER).json["token"]

    assert api.get(f"/appointments/{token}").json["status"] == "confirmed"


def test_another_birth_date_matches_no_record(api, known):
    clearance = api.clearance(date_of_birth="1991-05-17")
    token = api.book(clearance, at(7), patient=ADA).json["token"]

    assert api.get(f"/appointments/{token}").json["status"] == "confirmed"


def test_a_new_answer_shows_windows_of_answers_only(api, known):
    token = api.book(api.clearance(), at(7), patient=ADA).json["token"]

    found = api.post(
        f"/appointments/{token}/answers", {"answers": {"last_facial": "2027-03-02"}}
    ).json

    assert {one["rule"] for one in found["windows"]} == {"R-60"}
    assert found["first_clear_day"] == "2027-03-16"


def test_the_owner_is_told_through_the_mailed_link(api, known, session):
    api.book(api.clearance(), at(7), patient=ADA)
    visit = session.query(Appointment).order_by(Appointment.id.desc()).first()
    mailed = links.mailed_token(visit)

    found = api.post(f"/appointments/{mailed}/answers", {"answers": {}}).json

    assert found["status"] == "held"
    assert found["windows"]
    assert found["first_clear_day"] > "2027-03-10"


def test_the_token_shown_at_booking_never_tells_even_later(api, known, session):
    token = api.book(api.clearance(), at(7), patient=ADA).json["token"]
    visit = session.query(Appointment).order_by(Appointment.id.desc()).first()
    mailed = links.mailed_token(visit)
    api.post(f"/appointments/{mailed}/answers", {"answers": {"last_facial": "never"}})

    shown = api.get(f"/appointments/{token}").json
    told = api.post(f"/appointments/{token}/answers", {"answers": {}})

    assert (shown["reasons"], shown["notices"]) == ([NEUTRAL], [])
    assert (told.status_code, told.json["code"]) == (403, "not_allowed")


def test_a_patients_time_is_no_oracle_for_other_bookings(api, site):
    """Two visits of one person at one time: the second is answered like any other."""
    first = api.book(api.clearance(), at(7), practitioner=1, patient=ADA)
    second = api.book(api.clearance(), at(7), practitioner=2, patient=ADA)

    assert (first.status_code, second.status_code) == (201, 201)
    shown = api.get(f"/appointments/{second.json['token']}").json
    assert (shown["status"], shown["reasons"]) == ("held", [NEUTRAL])
