"""Moving sessions of a course together: all or none, and only to safe days."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.clock import local_day
from booking.courses import bookings, proposals, shift_proposals, shifting
from booking.courses import sessions as course_sessions
from booking.courses.places import Place
from booking.courses.proposals import Asker, Wish
from booking.courses.shifting import Target
from booking.db import db
from booking.errors import (
    BookingError,
    InvalidRequest,
    RefusedByGate,
    SessionTaken,
    TooLateToChange,
)
from booking.models import Appointment, Claim, Message
from tests.builders import (
    ADA,
    BOB,
    RECEPTION,
    at,
    book,
    book_at_desk,
    make_clinic,
    screen,
)
from tests.clock import NOW


def a_course(site, sessions=3):
    """Ada's course, 35 days apart from tomorrow on, at ten."""
    screened = screen(site)
    chosen = [Place(at(1 + 35 * n), None) for n in range(sessions)]
    done = bookings.book_at_desk(
        screened.screening, chosen, ADA, now=NOW, actor=RECEPTION
    )
    return list(done.visits)


def propose(visit, start, actor=PROVEN_PATIENT):
    return shift_proposals.propose(visit, start, now=NOW, actor=actor)


def targets(shift):
    return [
        Target(step.visit.id, Place(step.to.start, step.to.practitioner))
        for step in shift.moves
    ]


def days(session):
    session.expire_all()
    visits = session.scalars(select(Appointment).order_by(Appointment.id))
    return [local_day(visit.starts_at, "Europe/London") for visit in visits]


def apart(session):
    found = days(session)
    return [(b - a).days for a, b in zip(found, found[1:], strict=False)]


def test_a_small_move_leaves_the_rest_alone(session):
    site = make_clinic()
    visits = a_course(site)

    shift = propose(visits[1], at(38))

    assert not shift.breaks
    assert shift.moves == ()
    assert shift.can_keep


def test_a_later_move_takes_the_next_along_and_no_more(session):
    site = make_clinic()
    visits = a_course(site, 4)  # days 1, 36, 71, 106

    shift = propose(visits[1], at(45))

    assert [step.too_soon for step in shift.steps] == [True, False]
    assert [step.number for step in shift.moves] == [3]
    assert not shift.can_keep


def test_what_a_person_may_still_allow_can_be_kept(session):
    site = make_clinic()
    visits = a_course(site)

    shift = propose(visits[1], at(43))  # 28 days before the third: reception decides

    assert shift.breaks
    assert shift.can_keep


def test_an_earlier_move_may_leave_too_long_a_gap_but_is_safe(session):
    site = make_clinic()
    visits = a_course(site)
    appointments.cancel(visits[0], now=NOW, actor=RECEPTION)

    shift = propose(visits[1], at(20))

    assert shift.steps[0].too_late
    assert shift.can_keep
    assert shift.moves


@pytest.mark.parametrize("actor", [PATIENT, PROVEN_PATIENT, RECEPTION])
def test_they_move_together(session, actor):
    site = make_clinic()
    visits = a_course(site)
    shift = propose(visits[1], at(43), actor)

    shifting.move_together(
        visits[1], Place(at(43), None), targets(shift), now=NOW, actor=actor
    )

    # The third one keeps its weekday.
    assert apart(session) == [42, 35]
    moved = select(Message.step).where(
        Message.step == "moved", Message.state == "planned"
    )
    assert len(session.scalars(moved).all()) == 2
    assert course_sessions.sessions_of(shift.course, site)[2].number == 3


def test_a_session_may_go_where_another_one_leaves(session):
    site = make_clinic(practitioners=1, rooms=1)
    visits = a_course(site)
    third = visits[2].starts_at

    shifting.move_together(
        visits[1],
        Place(third, None),
        [Target(visits[2].id, Place(at(106), None))],
        now=NOW,
        actor=RECEPTION,
    )

    assert apart(session) == [70, 35]


