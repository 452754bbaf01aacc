"""Booking a course: every session past the gate, all of them or none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from booking import appointments, maintenance
from booking.clock import local_day
from booking.courses import bookings, keeping, proposals
from booking.courses import sessions as course_sessions
from booking.courses.places import Place
from booking.courses.proposals import Asker, Wish
from booking.db import db
from booking.errors import (
    BookingError,
    InvalidRequest,
    KeyReused,
    RefusedByGate,
    ReservationEnded,
    SessionTaken,
)
from booking.models import (
    Appointment,
    Claim,
    Course,
    CourseSession,
    Message,
    Patient,
    Screening,
)
from tests.builders import (
    ADA,
    BOB,
    RECEPTION,
    TODAY,
    at,
    book,
    book_at_desk,
    make_clinic,
    screen,
)
from tests.clock import NOW

LONDON = ZoneInfo("Europe/London")


def propose(site, sessions=3, *, clearance=None, **wish):
    clearance = clearance or screen(site).clearance
    asked = Wish(sessions, **wish)
    return proposals.propose(site, clearance, asked, Asker(), now=NOW)


def places(slots):
    return [Place(slot.start, slot.practitioner) for slot in slots]


def kept(site, sessions=3, **answers):
    """A screening, and a course whose times are kept for it."""
    screened = screen(site, **answers)
    slots = propose(site, sessions, clearance=screened.clearance)
    course = bookings.reserve(screened.screening, places(slots), now=NOW)
    return screened.screening, course


def booked(site, sessions=3, *, contact=ADA, checked=True):
    """Book a course online, then let the record checks run."""
    screening, course = kept(site, sessions)
    done = bookings.book(course, screening, contact, now=NOW, key="k", body="b")
    for visit in done.visits if checked else ():
        appointments.check_records(visit.id, now=NOW)
    return done


def gaps(visits):
    days = [local_day(visit.starts_at, "Europe/London") for visit in visits]
    return [(b - a).days for a, b in zip(days, days[1:], strict=False)]


def statuses(session):
    return session.scalars(select(Appointment.status).order_by(Appointment.id)).all()


def test_all_sessions_are_kept_and_confirmed_together(session):
    site = make_clinic()

    done = booked(site)

    assert statuses(session) == ["confirmed"] * 3
    assert gaps(done.visits) == [35, 35]
    assert [visit.first_visit for visit in done.visits] == [True, False, False]
    assert session.scalar(select(func.count(Course.id))) == 1
    assert (done.course.least_days, done.course.greatest_days) == (30, 42)
    # One file on the patient, whatever rows the answers came in with.
    assert session.scalar(select(func.count(Patient.id))) == 1
    assert session.scalar(select(func.count(Claim.id)).where(Claim.live)) >= 6


def test_one_mail_tells_of_all_sessions(session):
    site = make_clinic()

    done = booked(site)

    now_due = select(Message.step).where(
        Message.due_at <= NOW, Message.state == "planned"
    )
    assert sorted(session.scalars(now_due)) == ["course", "prep_late"]
    # The later ones still have their own preparation.
    for visit in done.visits[1:]:
        steps = select(Message.step).where(Message.appointment_id == visit.id)
        assert "recheck-3d" in session.scalars(steps).all()


def test_the_same_form_sent_twice_books_once(session):
    site = make_clinic()
    screening, course = kept(site)
    request = {"now": NOW, "key": "k", "body": "b"}
    first = bookings.book(course, screening, ADA, **request)

    second = bookings.book(course, screening, ADA, **request)

    assert second.replayed
    assert [v.id for v in second.visits] == [v.id for v in first.visits]
    assert session.scalar(select(func.count(Appointment.id))) == 3


def test_the_key_of_a_single_visit_books_no_course(session):
    site = make_clinic()
    single = screen(site)
    appointments.book(
        single.screening, at(10), None, BOB, now=NOW, source="api", key="k", body="b"
    )
    screening, course = kept(site)

    with pytest.raises(KeyReused):
        bookings.book(course, screening, ADA, now=NOW, key="k", body="b")


def test_a_taken_time_keeps_nothing(session):
    site = make_clinic(practitioners=1, rooms=1)
    slots = propose(site)
    book(site, slots[1].start, contact=BOB)

    with pytest.raises(SessionTaken):
        bookings.reserve(screen(site).screening, places(slots), now=NOW)

    assert statuses(session) == ["confirmed"]
    assert session.scalar(select(func.count(Course.id))) == 0


@pytest.mark.parametrize(
    "answers", [{"sunburn": "2027-03-02"}, {"cold_sore_history": "yes"}]
)
def test_online_a_course_takes_only_clear_days(session, answers):
    site = make_clinic()
    slots = propose(site)

    with pytest.raises(RefusedByGate):
        bookings.reserve(screen(site, **answers).screening, places(slots), now=NOW)

    assert statuses(session) == []


def test_sessions_too_close_to_each_other_are_refused(session):
    site = make_clinic()
    close = [Place(at(10), None), Place(at(38), None)]

    with pytest.raises(RefusedByGate) as refused:
        bookings.reserve(screen(site).screening, close, now=NOW)

    assert [window.rule for window in refused.value.extra["windows"]]
    assert statuses(session) == []


@pytest.mark.parametrize("days", [(10, 60), (60, 10), (10, 10)])
def test_sessions_out_of_order_or_too_far_apart_are_refused(session, days):
    site = make_clinic()

    with pytest.raises(InvalidRequest):
        bookings.reserve(
            screen(site).screening, [Place(at(day), None) for day in days], now=NOW
        )


def test_times_that_are_no_longer_kept_are_not_confirmed(session):
    site = make_clinic()
    screening, course = kept(site)
    late = NOW + timedelta(minutes=11)

    with pytest.raises(ReservationEnded):
        bookings.book(course, screening, ADA, now=late, key="k", body="b")

    assert statuses(session) == ["reserved"] * 3


def test_more_time_is_for_all_sessions(session):
    site = make_clinic()
    screening, course = kept(site)

    keeping.extend(course, now=NOW + timedelta(minutes=9))

    late = NOW + timedelta(minutes=18)
    assert keeping.is_kept(course, now=late)
    done = bookings.book(course, screening, ADA, now=late, key="k", body="b")
    assert {visit.status for visit in done.visits} == {"confirmed"}


def test_what_is_let_go_is_free_again(session):
    site = make_clinic(practitioners=1, rooms=1)
    _, course = kept(site)
    slots = propose(site)

    keeping.let_go(course, now=NOW)

    assert not keeping.is_kept(course, now=NOW)
    assert propose(site)[0].start < slots[0].start


def test_a_course_that_came_to_nothing_is_forgotten(session):
    site = make_clinic()
    kept(site)

    maintenance.sweep(now=NOW + timedelta(days=2))

    for model in (Course, CourseSession, Appointment):
        assert session.scalar(select(func.count()).select_from(model)) == 0


def test_a_booked_course_outlives_the_sweep(session):
    site = make_clinic()
    booked(site)

    maintenance.sweep(now=NOW + timedelta(days=2))

    assert session.scalar(select(func.count(CourseSession.id))) == 3


def test_the_records_are_asked_about_each_session(session):
    site = make_clinic()
    slots = propose(site)
    near = local_day(slots[1].start, site.timezone) - timedelta(days=10)
    known = book_at_desk(site, at(near, 15), treatment="botulinum_toxin").appointment

    done = booked(site, checked=False)
    assert statuses(session)[1:] == ["confirmed"] * 3
    for visit in done.visits:
        appointments.check_records(visit.id, now=NOW)

    session.expire_all()
    assert [visit.status for visit in done.visits] == ["confirmed", "held", "confirmed"]
    assert {visit.patient_id for visit in done.visits} == {known.patient_id}


def test_another_session_tells_of_the_course_if_the_first_is_held(session):
    site = make_clinic()
    slots = propose(site)
    near = local_day(slots[0].start, site.timezone) + timedelta(days=5)
    book_at_desk(site, at(near, 15), treatment="botulinum_toxin")

    done = booked(site)

    told = select(Message.appointment_id).where(
        Message.step == "course", Message.state == "planned"
    )
    assert session.scalars(told).all() == [done.visits[1].id]


def test_at_the_desk_a_held_day_is_held_and_the_rest_confirmed(session):
    site = make_clinic()
    screened = screen(site, last_toxin="2027-02-17")  # held until day 13
    chosen = [Place(at(6), None), Place(at(40), None), Place(at(75), None)]

    done = bookings.book_at_desk(
        screened.screening, chosen, ADA, now=NOW, actor=RECEPTION
    )

    assert [visit.status for visit in done.visits] == ["held", "confirmed", "confirmed"]


def test_at_the_desk_a_refused_day_refuses_the_course(session):
    site = make_clinic()
    screened = screen(site, sunburn="2027-03-02")

    with pytest.raises(BookingError):
        bookings.book_at_desk(
            screened.screening,
            [Place(at(6), None), Place(at(40), None)],
            ADA,
            now=NOW,
            actor=RECEPTION,
        )

    assert statuses(session) == []


def test_an_owner_is_booked_on_the_records_at_once(session):
    site = make_clinic()
    known = book_at_desk(site, at(5), treatment="facial").appointment
    screened = screen(site)
    slots = propose(
        site, from_day=TODAY + timedelta(days=40), clearance=screened.clearance
    )

    course = bookings.reserve(
        screened.screening, places(slots), now=NOW, owner_id=known.patient_id
    )
    done = bookings.book(
        course,
        screened.screening,
        ADA,
        now=NOW,
        key="k",
        body="b",
        owner_id=known.patient_id,
    )

    assert {visit.patient_id for visit in done.visits} == {known.patient_id}
    assert all(visit.proven_at and visit.records_checked_at for visit in done.visits)
    own = select(func.count(Claim.id)).where(Claim.patient_id == known.patient_id)
    assert session.scalar(own) == 4


def test_only_one_of_many_gets_a_course(app, session):
    site = make_clinic(practitioners=1, rooms=1)
    slots = propose(site)
    tokens = [screen(site).screening.id for _ in range(6)]
    session.rollback()

    def attempt(screening_id):
        with app.app_context():
            screening = db.session.get_one(Screening, screening_id)
            try:
                bookings.reserve(screening, places(slots), now=NOW)
            except SessionTaken:
                return "taken"
            return "kept"

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(attempt, tokens))

    assert results == ["kept"] + ["taken"] * 5
    assert statuses(session) == ["reserved"] * 3


def test_courses_and_single_visits_race_without_a_deadlock(app, session):
    site = make_clinic(practitioners=1, rooms=1)
    slots = propose(site)
    ids = [screen(site).screening.id for _ in range(6)]
    session.rollback()

    def attempt(job):
        number, screening_id = job
        with app.app_context():
            screening = db.session.get_one(Screening, screening_id)
            try:
                if number % 2:
                    bookings.reserve(screening, places(slots), now=NOW)
                    return "course"
                appointments.reserve(
                    screening, slots[number // 2].start, slots[0].practitioner, now=NOW
                )
            except BookingError:
                return "taken"
            return "visit"

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, enumerate(ids)))

    live = session.scalar(select(func.count(Appointment.id)))
    assert results.count("course") * 3 + results.count("visit") == live
    assert live > 0


def test_sessions_show_gaps_that_grew_too_long(session):
    site = make_clinic()
    done = booked(site)
    appointments.cancel(done.visits[1], now=NOW, actor=RECEPTION)

    shown = course_sessions.sessions_of(done.course, site)

    assert [(s.number, s.stands, s.days_after, s.too_late) for s in shown] == [
        (1, True, None, False),
        (2, False, None, False),
        (3, True, 70, True),
    ]
