"""Whatever happens, in whatever order: I-1, I-2, I-5 and I-7 stand after every step."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import select

from booking.db import db
from booking.messages.mail import Letter
from booking.models import Claim, Message, overlap
from tests.booking import history_judges as judges
from tests.booking.histories import History
from tests.builders import BOB, at, book, book_at_desk, make_clinic
from tests.clock import NOW

HISTORIES, STEPS = 50, 50
"""On each engine."""
HAPPENS = (
    "done: accept",
    "done: answer",
    "done: book a course",
    "done: book at desk",
    "done: book online",
    "done: cancel",
    "done: complete",
    "done: decline",
    "done: join",
    "done: loosen",
    "done: move",
    "done: no-show",
    "done: record",
    "done: release",
    "done: reserve",
    "done: symptom",
    "done: tighten",
    "done: withdraw",
    "cleared",
    "reheld",
    "rescreen_refused",
    "symptom.clear",
    "waitlist.expire",
    "waitlist.offer",
    "mails",
)


@pytest.mark.usefixtures("session")
def test_no_history_breaks_what_must_always_be_true(database):
    done: Counter[str] = Counter()

    run_state_machine_as_test(
        lambda: History(database, done),
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
            database=None,
            # To shrink a history takes minutes, and its steps are told anyway.
            phases=[Phase.generate],
        ),
    )

    assert done["steps"] >= HISTORIES * STEPS
    assert [kind for kind in HAPPENS if not done[kind]] == []


def test_the_judge_sees_two_visits_in_one_room(session):
    site = make_clinic()
    first = book_at_desk(site, at(5)).appointment
    other = book_at_desk(site, at(6), contact=BOB).appointment
    overlap.remove(session.connection())
    taken = session.scalars(
        select(Claim).where(
            Claim.appointment_id == first.id, Claim.resource_id.is_not(None)
        )
    ).first()
    session.add(
        Claim(
            appointment_id=other.id,
            resource_id=taken.resource_id,
            first_cell=taken.first_cell,
            until_cell=taken.until_cell,
            live=True,
        )
    )
    session.flush()

    found = judges.double_bookings()

    session.rollback()
    assert len(found) == 1


def test_the_judge_sees_who_is_confirmed_in_a_window(session):
    site = make_clinic()
    visit = book(site, at(6), cold_sore_history="yes").appointment
    assert judges.unsafe(judges.read(site, NOW)) == []

    visit = session.get(type(visit), visit.id)
    visit.status = "confirmed"
    session.commit()

    faults = judges.unsafe(judges.read(site, NOW))
    assert faults == [f"visit {visit.id} is confirmed in R-09"]


def test_the_judge_sees_what_is_held_for_nothing_or_not_held(session):
    site = make_clinic()
    clear = book_at_desk(site, at(6)).appointment
    session.query(judges.Rescreening).delete()
    session.commit()
    assert judges.out_of_line(judges.read(site, NOW)) == []

    clear = session.get(type(clear), clear.id)
    clear.status = "held"
    session.commit()

    assert judges.out_of_line(judges.read(site, NOW)) != []


def test_the_judge_sees_a_mail_that_leaves_twice_or_for_nothing(session):
    site = make_clinic()
    visit = book_at_desk(site, at(6)).appointment
    row = session.scalars(select(Message).where(Message.step == "confirmed")).one()
    row.message_id = "<one@clinic.example>"
    session.commit()
    post, letter = judges.Post(), Letter(row.message_id, "ada@example.com", b"")
    post.send(letter)
    assert post.faults == []

    post.send(letter)
    visit = session.get(type(visit), visit.id)
    visit.status = "cancelled"
    db.session.commit()
    post.send(Letter(row.message_id, "ada@example.com", b""))

    assert "<one@clinic.example> has left before" in post.faults
    assert "confirmed leaves for a visit that is cancelled" in post.faults
