"""What a mail says: the values its template is filled with.

Everything here is neutral, but for `steps`: these name what to do before and after the
treatment, and are filled only if the patient chose to get the details by mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking import gate, links, rulebooks, screenings
from booking.clock import local_day
from booking.courses import sessions
from booking.db import db
from booking.diary import calendar
from booking.messages import letterhead, plan
from booking.messages.kinds import CHECKIN_AGAIN, COURSE, PREP_LATE
from booking.models.appointment import Appointment, Hold, HoldState, Move, Status
from booking.models.clinic import Site, Treatment
from booking.models.message import Message
from screening import Clearance, RedFlag, Rulebook

_ANSWERED_BY = ("held", "reheld", "staff_hold")
_AFTER = ("aftercare", "checkin")
_DETAILED = ("prep", "recheck", *_AFTER)


@dataclass(frozen=True)
class Advice:
    """One step as the patient reads it."""

    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A session of a course in the mail about all of them."""

    when: str
    link: str
    is_held: bool


def spoken_day(day: date) -> str:
    """Wednesday 3 March 2027."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def spoken(instant: datetime, zone: ZoneInfo) -> str:
    """Wednesday 3 March 2027 at 10:00 GMT: with the zone, on the site's clock."""
    local = instant.astimezone(zone)
    name = local.tzname() or ""
    if not name.isalpha():
        name = f"UTC{name}"
    return f"{spoken_day(local.date())} at {local:%H:%M} {name}"


def context(message: Message, kind: str, *, now: datetime) -> dict[str, Any]:
    """The values for the templates of *kind*."""
    appointment = message.appointment
    site = db.session.get_one(Site, appointment.site_id)
    zone = ZoneInfo(site.timezone)
    base = letterhead.current().base_url
    hold = _open_hold(appointment) if kind in _ANSWERED_BY else None
    values: dict[str, Any] = {
        "site": site,
        "base": base,
        "queue": f"{base}/desk/holds",
        "name": "",
        "patient": "",
        "when": spoken(appointment.starts_at, zone),
        "by_answer": hold is not None and hold.owner == "answer" and not hold.neutral,
        "decide_by": spoken(hold.decide_by, zone) if hold else None,
        "silent": hold is not None and _waits_for_silence(hold),
        "late": message.step == PREP_LATE,
        "steps": [],
        "flags": [],
        "slots": [],
        "first_day": None,
        "was": _was(appointment, zone) if kind == "moved" else None,
    }
    if message.audience == "patient" and appointment.patient:
        values["name"] = appointment.addressee
        if appointment.proxy is not None:
            values["patient"] = appointment.patient.name
        values["link"] = f"{base}/visit/{links.mailed_token(appointment)}"
        for name in ("care", "change", "check", "again", "problem"):
            values[name] = f"{values['link']}/{name}"
        values["checkin"] = f"{values['link']}/checkin/{_asked_by(message, site)}"
    if kind in _DETAILED and appointment.details_by_mail:
        values["steps"] = advice(message, site)
        if kind in _AFTER:
            values["flags"] = _flags(appointment, site)
    if kind == COURSE:
        values["sessions"] = _sessions(appointment, zone, base)
    return values | _next_times(appointment, kind, site, now=now)


def _was(appointment: Appointment, zone: ZoneInfo) -> str | None:
    """When it was to be before: whoever has several visits asks which one moved."""
    moves = select(Move).where(Move.appointment_id == appointment.id)
    last = db.session.scalar(moves.order_by(Move.id.desc()).limit(1))
    return spoken(last.starts_at, zone) if last else None


def _next_times(
    appointment: Appointment, kind: str, site: Site, *, now: datetime
) -> dict[str, Any]:
    """Where to go on from a visit that does not take place as it is."""
    if kind == "expired":
        told = screenings.clearance_of(appointment.screening)
        first_day = None
    elif kind == "rescreen_refused":
        # It goes to the address on file only: what we know may count.
        told = _clearance(appointment, site, now)
        first_day = _first_day(told, site, now)
    else:
        return {}
    starts = _next(appointment, site, told, now)
    zone = ZoneInfo(site.timezone)
    return {"first_day": first_day, "slots": [spoken(start, zone) for start in starts]}


def _asked_by(message: Message, site: Site) -> str:
    """The check-in that a mail's link answers; a repeat asks the same once more."""
    if message.step == CHECKIN_AGAIN:
        return rulebooks.current(site).unanswered.step
    return message.step


def _sessions(appointment: Appointment, zone: ZoneInfo, base: str) -> list[Told]:
    return [
        Told(
            when=spoken(visit.starts_at, zone),
            link=f"{base}/visit/{links.mailed_token(visit)}",
            is_held=visit.status == Status.HELD,
        )
        for visit in sessions.told_of(appointment)
    ]


def advice(message: Message, site: Site) -> list[Advice]:
    """The steps that this message tells, their texts filled in."""
    appointment, rulebook = message.appointment, rulebooks.current(site)
    steps = plan.gathered(message, rulebook.plan(appointment.treatment))
    values = placeholders(appointment, site, rulebook)
    return [
        Advice(step.title, tuple(filled(text.text, values) for text in step.texts))
        for step in steps
    ]


def _flags(appointment: Appointment, site: Site) -> list[RedFlag]:
    """The signs that need help after this treatment, in the rulebook's order."""
    flags = rulebooks.current(site).red_flags(appointment.treatment)
    return [flag for flag in flags if flag.action != "none"]


def placeholders(
    appointment: Appointment, site: Site, rulebook: Rulebook
) -> dict[str, str]:
    treatment = appointment.treatment
    again = local_day(appointment.starts_at, site.timezone) + timedelta(
        days=rulebook.interval(treatment, treatment)
    )
    stored = db.session.get(Treatment, treatment)
    minutes = sum(
        phase["minutes"]
        for phase in (stored.phases if stored else [])
        if "numb" in phase["name"].lower()
    )
    return {"{next_date}": spoken_day(again), "{numbing_minutes}": str(minutes)}


def filled(text: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _open_hold(appointment: Appointment) -> Hold | None:
    return db.session.scalar(
        select(Hold).where(
            Hold.appointment_id == appointment.id, Hold.state == HoldState.OPEN
        )
    )


def _waits_for_silence(hold: Hold) -> bool:
    return any(window.rule == "R-75" for window in gate.thaw(hold.windows))


def _clearance(appointment: Appointment, site: Site, now: datetime) -> Clearance:
    return gate.clearance_for(
        site,
        appointment.treatment,
        appointment.area,
        appointment.screening.answers,
        given_on=appointment.screening.given_on,
        now=now,
        patient_id=appointment.patient_id,
        ignoring=appointment.id,
    )


def _next(
    appointment: Appointment, site: Site, clearance: Clearance, now: datetime
) -> list[datetime]:
    slots = calendar.first_safe(
        site,
        appointment.treatment,
        clearance,
        now=now,
        first_visit=appointment.first_visit,
    )
    return [slot.start for slot in slots]


def _first_day(clearance: Clearance, site: Site, now: datetime) -> str | None:
    day = clearance.first_clear_day(local_day(now, site.timezone))
    return spoken_day(day) if day else None
