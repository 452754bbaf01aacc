"""I-2: whatever path is taken, nobody gets into a window without the right release.

Every way to put a person into a slot is tried against every class of window. A path may
refuse or hold; what it leaves behind in the database is then judged by `_judge`, which
knows nothing of the paths.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import appointments, freed, gate, holds, reservations, waitlist
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.clock import local_day
from booking.courses import bookings, shifting
from booking.courses.places import Place
from booking.courses.shifting import Target
from booking.db import db
from booking.errors import BookingError
from booking.models import Appointment, Hold, Site, WaitlistOffer
from booking.overrides import ReleaseNote
from screening import Authority, Verdict
from tests.builders import (
    ADA,
    CLINICIAN,
    MANAGER,
    RECEPTION,
    at,
    book,
    book_at_desk,
    employ_cleo,
    make_clinic,
    screen,
)
from tests.clock import NOW

NOTE = ReleaseNote("other", "A long enough reason for it.")
ATTESTED = ReleaseNote("cleared_by_clinician", "By phone.", "Dr Cleo, today")
DAY = 6
AFTER = 120

# What makes day six a window of each class.
WINDOWS = {
    "refuse, nobody": {"sunburn": "2027-03-02"},
    "refuse, clinician": {"last_toxin": "2027-03-01"},
    "hold, reception": {"last_toxin": "2027-02-17"},
    "hold, clinician": {"cold_sore_history": "yes"},
    "hold, answer": {"skin_infection": None},
}


def _online(site, answers):
    book(site, at(DAY), **answers)


def _reserve(site, answers):
    reservations.reserve(screen(site, **answers).screening, at(DAY), None, now=NOW)


def _redeem(site, answers):
    screening = screen(site, **answers).screening
    kept = reservations.reserve(screening, at(DAY), None, now=NOW)
    appointments.book(
        screening, at(DAY), None, ADA, now=NOW, source="online", reservation=kept
    )


def _redeem_for_worse_answers(site, answers):
    kept = reservations.reserve(screen(site).screening, at(DAY), None, now=NOW)
    worse = screen(site, **answers).screening
    appointments.book(
        worse, at(DAY), None, ADA, now=NOW, source="online", reservation=kept
    )


def _desk(site, answers):
    book_at_desk(site, at(DAY), **answers)


def _desk_release_by(actor, note):
    def path(site, answers):
        book_at_desk(site, at(DAY), actor=actor, release=note, **answers)

    return path


def _move_by(actor, note):
    def path(site, answers):
        late = at(AFTER - 20)  # after every window that ends
        visit = book(site, late, **answers).appointment
        appointments.move(visit, at(DAY), None, now=NOW, actor=actor, release=note)

    return path


def _release_by(actor, attested_by=None):
    def path(site, answers):
        hold = book(site, at(DAY), **answers).hold
        if hold is not None:
            holds.release(
                hold,
                now=NOW,
                actor=actor,
                reason=NOTE.reason,
                note=NOTE.note,
                attested_by=attested_by,
            )

    return path


def _answers_by(actor):
    def path(site, answers):
        visit = book(site, at(DAY)).appointment
        given = {key: value or "unsure" for key, value in answers.items()}
        appointments.change_answers(visit, given, now=NOW, actor=actor)

    return path


def _release_then_worse(site, answers):
    hold = book(site, at(DAY), last_toxin="2027-02-17").hold
    holds.release(hold, now=NOW, actor=RECEPTION, reason="clinic_policy")
    given = {key: value or "unsure" for key, value in answers.items()}
    appointments.change_answers(hold.appointment, given, now=NOW, actor=PATIENT)


def _waits(site, answers, *, visit=None):
    """Somebody on the list whose answers came to that after they joined."""
    wish = waitlist.Wish(at(1).date(), at(DAY + 1).date())
    if visit is None:
        entry = waitlist.join_at_desk(
            screen(site).screening, ADA, wish, now=NOW, actor=RECEPTION
        )
    else:
        entry = waitlist.join_with_visit(visit, wish, now=NOW, actor=PROVEN_PATIENT)
    _answer_worse(entry, site, answers)
    return entry


def _answer_worse(entry, site, answers):
    if entry.appointment is None:
        entry.screening_id = screen(site, **answers).screening.id
        db.session.commit()
        return
    given = {key: value or "unsure" for key, value in answers.items()}
    appointments.change_answers(entry.appointment, given, now=NOW, actor=PATIENT)


def _free_and_offer():
    freed.note(_all(Site)[0].id, at(DAY), at(DAY, 17), now=NOW)
    db.session.commit()
    waitlist.deal_with_freed(now=NOW)


def _accept_all():
    for offer in _all(WaitlistOffer):
        waitlist.accept(offer, now=NOW)


def _waitlist(site, answers):
    _waits(site, answers)
    _free_and_offer()
    _accept_all()


def _waitlist_moves(site, answers):
    visit = book_at_desk(site, at(DAY + 1)).appointment
    _waits(site, answers, visit=visit)
    _free_and_offer()
    _accept_all()


def _waitlist_then_worse(site, answers):
    """The offer is made while the day is clear, and accepted when it is not."""
    entry = _waits(site, {})
    _free_and_offer()
    _answer_worse(entry, site, answers)
    _accept_all()


def _waitlist_moves_then_worse(site, answers):
    visit = book_at_desk(site, at(DAY + 1)).appointment
    entry = _waits(site, {}, visit=visit)
    _free_and_offer()
    _answer_worse(entry, site, answers)
    _accept_all()


def _places(*days):
    return [Place(at(day), None) for day in days]


def _course_online(site, answers):
    screening = screen(site, **answers).screening
    bookings.reserve(screening, _places(DAY, 46), now=NOW)


def _course_confirmed(site, answers):
    screening = screen(site, **answers).screening
    course = bookings.reserve(screening, _places(DAY, 46), now=NOW)
    bookings.book(course, screening, ADA, now=NOW, key="k", body="b")


def _course_for_worse_answers(site, answers):
    course = bookings.reserve(screen(site).screening, _places(DAY, 46), now=NOW)
    worse = screen(site, **answers).screening
    bookings.book(course, worse, ADA, now=NOW, key="k", body="b")


def _course_too_close(site, answers):
    screening = screen(site, **answers).screening
    bookings.book_at_desk(screening, _places(100, 120), ADA, now=NOW, actor=CLINICIAN)


def _course_at_desk(site, answers):
    screening = screen(site, **answers).screening
    bookings.book_at_desk(screening, _places(DAY, 46), ADA, now=NOW, actor=RECEPTION)


def _shift_by(actor, note):
    """The second of two late sessions goes first, and the first goes along to DAY."""

    def path(site, answers):
        screening = screen(site, **answers).screening
        late = _places(100, 140)
        booked = bookings.book_at_desk(screening, late, ADA, now=NOW, actor=CLINICIAN)
        first, second = booked.visits
        target = Target(second.id, Place(at(46), None))
        shifting.move_together(
            first, Place(at(DAY), None), [target], now=NOW, actor=actor, release=note
        )

    return path


def _shift_the_rest(site, answers):
    screening = screen(site, **answers).screening
    booked = bookings.book_at_desk(
        screening, _places(100, 140), ADA, now=NOW, actor=CLINICIAN
    )
    first, second = booked.visits
    target = Target(second.id, Place(at(DAY), None))
    shifting.move_together(
        first, Place(at(101), None), [target], now=NOW, actor=RECEPTION
    )


def _owner(site, answers):
    known = book_at_desk(site, at(119), treatment="consultation").appointment
    screening = screen(site, **answers).screening
    appointments.book(
        screening,
        at(DAY),
        None,
        ADA,
        now=NOW,
        source="online",
        owner_id=known.patient_id,
    )


def _owner_against_the_records(site, answers):
    known = book_at_desk(site, at(DAY + 10)).appointment
    screening = screen(site, **answers).screening
    appointments.book(
        screening,
        at(DAY),
        None,
        ADA,
        now=NOW,
        source="online",
        owner_id=known.patient_id,
    )


def _arrive(site, answers):
    visit = book(site, at(DAY), **answers).appointment
    appointments.arrive(visit, now=at(DAY), actor=RECEPTION)


PATHS = {
    "online": _online,
    "reserve": _reserve,
    "redeem": _redeem,
    "redeem for worse answers": _redeem_for_worse_answers,
    "desk": _desk,
    "desk, released by reception": _desk_release_by(RECEPTION, NOTE),
    "desk, attested to reception": _desk_release_by(RECEPTION, ATTESTED),
    "desk, released by manager": _desk_release_by(MANAGER, NOTE),
    "desk, released by clinician": _desk_release_by(CLINICIAN, NOTE),
    "move by patient": _move_by(PATIENT, None),
    "move by reception": _move_by(RECEPTION, None),
    "move, released by reception": _move_by(RECEPTION, NOTE),
    "move, released by clinician": _move_by(CLINICIAN, NOTE),
    "release by reception": _release_by(RECEPTION),
    "release by manager": _release_by(MANAGER),
    "release by clinician": _release_by(CLINICIAN),
    "release attested": _release_by(RECEPTION, "Dr Cleo, today, by phone"),
    "answers by patient": _answers_by(PATIENT),
    "answers by staff": _answers_by(RECEPTION),
    "a release, then worse answers": _release_then_worse,
    "arrive": _arrive,
    "waitlist": _waitlist,
    "waitlist, for an earlier time": _waitlist_moves,
    "waitlist, then worse": _waitlist_then_worse,
    "waitlist, for an earlier time, then worse": _waitlist_moves_then_worse,
    "course online": _course_online,
    "course confirmed": _course_confirmed,
    "course for worse answers": _course_for_worse_answers,
    "course too close to itself": _course_too_close,
    "course at the desk": _course_at_desk,
    "shift by patient": _shift_by(PATIENT, None),
    "shift by owner": _shift_by(PROVEN_PATIENT, None),
    "shift by reception": _shift_by(RECEPTION, None),
    "shift, released by reception": _shift_by(RECEPTION, NOTE),
    "shift, released by clinician": _shift_by(CLINICIAN, NOTE),
    "shift of the rest": _shift_the_rest,
    "another visit by its owner": _owner,
    "another visit against the records": _owner_against_the_records,
}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_around_the_gate(session, path, window):
    site = make_clinic()
    employ_cleo()
    answers = WINDOWS[window]

    try:
        PATHS[path](site, answers)
    except BookingError:
        session.rollback()

    assert _judge(site) == []


@pytest.mark.parametrize(
    ("path", "window"),
    [
        ("desk, released by reception", "hold, reception"),
        ("desk, attested to reception", "hold, clinician"),
        ("desk, released by clinician", "refuse, clinician"),
        ("release by reception", "hold, reception"),
        ("release by clinician", "hold, clinician"),
        ("release attested", "hold, clinician"),
        ("move, released by clinician", "refuse, clinician"),
    ],
)
def test_the_right_release_opens_the_window(session, path, window):
    site = make_clinic()
    employ_cleo()

    PATHS[path](site, WINDOWS[window])

    assert session.scalars(select(Appointment.status)).all() == ["confirmed"]


@pytest.mark.parametrize("path", [p for p in PATHS if p.startswith("waitlist")])
def test_a_clear_day_is_offered_and_taken(session, path):
    site = make_clinic()

    PATHS[path](site, {})

    booked = session.scalars(
        select(Appointment).where(Appointment.status == "confirmed")
    )
    assert [local_day(visit.starts_at, site.timezone) for visit in booked] == [
        at(DAY).date()
    ]


def test_the_judge_sees_a_visit_that_went_around(session):
    site = make_clinic()
    visit = book(site, at(DAY), **WINDOWS["hold, clinician"]).appointment
    visit.status = "confirmed"
    session.commit()

    assert _judge(site) == ["confirmed in R-09"]


def _judge(site: Site) -> list[str]:
    """What is wrong with the visits as they stand, decided afresh."""
    return [
        fault
        for visit in _all(Appointment)
        for fault in _faults(visit, site)
        if visit.status not in ("cancelled", "declined", "expired", "no_show")
    ]


def _faults(visit: Appointment, site: Site) -> list[str]:
    clearance = gate.clearance_for(
        site,
        visit.treatment,
        visit.area,
        visit.screening.answers,
        now=NOW,
        patient_id=visit.patient_id,
        ignoring=visit.id,
    )
    day = local_day(visit.starts_at, site.timezone)
    left = gate.decide(clearance, day, gate.released_windows(visit.id)).windows
    if visit.status == "held":
        return [
            f"newly held in {w.rule}"
            for w in left
            if _asked_for(visit)
            and (w.verdict is Verdict.REFUSE or w.release_by is Authority.NOBODY)
        ]
    if visit.status == "reserved":
        left = tuple(w for w in left if w.verdict is Verdict.REFUSE)
    return [f"{visit.status} in {w.rule}" for w in left]


def _asked_for(visit: Appointment) -> bool:
    return any(
        hold.requested
        for hold in _all(Hold)
        if hold.appointment_id == visit.id and hold.state == "open"
    )


def _all(model):
    return list(db.session.scalars(select(model)))
