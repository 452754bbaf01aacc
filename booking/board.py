"""One day at the desk: visits by practitioner, and what the gate says of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from booking import gate, rulebooks
from booking.clock import local_day
from booking.db import db
from booking.diary import cells, hours
from booking.models.appointment import Appointment, Hold, HoldState, Status
from booking.models.clinic import PRACTITIONER, Absence, Resource, Site
from screening import Rulebook, Verdict

ON_BOARD = (
    Status.RESERVED,
    Status.CONFIRMED,
    Status.HELD,
    Status.ARRIVED,
    Status.COMPLETED,
    Status.NO_SHOW,
)
GONE = (Status.CANCELLED, Status.DECLINED, Status.EXPIRED)


class Marker(StrEnum):
    """What the gate says of a visit at this moment."""

    CLEAR = "clear"
    RELEASED = "released"  # clear because somebody released what stood against it
    HELD = "held"
    ATTENTION = "attention"
    NONE = "none"  # over, or not booked yet: nothing is left to decide


@dataclass(frozen=True)
class Entry:
    """A visit as the board shows it. `why` says in plain words what needs attention."""

    visit: Appointment
    hold: Hold | None
    patient: str
    treatment: str
    area: str
    marker: Marker
    why: str


@dataclass(frozen=True)
class Away:
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class Column:
    """A practitioner's day: when they work, when they are away, and whom they see."""

    practitioner: Resource
    works: hours.Times
    away: tuple[Away, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Board:
    """`gone` are the visits of the day that will not take place."""

    day: date
    columns: tuple[Column, ...]
    gone: tuple[Entry, ...]

    @property
    def entries(self) -> list[Entry]:
        return [entry for column in self.columns for entry in column.entries]


def of_day(site: Site, day: date, *, now: datetime) -> Board:
    """The board of a calendar day of the site."""
    rulebook = rulebooks.current(site)
    entries = [
        entry_of(visit, site, rulebook, now=now)
        for visit in _visits(site, day, now=now)
    ]
    shown = [entry for entry in entries if entry.visit.status in ON_BOARD]
    gone = tuple(
        entry
        for entry in entries
        if entry.visit.status in GONE and entry.visit.booked_at is not None
    )
    return Board(day, tuple(_columns(site, day, shown)), gone)


def entry_of(
    visit: Appointment, site: Site, rulebook: Rulebook, *, now: datetime
) -> Entry:
    """A visit with its names and what the gate says of it now."""
    hold = next((h for h in visit.holds if h.state == HoldState.OPEN), None)
    marker, why = _marker(visit, hold, site, now=now)
    return Entry(
        visit=visit,
        hold=hold,
        patient=visit.patient.name if visit.patient else "Being booked online",
        treatment=rulebook.treatments[visit.treatment].name,
        area=rulebook.areas[visit.area].name,
        marker=marker,
        why=why,
    )


def _marker(
    visit: Appointment, hold: Hold | None, site: Site, *, now: datetime
) -> tuple[Marker, str]:
    if visit.status == Status.HELD:
        if hold is not None and hold.decide_by <= now:
            return Marker.ATTENTION, "The time to decide this hold has passed."
        return Marker.HELD, "Waits for a decision."
    over = local_day(visit.starts_at, site.timezone) < local_day(now, site.timezone)
    if visit.status not in (Status.CONFIRMED, Status.ARRIVED) or over:
        return Marker.NONE, ""
    return _verdict(visit, site, now=now)


def _verdict(visit: Appointment, site: Site, *, now: datetime) -> tuple[Marker, str]:
    clearance = gate.clearance_for(
        site,
        visit.treatment,
        visit.area,
        visit.screening.answers,
        given_on=visit.screening.given_on,
        now=now,
        patient_id=visit.patient_id,
        ignoring=visit.id,
    )
    day = local_day(visit.starts_at, site.timezone)
    released = gate.released_windows(visit.id) if visit.releases else []
    decision = gate.decide(clearance, day, released)
    if decision.verdict is not Verdict.CLEAR:
        return (
            Marker.ATTENTION,
            "Not clear, and nobody has released it. Open the visit.",
        )
    if released:
        return Marker.RELEASED, "Clear by a release."
    return Marker.CLEAR, ""


def _visits(site: Site, day: date, *, now: datetime) -> Iterable[Appointment]:
    zone = ZoneInfo(site.timezone)
    first = datetime.combine(day, time(), zone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    return db.session.scalars(
        select(Appointment)
        .where(
            Appointment.site_id == site.id,
            Appointment.starts_at >= first,
            Appointment.starts_at < until,
            Appointment.status.in_(ON_BOARD + GONE),
            or_(
                Appointment.status != Status.RESERVED, Appointment.reserved_until > now
            ),
        )
        .options(
            joinedload(Appointment.patient),
            joinedload(Appointment.screening),
            selectinload(Appointment.holds),
            selectinload(Appointment.releases),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _columns(site: Site, day: date, entries: list[Entry]) -> Iterable[Column]:
    table = hours.timetable(site, day, 1)
    away = _away(site, day)
    for resource in site.resources:
        own = tuple(e for e in entries if e.visit.practitioner_id == resource.id)
        if resource.kind == PRACTITIONER and (resource.active or own):
            works = table.times(resource.id, day)
            yield Column(resource, works, tuple(away.get(resource.id, ())), own)


def _away(site: Site, day: date) -> dict[int, list[Away]]:
    horizon = cells.Horizon(ZoneInfo(site.timezone), day, 1)
    first, until = horizon.first_cell, horizon.first_cell + horizon.cells
    rows = db.session.scalars(
        select(Absence)
        .where(
            Absence.resource_id.in_([resource.id for resource in site.resources]),
            Absence.first_cell < until,
            Absence.until_cell > first,
        )
        .order_by(Absence.first_cell)
    )
    found: dict[int, list[Away]] = {}
    for row in rows:
        away = Away(
            cells.instant_of(max(row.first_cell, first)),
            cells.instant_of(min(row.until_cell, until)),
            row.reason or "",
        )
        found.setdefault(row.resource_id, []).append(away)
    return found
