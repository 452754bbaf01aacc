"""A practitioner, room or device is away for a while; why is for staff alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking.actors import Actor
from booking.db import db
from booking.diary import cells
from booking.errors import InvalidRequest, NotFound, Problems
from booking.models.clinic import Absence, Resource, Site
from booking.opening import changing, spans
from booking.opening.changing import Agreed


@dataclass(frozen=True)
class Typed:
    """An absence as it was typed; without times it lasts for whole days."""

    who: str
    first_day: str
    first_time: str
    last_day: str
    last_time: str
    reason: str


def ahead(site: Site, *, now: datetime) -> Sequence[tuple[Absence, Resource]]:
    """The absences that are not over, the nearest first."""
    rows = db.session.execute(
        select(Absence, Resource)
        .join(Resource, Resource.id == Absence.resource_id)
        .where(
            Resource.site_id == site.id,
            Absence.until_cell > (now - cells.EPOCH) // cells.CELL,
        )
        .order_by(Absence.first_cell, Absence.id)
    )
    return [(absence, resource) for absence, resource in rows]


def add(
    site: Site, typed: Typed, *, agreed: Agreed, actor: Actor, now: datetime
) -> int:
    """Put an absence down; how many visits became tasks. InvalidRequest names the
    field."""
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    problems = Problems()
    resource = changing.find_resource(site, typed.who)
    if resource is None:
        raise InvalidRequest.of("who", "Choose who or what is away.")
    first, until = _span(site, typed, problems, now=now)
    reason = spans.read_line(typed.reason, "reason", problems)
    problems.raise_if_any()
    other = db.session.scalar(
        select(Absence.id).where(
            Absence.resource_id == resource.id,
            Absence.first_cell < until,
            Absence.until_cell > first,
        )
    )
    if other is not None:
        raise InvalidRequest.of(
            "first_day", f"{resource.name} is away in this time already."
        )
    absence = Absence(
        resource_id=resource.id,
        first_cell=first,
        until_cell=until,
        reason=reason or None,
    )
    db.session.add(absence)
    db.session.flush()
    return changing.finish(begun, "absence", absence, _detail(absence), agreed)


def end(
    site: Site, absence_id: int, *, agreed: Agreed, actor: Actor, now: datetime
) -> int:
    """Back from now on, or not away at all if it has not begun; NotFound if it is over
    already."""
    begun = changing.begin(site, actor=actor, now=now)
    open_ones = {absence.id: absence for absence, _ in ahead(begun.site, now=now)}
    absence = open_ones.get(absence_id)
    if absence is None:
        raise NotFound("This absence is over, or somebody has ended it already.")
    detail = _detail(absence)
    this = (now - cells.EPOCH) // cells.CELL
    if absence.first_cell < this:
        absence.until_cell = this
    else:
        db.session.delete(absence)
    return changing.finish(begun, "absence.end", absence, detail, agreed)


def _span(
    site: Site, typed: Typed, problems: Problems, *, now: datetime
) -> tuple[int, int]:
    """Its first cell and the cell after its last."""
    zone = site.timezone
    days = [
        spans.read_day(text, name, problems, now=now, zone=zone)
        for name, text in (("first_day", typed.first_day), ("last_day", typed.last_day))
    ]
    opens = spans.read_clock(typed.first_time, "first_time", problems) or time()
    closes = spans.read_clock(typed.last_time, "last_time", problems) or time()
    if problems.found:
        return 0, 1
    first = _first_cell(site, days[0], opens)
    until = cells.local_span(ZoneInfo(zone), days[1], time(), closes)[1]
    if until <= first:
        problems.add(
            "last_day" if days[1] < days[0] else "last_time",
            "This ends before it begins.",
        )
    elif cells.instant_of(until) <= now:
        problems.add("last_time", "This is over already. Give a later end.")
    return first, until


def _first_cell(site: Site, day: date, opens: time) -> int:
    return cells.local_span(ZoneInfo(site.timezone), day, opens, time())[0]


def _detail(absence: Absence) -> dict[str, object]:
    return {
        "who": absence.resource_id,
        "from": cells.instant_of(absence.first_cell).isoformat(),
        "until": cells.instant_of(absence.until_cell).isoformat(),
        "reason": absence.reason,
    }
