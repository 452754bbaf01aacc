"""One course under way: its first visit is done, the others are to come."""

from __future__ import annotations

from datetime import datetime, timedelta

from booking import appointments, screenings
from booking.courses import bookings, proposals
from booking.courses.places import Place
from booking.courses.proposals import Asker, Wish
from booking.demo.holds import CLINICIAN, RECEPTION
from booking.demo.people import Person
from booking.models.clinic import Site

SOMEBODY = Person(511)
TREATMENT, AREA = "microneedling", "face"
BOOKED_AGO = timedelta(days=24)
SESSIONS = 4


def add_course(site: Site, *, now: datetime) -> None:
    """Planned some weeks ago as the desk would, and begun since."""
    booked_at = now - BOOKED_AGO
    screened = screenings.screen(
        site=site,
        treatment=TREATMENT,
        area=AREA,
        answers=SOMEBODY.clear_answers(site, TREATMENT, AREA),
        now=booked_at,
        answered_by="staff",
    )
    slots = proposals.propose(
        site, screened.clearance, Wish(SESSIONS), Asker(staff=True), now=booked_at
    )
    booked = bookings.book_at_desk(
        screened.screening,
        [Place(slot.start, slot.practitioner) for slot in slots],
        SOMEBODY.contact,
        now=booked_at,
        actor=RECEPTION,
    )
    first = booked.first
    if first.ends_at < now:
        appointments.arrive(first, now=first.starts_at, actor=RECEPTION)
        appointments.complete(
            first, now=first.ends_at, actor=CLINICIAN, depth_mm=1.0, lot="LOT-2204"
        )
