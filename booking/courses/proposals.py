"""Proposing a course: a time for every session, or which of them has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import screening
from booking.clock import local_day
from booking.courses import planner, times
from booking.courses.planner import Gaps, Spot, Stuck
from booking.courses.sessions import advice_of, horizon_for
from booking.courses.times import PARTS, Taste
from booking.diary.openings import Diary, Search, Slot
from booking.errors import CourseDoesNotFit, InvalidRequest, Problems
from booking.models.clinic import Site
from screening import Clearance


@dataclass(frozen=True)
class Wish:
    """How many sessions, from which day on, and what suits the patient."""

    sessions: int
    from_day: date | None = None
    taste: Taste = field(default_factory=Taste)


@dataclass(frozen=True)
class Asker:
    """For whom it is planned: `first_visit` begins with a consultation, and staff may
    book without the least notice."""

    first_visit: bool = True
    staff: bool = False


def get_course(site: Site, treatment: str) -> screening.Course:
    """How this treatment is given as a course, or InvalidRequest."""
    course = advice_of(site, treatment)
    if course is None:
        raise InvalidRequest.of(
            "sessions", "This treatment is booked visit by visit, not as a course."
        )
    return course


def check_sessions(course: screening.Course, sessions: int) -> None:
    """InvalidRequest that says how many there can be."""
    if not course.fewest <= sessions <= course.most:
        raise InvalidRequest.of(
            "sessions", f"Choose from {course.fewest} to {course.most} sessions."
        )


def propose(
    site: Site, clearance: Clearance, wish: Wish, asker: Asker, *, now: datetime
) -> tuple[Slot, ...]:
    """The best course there is, or CourseDoesNotFit; nothing is kept by it.

    *clearance* is that of one visit: the other sessions are the planner's to keep away.
    """
    course = get_course(site, clearance.treatment)
    _check(course, wish, site, now=now)
    gaps = Gaps(course.least_days, course.greatest_days)
    first_day = max(wish.from_day or date.min, local_day(now, site.timezone))
    days = horizon_for(wish.sessions, gaps.greatest, site)
    search = Search(
        site,
        clearance.treatment,
        now,
        asker.first_visit,
        asker.staff,
        horizon_days=days,
    )
    last_day = search.closed_from - timedelta(days=1)
    diary = times.load(search, first_day, last_day)
    later = times.as_follow_up(diary, clearance.treatment)
    # The first session is booked as far ahead as any visit, the others follow it.
    opens_until = replace(search, horizon_days=None).closed_from
    free = times.free(diary, clearance, wish.taste, until_day=opens_until)
    rest = times.free(later, clearance, wish.taste)
    found = planner.plan([free] + [rest] * (wish.sessions - 1), gaps)
    if isinstance(found, Stuck):
        raise does_not_fit(found, wish.taste)
    return slots_of(found, [diary] + [later] * (wish.sessions - 1), site)


def slots_of(
    spots: Sequence[Spot], diaries: Sequence[Diary], site: Site
) -> tuple[Slot, ...]:
    """Spots as times that can be booked."""
    zone = ZoneInfo(site.timezone)
    starts = [times.start_of(spot, zone) for spot in spots]
    return tuple(
        Slot(start, start + diary.length, spot.who)
        for start, diary, spot in zip(starts, diaries, spots, strict=True)
    )


def does_not_fit(stuck: Stuck, taste: Taste) -> CourseDoesNotFit:
    """Which session has no time, and what would help."""
    limits = []
    if taste.weekday is not None:
        limits.append("another weekday")
    if taste.part:
        limits.append("another time of day")
    if taste.practitioner is not None:
        limits.append("somebody else to treat you")
    change = " or ".join([*limits, "a later start", "fewer sessions"])
    return CourseDoesNotFit(
        f"Session {stuck.number} has no free time from {_spoken(stuck.first_day)} to "
        f"{_spoken(stuck.last_day)} on a day that is safe. Please try {change}.",
        number=stuck.number,
        first_day=stuck.first_day,
        last_day=stuck.last_day,
    )


def _check(course: screening.Course, wish: Wish, site: Site, *, now: datetime) -> None:
    check_sessions(course, wish.sessions)
    problems = Problems()
    today = local_day(now, site.timezone)
    if wish.from_day is not None and wish.from_day < today:
        problems.add("from", "Choose today or a later day.")
    elif wish.from_day and wish.from_day >= today + timedelta(days=site.horizon_days):
        problems.add(
            "from", f"We book the first session at most {site.horizon_days} days ahead."
        )
    if wish.taste.part not in PARTS:
        problems.add("part", "Choose one of the times of day.")
    if wish.taste.weekday not in (None, *range(7)):
        problems.add("weekday", "Choose one of the weekdays.")
    problems.raise_if_any()


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