def test_a_time_somebody_took_moves_nothing(session):
    site = make_clinic(practitioners=1, rooms=1)
    visits = a_course(site)
    shift = propose(visits[1], at(43))
    book(site, shift.moves[0].to.start, contact=BOB, treatment="consultation")
    before = days(session)[:3]

    with pytest.raises(SessionTaken, match="Nothing was moved"):
        shifting.move_together(
            visits[1],
            Place(at(43), None),
            targets(shift),
            now=NOW,
            actor=PROVEN_PATIENT,
        )

    assert days(session)[:3] == before
    live = select(Claim.id).where(Claim.appointment_id == visits[1].id, Claim.live)
    assert session.scalars(live).all()


@pytest.mark.parametrize("actor", [PATIENT, PROVEN_PATIENT, RECEPTION])
def test_keeping_the_rest_too_close_is_refused(session, actor):
    site = make_clinic()
    visits = a_course(site)

    with pytest.raises(BookingError):
        appointments.move(visits[1], at(45), None, now=NOW, actor=actor)

    assert apart(session) == [35, 35]


def test_the_rest_goes_to_clear_days_only(session):
    site = make_clinic()
    visits = a_course(site)

    with pytest.raises(RefusedByGate):
        shifting.move_together(
            visits[1],
            Place(at(40), None),
            [Target(visits[2].id, Place(at(69), None))],  # 29 days: held, not clear
            now=NOW,
            actor=RECEPTION,
        )

    assert apart(session) == [35, 35]


def test_another_visit_on_file_is_kept_away_from(session):
    site = make_clinic()
    visits = a_course(site)
    # It closes days 78 to 90 for needling; its usual weekday would be day 78.
    book_at_desk(site, at(91, 15), treatment="waxing")

    shift = propose(visits[1], at(45))

    (step,) = shift.moves
    assert at(75) <= step.to.start < at(78)


def test_no_time_for_the_rest_names_the_session(session):
    site = make_clinic()
    visits = a_course(site)
    book_at_desk(site, at(87, 15), treatment="waxing")  # closes days 74 to 93

    shift = propose(visits[1], at(45))

    assert shift.moves == ()
    assert "Session 3 has no free time from" in shift.refusal.sentence


def test_somebody_elses_visit_is_not_moved_along(session):
    site = make_clinic()
    visits = a_course(site)
    other = book(site, at(50), contact=BOB).appointment

    with pytest.raises(InvalidRequest):
        shifting.move_together(
            visits[1],
            Place(at(43), None),
            [Target(other.id, Place(at(80), None))],
            now=NOW,
            actor=PROVEN_PATIENT,
        )


def test_a_visit_too_near_to_change_stays(session):
    site = make_clinic()
    visits = a_course(site)

    with pytest.raises(TooLateToChange):
        shifting.move_together(
            visits[0],
            Place(at(10), None),
            [],
            now=at(1) - timedelta(hours=5),
            actor=PROVEN_PATIENT,
        )


def test_two_at_once_leave_the_course_whole(app, session):
    site = make_clinic()
    visits = a_course(site)
    ids = [visit.id for visit in visits]
    session.rollback()

    def attempt(day):
        with app.app_context():
            visit = db.session.get_one(Appointment, ids[1])
            try:
                shifting.move_together(
                    visit,
                    Place(at(day), None),
                    [Target(ids[2], Place(at(day + 33), None))],
                    now=NOW,
                    actor=PROVEN_PATIENT,
                )
            except SessionTaken:
                return "taken"
            return "moved"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, (37, 38, 39, 40)))

    assert "moved" in results
    assert apart(session)[1] == 33


def test_a_session_moves_as_far_ahead_as_its_course_goes(session):
    site = make_clinic(horizon_days=60)
    screened = screen(site)
    slots = proposals.propose(site, screened.clearance, Wish(3), Asker(), now=NOW)
    course = bookings.reserve(
        screened.screening,
        [Place(slot.start, slot.practitioner) for slot in slots],
        now=NOW,
    )
    done = bookings.book(course, screened.screening, ADA, now=NOW, key="k", body="b")
    last = done.visits[2]

    appointments.move(
        last, last.starts_at + timedelta(days=3), None, now=NOW, actor=PROVEN_PATIENT
    )

    assert apart(session)[1] == 38
