"""The usual week of the clinic, and of each practitioner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, time

from sqlalchemy import delete, select

from booking.actors import Actor
from booking.db import db
from booking.diary.hours import Times
from booking.errors import Problems
from booking.models.clinic import OpeningHours, Resource, Site
from booking.opening import changing, spans
from booking.opening.changing import Agreed

WEEKDAYS = range(7)
NAMES = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
Week = Mapping[int, Times]


def week_of(site: Site, owner: Resource | None) -> Week:
    """The hours of each weekday that has any, Monday as 0; of the clinic for None."""
    rows = select(OpeningHours).where(
        OpeningHours.site_id == site.id,
        OpeningHours.resource_id == (owner.id if owner else None),
    )
    found: dict[int, list[tuple[time, time]]] = defaultdict(list)
    for row in db.session.scalars(rows):
        found[row.weekday].append((row.opens, row.closes))
    return {day: tuple(sorted(found[day])) for day in sorted(found)}


def typed(week: Week) -> dict[int, str]:
    """A week as a form shows it."""
    return {day: spans.write(week.get(day, ())) for day in WEEKDAYS}


def stamp(site: Site, owner: Resource | None) -> str:
    """What the week says, as one word."""
    return changing.stamp(typed(week_of(site, owner)))


def field_of(weekday: int) -> str:
    """The form's name for the hours of a weekday."""
    return f"day-{weekday}"


def change(  # noqa: PLR0913 - what, by whom and when
    site: Site,
    who: str,
    wanted: Mapping[int, str],
    *,
    seen: str,
    agreed: Agreed,
    actor: Actor,
    now: datetime,
) -> int:
    """Give the clinic or a practitioner another week, from now on; how many visits
    became tasks.

    InvalidRequest names the weekday; HoursChanged and VisitsOutside as in `changing`.
    """
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    owner = changing.owner_of(site, who)
    changing.check_seen(seen, stamp(site, owner))
    before = typed(week_of(site, owner))
    week = _checked(wanted)
    number = owner.id if owner else None
    db.session.execute(
        delete(OpeningHours).where(
            OpeningHours.site_id == site.id, OpeningHours.resource_id == number
        )
    )
    db.session.add_all(
        OpeningHours(
            site_id=site.id,
            resource_id=number,
            weekday=day,
            opens=opens,
            closes=closes,
        )
        for day, times in week.items()
        for opens, closes in times
    )
    detail = {"who": who, "before": before, "after": typed(week)}
    return changing.finish(begun, "hours.week", owner or site, detail, agreed)


def _checked(wanted: Mapping[int, str]) -> Week:
    problems = Problems()
    week = {}
    for day, name in zip(WEEKDAYS, NAMES, strict=True):
        of_day = Problems()
        week[day] = spans.read(wanted.get(day, ""), field_of(day), of_day)
        for problem in of_day.found:
            problems.add(problem.field, f"{name}: {problem.message}")
    if not problems.found and not any(week.values()):
        problems.add(
            field_of(0),
            "Give the hours of at least one day. For time off, enter an absence or a "
            "closure.",
        )
    problems.raise_if_any()
    return week
