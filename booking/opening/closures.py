"""Days on which the whole clinic is closed, besides public holidays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from booking.actors import Actor
from booking.clock import local_day
from booking.db import db
from booking.errors import NotFound, Problems
from booking.models.clinic import Closure, Site
from booking.opening import changing, spans
from booking.opening.changing import Agreed

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Closed:
    """Closed from the first to the last day, under one name."""

    first_day: date
    last_day: date
    name: str


def ahead(site: Site, *, now: datetime) -> list[Closed]:
    """The closures from today on; days that follow each other as one."""
    today = local_day(now, site.timezone)
    rows = select(Closure).where(Closure.site_id == site.id, Closure.day >= today)
    found: list[Closed] = []
    for row in db.session.scalars(rows.order_by(Closure.day)):
        last = found[-1] if found else None
        if last and last.name == row.name and last.last_day + DAY == row.day:
            found[-1] = replace(last, last_day=row.day)
        else:
            found.append(Closed(row.day, row.day, row.name))
    return found


def add(  # noqa: PLR0913 - what, by whom and when
    site: Site,
    first: str,
    last: str,
    name: str,
    *,
    agreed: Agreed,
    actor: Actor,
    now: datetime,
) -> int:
    """Close the clinic; without a last day, for one day. How many visits became tasks.

    InvalidRequest names the field.
    """
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    problems = Problems()
    zone = site.timezone
    first_day = spans.read_day(first, "first_day", problems, now=now, zone=zone)
    last_day = first_day
    if last.strip():
        last_day = spans.read_day(last, "last_day", problems, now=now, zone=zone)
    name = spans.read_line(name, "name", problems)
    if not name:
        problems.add("name", "Say in a few words why, for your colleagues.")
    if not problems.found:
        _check_days(site, first_day, last_day, problems)
    problems.raise_if_any()
    days = (last_day - first_day).days + 1
    db.session.add_all(
        Closure(site_id=site.id, day=first_day + n * DAY, name=name)
        for n in range(days)
    )
    detail = {"from": first_day.isoformat(), "to": last_day.isoformat(), "name": name}
    return changing.finish(begun, "closure", site, detail, agreed)


def _check_days(site: Site, first: date, last: date, problems: Problems) -> None:
    if last < first:
        problems.add("last_day", "This ends before it begins.")
        return
    taken = db.session.scalar(
        select(Closure)
        .where(Closure.site_id == site.id, Closure.day.between(first, last))
        .order_by(Closure.day)
        .limit(1)
    )
    if taken is not None:
        problems.add(
            "first_day",
            f"The clinic is closed on {taken.day:%-d %B %Y} already ({taken.name}).",
        )


def reopen(
    site: Site, closed: Closed, *, agreed: Agreed, actor: Actor, now: datetime
) -> int:
    """Open again on the days of a closure; NotFound if it is not as it was shown."""
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    if closed not in ahead(site, now=now):
        raise NotFound("This closure has been changed or taken away already.")
    first, last = closed.first_day, closed.last_day
    db.session.execute(
        delete(Closure).where(
            Closure.site_id == site.id, Closure.day.between(first, last)
        )
    )
    detail = {"from": first.isoformat(), "to": last.isoformat(), "name": closed.name}
    return changing.finish(begun, "closure.end", site, detail, agreed)
