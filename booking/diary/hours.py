"""When a site and its resources are open: weekly hours, exceptions, closures, public
holidays."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import ColumnElement, select, true

from booking.clock import local_day
from booking.db import db
from booking.diary import cells
from booking.models.clinic import Closure, HoursException, OpeningHours, Site

Times = tuple[tuple[time, time], ...]
_LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True)
class Timetable:
    """The hours of a site between two days, by resource; key None is the site's
    desk."""

    zone: ZoneInfo
    closed: frozenset[date]
    weekly: Mapping[int | None, Mapping[int, Times]] = field(hash=False)
    exceptions: Mapping[int | None, Mapping[date, Times]] = field(hash=False)

    def times(self, resource: int | None, day: date) -> Times:
        """The wall-clock hours of *day*; empty when closed."""
        special = self._exceptions(resource)
        if day in self.closed:
            return ()
        if day in special:
            return special[day]
        return self._week(resource).get(day.weekday(), ())

    def open_mask(self, resource: int | None, horizon: cells.Horizon) -> int:
        """The open cells of *resource* over the horizon."""
        return _open_mask(
            horizon,
            tuple(sorted(self._week(resource).items())),
            tuple(sorted(self._exceptions(resource).items())),
            self.closed,
        )

    def _week(self, resource: int | None) -> Mapping[int, Times]:
        # A resource without hours of its own follows the site's.
        return self.weekly.get(resource) or self.weekly.get(None, {})

    def _exceptions(self, resource: int | None) -> Mapping[date, Times]:
        own = self.exceptions.get(resource, {})
        if resource in self.weekly:
            return own
        return {**self.exceptions.get(None, {}), **own}


@functools.lru_cache(maxsize=512)
def _open_mask(
    horizon: cells.Horizon,
    weekly: tuple[tuple[int, Times], ...],
    exceptions: tuple[tuple[date, Times], ...],
    closed: frozenset[date],
) -> int:
    return cells.open_mask(horizon, dict(weekly), dict(exceptions), closed)


def timetable(site: Site, first_day: date, days: int) -> Timetable:
    """Read the hours that matter from *first_day* on (3 statements)."""
    return _read(site, first_day, days, true(), true())


def _of_desk(site: Site, first_day: date) -> Timetable:
    """The same for the desk alone, as far as one looks ahead."""
    desk = OpeningHours.resource_id.is_(None), HoursException.resource_id.is_(None)
    return _read(site, first_day, _LOOK_AHEAD_DAYS, *desk)


def _read(
    site: Site,
    first_day: date,
    days: int,
    whose_hours: ColumnElement[bool],
    whose_exceptions: ColumnElement[bool],
) -> Timetable:
    last_day = first_day + timedelta(days=days - 1)
    weekly: dict[int | None, dict[int, list[tuple[time, time]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    rows = db.session.execute(
        select(
            OpeningHours.resource_id,
            OpeningHours.weekday,
            OpeningHours.opens,
            OpeningHours.closes,
        ).where(OpeningHours.site_id == site.id, whose_hours)
    )
    for resource, weekday, opens, closes in rows:
        weekly[resource][weekday].append((opens, closes))
    exceptions = _exceptions(site, first_day, last_day, whose_exceptions)
    # A clinic may open on a public holiday, by hours of its own for that day.
    opened = {day for day, times in exceptions.get(None, {}).items() if times}
    return Timetable(
        zone=ZoneInfo(site.timezone),
        closed=closures(site, first_day, last_day)
        | (public_holidays(site, first_day, last_day) - opened),
        weekly={
            resource: {day: tuple(sorted(times)) for day, times in by_day.items()}
            for resource, by_day in weekly.items()
        },
        exceptions=exceptions,
    )


def closures(site: Site, first_day: date, last_day: date) -> frozenset[date]:
    """The days that the site closes itself, both ends included (1 statement)."""
    own = select(Closure.day).where(
        Closure.site_id == site.id, Closure.day.between(first_day, last_day)
    )
    return frozenset(db.session.scalars(own))


def public_holidays(site: Site, first_day: date, last_day: date) -> frozenset[date]:
    """The public holidays that the site keeps, both ends included."""
    if not site.holiday_country:
        return frozenset()
    return frozenset(
        day
        for year in range(first_day.year, last_day.year + 1)
        for day in _public_holidays(
            site.holiday_country, site.holiday_subdivision, year
        )
        if first_day <= day <= last_day
    )


@functools.cache
def _public_holidays(
    country: str, subdivision: str | None, year: int
) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def _exceptions(
    site: Site, first_day: date, last_day: date, whose: ColumnElement[bool]
) -> dict[int | None, dict[date, Times]]:
    found: dict[int | None, dict[date, list[tuple[time, time]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    rows = db.session.scalars(
        select(HoursException).where(
            HoursException.site_id == site.id,
            HoursException.day.between(first_day, last_day),
            whose,
        )
    )
    for row in rows:
        times = found[row.resource_id][row.day]
        if row.opens is not None and row.closes is not None:
            times.append((row.opens, row.closes))
    return {
        resource: {day: tuple(sorted(times)) for day, times in by_day.items()}
        for resource, by_day in found.items()
    }


def after_opening_hours(site: Site, now: datetime, hours: int) -> datetime:
    """The instant (UTC) at which the site has been open for *hours* hours from *now*
    on.

    If it opens too little in the next sixty days, the end of those.
    """
    first_day = local_day(now, site.timezone)
    table = _of_desk(site, first_day)
    left = timedelta(hours=hours)
    for opens, closes in _spans(table, first_day):
        start = max(opens, now)
        if start >= closes:
            continue
        if closes - start >= left:
            return start + left
        left -= closes - start
    return now + timedelta(days=_LOOK_AHEAD_DAYS)


def open_until(site: Site, now: datetime) -> datetime | None:
    """When the desk closes (UTC); None if it is closed now."""
    return next((closes for opens, closes in _ahead(site, now) if opens <= now), None)


def opens_next(site: Site, now: datetime) -> datetime | None:
    """When the desk opens next (UTC); None if not within sixty days."""
    return next((opens for opens, _ in _ahead(site, now) if opens > now), None)


def closed_by(site: Site, now: datetime, due: datetime) -> datetime | None:
    """When the desk is open for the last time from now until *due* (UTC)."""
    spans = [span for span in _ahead(site, now) if span[0] < due]
    return min(spans[-1][1], due) if spans else None


def _ahead(site: Site, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The desk's hours that are not over yet."""
    first_day = local_day(now, site.timezone)
    table = _of_desk(site, first_day)
    return (span for span in _spans(table, first_day) if span[1] > now)


def _spans(table: Timetable, first_day: date) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(_LOOK_AHEAD_DAYS):
        day = first_day + timedelta(days=offset)
        for opens, closes in table.times(None, day):
            first, until = cells.local_span(table.zone, day, opens, closes)
            yield cells.instant_of(first), cells.instant_of(until)
