"""What is free for the sessions of a course, as the planner wants it; and back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from booking.courses.planner import Free, Spot
from booking.diary import cells, openings
from booking.diary.openings import Diary, Search
from booking.diary.treatments import plan_of, treatment_of
from screening import Clearance, Verdict

CELL_MINUTES = 5
PARTS = {"": (0, 24), "morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
"""Parts of the day by the hours in which a session may begin; "" is any time."""


@dataclass(frozen=True)
class Taste:
    """What somebody can and cannot do; None and "" mean anything."""

    weekday: int | None = None
    part: str = ""
    practitioner: int | None = None


def load(search: Search, first_day: date, last_day: date) -> Diary:
    """The diary of these days, both included."""
    return openings.load(search, first_day, max((last_day - first_day).days, 0) + 1)


def as_follow_up(diary: Diary, treatment: str) -> Diary:
    """The same days for a visit that is not the first: without its consultation."""
    plan = plan_of(treatment_of(treatment), first_visit=False)
    return replace(diary, plan=plan)


def free(
    diary: Diary,
    clearance: Clearance,
    taste: Taste,
    *,
    first_day: date | None = None,
    until_day: date | None = None,
) -> Free:
    """The free times of the days that are clear and to somebody's taste."""
    days = [
        day
        for day in diary.horizon.days_list
        if (first_day is None or day >= first_day)
        and (until_day is None or day < until_day)
        and taste.weekday in (None, day.weekday())
        and clearance.verdict_on(day) is Verdict.CLEAR
    ]
    from_hour, until_hour = PARTS[taste.part]
    found: dict[date, dict[int, frozenset[int]]] = {day: {} for day in days}
    for who, mask in diary.free().items():
        if taste.practitioner not in (None, who):
            continue
        for day, minute in _minutes(diary.horizon, mask, days):
            if from_hour * 60 <= minute < until_hour * 60:
                times = found[day]
                times[minute] = times.get(minute, frozenset()) | {who}
    return found


def _minutes(
    horizon: cells.Horizon, mask: int, days: Collection[date]
) -> Iterator[tuple[date, int]]:
    for day in days:
        first, until = horizon.day_span(day)
        here = mask >> first & cells.span_mask(0, until - first)
        if until - first == cells.CELLS_PER_DAY:
            for bit in _bits(here):
                yield day, bit * CELL_MINUTES
            continue
        for bit in _bits(here):
            # The clock changes: an hour that comes twice is offered once.
            instant = cells.instant_of(horizon.first_cell + first + bit)
            local = instant.astimezone(horizon.zone)
            if not local.fold:
                yield day, local.hour * 60 + local.minute


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def start_of(spot: Spot, zone: ZoneInfo) -> datetime:
    """When a session begins, in UTC."""
    wall = time(spot.minute // 60, spot.minute % 60)
    return datetime.combine(spot.day, wall, zone).astimezone(UTC)


def spot_of(start: datetime, practitioner: int | None, zone: ZoneInfo) -> Spot:
    """Where a visit is, as the planner sees it."""
    local = start.astimezone(zone)
    return Spot(local.date(), local.hour * 60 + local.minute, practitioner or 0)
