"""Other hours on one day, longer or shorter, of the clinic or of practitioners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select

from booking.actors import Actor
from booking.clock import local_day
from booking.db import db
from booking.diary import hours
from booking.diary.hours import Times
from booking.errors import NotFound, Problems
from booking.models.clinic import HoursException, Resource, Site
from booking.opening import changing, spans
from booking.opening.changing import Agreed


@dataclass(frozen=True)
class SingleDay:
    """`who` as a form names them; no times: closed that day."""

    day: date
    who: str
    name: str
    times: Times


def ahead(site: Site, *, now: datetime) -> list[SingleDay]:
    """The days with other hours from today on."""
    today = local_day(now, site.timezone)
    rows = select(HoursException).where(
        HoursException.site_id == site.id, HoursException.day >= today
    )
    found: dict[tuple[date, int | None], list] = defaultdict(list)
    for row in db.session.scalars(rows.order_by(HoursException.day, HoursException.id)):
        times = found[row.day, row.resource_id]
        if row.opens is not None and row.closes is not None:
            times.append((row.opens, row.closes))
    names = {resource.id: resource.name for resource in site.resources}
    return [
        SingleDay(
            day,
            str(number) if number else changing.CLINIC,
            names[number] if number else site.name,
            tuple(sorted(times)),
        )
        for (day, number), times in found.items()
    ]


def add(  # noqa: PLR0913 - what, by whom and when
    site: Site,
    who: Collection[str],
    day: str,
    wanted: str,
    *,
    agreed: Agreed,
    actor: Actor,
    now: datetime,
) -> int:
    """Put down other hours for a day; how many visits became tasks.

    InvalidRequest names the field; what somebody has put down for that day is never
    overwritten.
    """
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    problems = Problems()
    owners = [changing.owner_of(site, one) for one in who]
    if not owners:
        problems.add("who", "Choose whose hours these are.")
    on = spans.read_day(day, "day", problems, now=now, zone=site.timezone)
    times = spans.read(wanted, "hours", problems)
    if not problems.found and not times:
        problems.add(
            "hours", "Give the hours. For a day off, enter an absence or a closure."
        )
    if not problems.found:
        _check_day(site, owners, on, problems)
    problems.raise_if_any()
    db.session.add_all(
        HoursException(
            site_id=site.id,
            resource_id=owner.id if owner else None,
            day=on,
            opens=opens,
            closes=closes,
        )
        for owner in owners
        for opens, closes in times
    )
    detail = {"who": list(who), "day": on.isoformat(), "hours": spans.write(times)}
    return changing.finish(begun, "hours.day", site, detail, agreed)


def take_away(
    site: Site, who: str, day: date, *, agreed: Agreed, actor: Actor, now: datetime
) -> int:
    """The usual hours again; NotFound if that has been done already."""
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    found = next(
        (one for one in ahead(site, now=now) if (one.who, one.day) == (who, day)), None
    )
    if found is None:
        raise NotFound("There are no other hours on that day any more.")
    db.session.execute(
        delete(HoursException).where(
            HoursException.site_id == site.id,
            HoursException.day == day,
            HoursException.resource_id
            == (None if who == changing.CLINIC else int(who)),
        )
    )
    detail = {"who": who, "day": day.isoformat(), "was": spans.write(found.times)}
    return changing.finish(begun, "hours.day_over", site, detail, agreed)


def _check_day(
    site: Site, owners: Sequence[Resource | None], day: date, problems: Problems
) -> None:
    table = hours.timetable(site, day, 1)
    opens_clinic = None in owners and not hours.closures(site, day, day)
    if day in table.closed and not opens_clinic:
        problems.add(
            "day",
            "The clinic is closed on this day. If that is a closure, take it away "
            "first; on a public holiday, choose the clinic too.",
        )
    for owner in owners:
        if day in table.exceptions.get(owner.id if owner else None, {}):
            name = owner.name if owner else site.name
            problems.add(
                "day",
                f"{name} has other hours on this day already. Take them away first.",
            )
