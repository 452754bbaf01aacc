"""Requests of the last hours that wait for a person, of both authority classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from booking import appointments, holds, screenings
from booking.actors import PATIENT, staff_actor
from booking.clock import local_day
from booking.demo.people import Person
from booking.diary import calendar
from booking.errors import BookingError
from booking.models.appointment import Hold
from booking.models.clinic import Site

RECEPTION = staff_actor("Robin Reception", 0, ["reception"])
CLINICIAN = staff_actor("Dr Amara Okafor", 0, ["clinician"])
ASKED_AGO = timedelta(hours=2)
BOOKED_EARLIER = timedelta(days=6)
# The clinic may be closed on the wished day and the days after it.
MOST_TRIES = 6


@dataclass(frozen=True)
class Wish:
    """A visit so many days ahead that raises a hold.

    `before` dates an answer by so many days before the visit. `released`: with this
    reason somebody has released it since. `later`: booked as clear last week, and what
    stands against it was only told now.
    """

    person: Person
    treatment: str
    ahead: int
    answers: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    released: str = ""
    later: bool = False


WISHES = (
    # For reception to decide.
    Wish(Person(500), "microneedling", 4, before={"last_facial": 12}),
    Wish(Person(501), "microneedling", 5, before={"last_toxin": 20}),
    Wish(Person(502), "microneedling", 3, before={"strong_sun": 11}),
    Wish(Person(503), "superficial_peel", 7, before={"strong_sun": 13}),
    # For a clinician.
    Wish(Person(504), "microneedling", 6, {"cold_sore_history": "yes"}),
    Wish(Person(505), "filler", 5, {"blood_thinner": "yes"}),
    Wish(Person(506), "microneedling", 9, {"diabetes": "controlled"}),
    Wish(Person(507), "prp", 8, {"keloid_tendency": "unsure"}),
    Wish(Person(510), "microneedling", 3, {"cold_sore_history": "yes"}, later=True),
    # Decided already.
    Wish(
        Person(508),
        "microneedling",
        7,
        before={"last_toxin": 24},
        released="date_corrected",
    ),
    Wish(
        Person(509),
        "rf_microneedling",
        10,
        {"cold_sore_history": "yes"},
        released="cleared_by_clinician",
    ),
)


def add_holds(site: Site, *, now: datetime) -> None:
    """Ask online for every wish, and release those that are to be released."""
    for wish in WISHES:
        asked_at = now - ASKED_AGO
        first_day = local_day(asked_at, site.timezone) + timedelta(days=wish.ahead)
        for more in range(MOST_TRIES):
            day = first_day + timedelta(days=more)
            if _add_hold(site, wish, day, now=asked_at):
                break


def _add_hold(site: Site, wish: Wish, day: date, *, now: datetime) -> bool:
    """Ask for a free slot of *day*; whether there was one."""
    dated = {
        question: (day - timedelta(days=before)).isoformat()
        for question, before in wish.before.items()
    }
    told = {**wish.answers, **dated}
    booked_at = now - BOOKED_EARLIER if wish.later else now
    booked = _book(site, wish, day, {} if wish.later else told, now=booked_at)
    if booked is None:
        return False
    appointments.check_records(booked.appointment.id, now=booked_at)
    if wish.later:
        appointments.change_answers(booked.appointment, told, now=now, actor=PATIENT)
        appointments.check_records(booked.appointment.id, now=now)
    if wish.released and booked.hold is not None:
        release(booked.hold, reason=wish.released, now=now + ASKED_AGO / 2)
    return True


def _book(
    site: Site, wish: Wish, day: date, told: Mapping[str, str], *, now: datetime
) -> appointments.Booked | None:
    known = wish.person.clear_answers(site, wish.treatment, "face")
    screened = screenings.screen(
        site=site,
        treatment=wish.treatment,
        area="face",
        answers={**known, **told},
        now=now,
    )
    (found,) = calendar.days(
        site, wish.treatment, screened.clearance, first_day=day, days=1, now=now
    )
    if found.verdict != ("hold" if told else "clear") or not found.slots:
        return None
    slot = found.slots[len(found.slots) // 2]
    return appointments.book(
        screened.screening,
        slot.start,
        slot.practitioner,
        wish.person.contact,
        now=now,
        source="online",
    )


def release(hold: Hold, *, reason: str, now: datetime) -> None:
    """Let somebody with the authority release a hold."""
    actor = RECEPTION if holds.can_release(hold, RECEPTION) else CLINICIAN
    holds.release(hold, now=now, actor=actor, reason=reason)


def release_or_decline(hold: Hold, *, now: datetime) -> bool:
    """Decide a hold of the past as somebody would have; whether the visit stands."""
    try:
        release(hold, reason="cleared_by_clinician", now=now)
    except BookingError:
        holds.decline(hold, now=now, actor=RECEPTION, reason="unsafe")
        return False
    return True
