"""A small clinic and its people for the tests: valid and boring unless a test says
otherwise.

Cleo and Dan treat; Ada is the patient, Bob another one. All need an application
context.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import screening
from booking import accounts, appointments, rulebooks, screenings
from booking.actors import staff_actor
from booking.demo.clinic import add_clinic
from booking.models import Site
from booking.patients import Contact
from tests.clock import NOW

BIRTH = "1990-05-17"
ADA = Contact(name="Ada Fair", email="ada@example.com", phone="020 7946 0001")
BOB = Contact(name="Bob Quill", email="bob@example.com")
RECEPTION = staff_actor("Robin", 1, ["reception"])
CLINICIAN = staff_actor("Dr Cleo", 2, ["clinician"])
MANAGER = staff_actor("Max", 3, ["manager"])
SKILLS = (
    "microneedling",
    "rf_microneedling",
    "botulinum_toxin",
    "filler",
    "superficial_peel",
    "medium_peel",
    "laser",
    "ablative_laser",
    "facial",
    "waxing",
    "prp",
    "consultation",
)
TODAY = NOW.date()


def make_clinic(*, practitioners: int = 2, rooms: int = 2, **overrides) -> Site:
    """A site in London, open 09:00 to 17:00 every day of the week; committed."""
    hours = [{"days": list(range(7)), "times": ["09:00-17:00"]}]
    names = ["Cleo", "Dan", *(f"Practitioner {n}" for n in range(3, practitioners + 1))]
    site = {
        "name": "Test Clinic",
        "timezone": "Europe/London",
        "address": "1 Test Street, London",
        "phone": "020 7946 0999",
        "email": "desk@clinic.example",
        "hours": hours,
    }
    return add_clinic(
        {
            "site": site | overrides,
            "practitioners": [
                {"name": name, "skills": SKILLS, "hours": hours}
                for name in names[:practitioners]
            ],
            "rooms": [
                {
                    "name": f"Room {number + 1}",
                    "capabilities": ["treatment_room", "light_safe_room"],
                }
                for number in range(rooms)
            ],
            "devices": [{"name": "Laser", "capabilities": ["laser"]}],
        }
    )


def employ_cleo() -> None:
    """Give Dr Cleo the account of a clinician: what reception attests must name one."""
    accounts.create_staff(
        "cleo@clinic.example",
        "Dr Cleo",
        ["clinician"],
        "four words with spaces",
        now=NOW,
    )


def clear_answers(
    site: Site, treatment: str = "microneedling", area: str = "face", **changes
) -> dict:
    """Answers that raise nothing, but for *changes* (None leaves a question out)."""
    asked = screening.questionnaire(rulebooks.current(site), treatment, area)
    answers = {q.id: q.clear_answer for q in asked if q.asked_if is None}
    if "date_of_birth" in answers:
        answers["date_of_birth"] = BIRTH
    answers |= changes
    return {key: value for key, value in answers.items() if value is not None}


def screen(
    site: Site,
    treatment: str = "microneedling",
    area: str = "face",
    *,
    now: datetime = NOW,
    **changes,
) -> screenings.Screened:
    """A stored screening with clear answers, but for *changes*."""
    answers = clear_answers(site, treatment, area, **changes)
    return screenings.screen(
        site=site, treatment=treatment, area=area, answers=answers, now=now
    )


def at(day: date | int, hour: int = 10, minute: int = 0) -> datetime:
    """A wall-clock time in March (GMT, so UTC as well); *day* may count from today."""
    if isinstance(day, int):
        day = TODAY + timedelta(days=day)
    return datetime.combine(day, time(hour, minute), UTC)


def book(
    site: Site,
    start: datetime,
    *,
    contact: Contact = ADA,
    treatment: str = "microneedling",
    area: str = "face",
    practitioner: int | None = None,
    now: datetime = NOW,
    checked: bool = True,
    **changes,
) -> appointments.Booked:
    """Book online, then let the record check run, as the web does after its
    response."""
    screened = screen(site, treatment, area, now=now, **changes)
    booked = appointments.book(
        screened.screening, start, practitioner, contact, now=now, source="api"
    )
    if checked:
        appointments.check_records(booked.appointment.id, now=now)
    return booked


def book_at_desk(
    site: Site,
    start: datetime,
    *,
    contact: Contact = ADA,
    treatment: str = "microneedling",
    area: str = "face",
    practitioner: int | None = None,
    now: datetime = NOW,
    actor=RECEPTION,
    release=None,
    **changes,
) -> appointments.Booked:
    """Book for a caller, records and all."""
    screened = screen(site, treatment, area, now=now, **changes)
    return appointments.book_at_desk(
        screened.screening,
        start,
        practitioner,
        contact,
        now=now,
        actor=actor,
        release=release,
    )


def complete(appointment, *, depth_mm=1.0, lot="LOT-1"):
    """The patient came, was treated and went, at the times of the visit."""
    appointments.arrive(appointment, now=appointment.starts_at, actor=RECEPTION)
    return appointments.complete(
        appointment,
        now=appointment.ends_at,
        actor=CLINICIAN,
        depth_mm=depth_mm,
        lot=lot,
    )
