"""What somebody who waits would take: days, times and people; checked before stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from booking.clock import local_day
from booking.db import db
from booking.errors import Problems
from booking.models.appointment import Appointment
from booking.models.clinic import PRACTITIONER, Capability, Resource, Site
from screening import Clearance, Verdict

WEEK = range(7)


@dataclass(frozen=True)
class Wish:
    """Days and times both ends included; an empty choice means any.

    `weekdays` count Monday as 0; the times are those of the start, by the site's clock.
    """

    first_day: date
    last_day: date
    weekdays: tuple[int, ...] = ()
    from_time: time | None = None
    until_time: time | None = None
    practitioners: tuple[int, ...] = ()

    def suits(self, day: date, wall: time) -> bool:
        """Whether a start at this local time is one they would take."""
        return (
            self.first_day <= day <= self.last_day
            and (not self.weekdays or day.weekday() in self.weekdays)
            and (self.from_time is None or self.from_time <= wall)
            and (self.until_time is None or wall <= self.until_time)
        )

    def accepts(self, practitioner: int) -> bool:
        return not self.practitioners or practitioner in self.practitioners

    @property
    def days(self) -> list[date]:
        count = (self.last_day - self.first_day).days + 1
        days = (self.first_day + timedelta(days=n) for n in range(count))
        return [d for d in days if not self.weekdays or d.weekday() in self.weekdays]


def check(  # noqa: PLR0913 - a wish is judged against all of these
    wish: Wish,
    site: Site,
    treatment: str,
    clearance: Clearance,
    *,
    now: datetime,
    visit: Appointment | None = None,
) -> None:
    """InvalidRequest naming each field that cannot be; *visit* is the one to move."""
    problems = Problems()
    _check_days(wish, site, problems, now=now, visit=visit)
    if wish.from_time and wish.until_time and wish.from_time > wish.until_time:
        problems.add("until_time", "The latest time must not be before the earliest.")
    if not set(wish.weekdays) <= set(WEEK):
        problems.add("weekdays", "Choose weekdays from the list.")
    able = practitioners(site, treatment)
    if not able:
        problems.add("practitioners", "Nobody here offers this treatment now.")
    elif not set(wish.practitioners) <= set(able):
        problems.add(
            "practitioners", "Choose somebody who offers this treatment here, or any."
        )
    problems.raise_if_any()
    if not wish.days:
        problems.add("weekdays", "None of these weekdays lies between the two days.")
    elif not any(clearance.verdict_on(day) is Verdict.CLEAR for day in wish.days):
        problems.add("last_day", _never_clear(clearance, wish))
    problems.raise_if_any()


def _check_days(
    wish: Wish,
    site: Site,
    problems: Problems,
    *,
    now: datetime,
    visit: Appointment | None,
) -> None:
    today = local_day(now, site.timezone)
    end = today + timedelta(days=site.horizon_days - 1)
    if wish.first_day < today:
        problems.add("first_day", "This day is over. Choose today or a later day.")
    elif wish.first_day > end:
        problems.add("first_day", f"Our diary is open until {_spoken(end)}.")
    if wish.last_day < wish.first_day:
        problems.add("last_day", "The last day must not come before the first.")
    elif wish.last_day > end:
        problems.add("last_day", f"Our diary is open until {_spoken(end)}.")
    if visit is not None and not problems.found:
        own = local_day(visit.starts_at, site.timezone)
        if wish.last_day > own:
            problems.add(
                "last_day",
                f"Your visit is on {_spoken(own)}: choose that day or an earlier one.",
            )


def _never_clear(clearance: Clearance, wish: Wish) -> str:
    """No hold day is ever offered, so a wait for nothing else would be in vain."""
    first = clearance.first_clear_day(wish.first_day)
    if first is None:
        return "None of these days is safe for you as things are. Please call us."
    return (
        f"None of these days is safe for you. The first one that is: {_spoken(first)}."
    )


def practitioners(site: Site, treatment: str) -> Collection[int]:
    """Who offers this treatment here."""
    return db.session.scalars(
        select(Resource.id)
        .join(Capability, Capability.resource_id == Resource.id)
        .where(
            Resource.site_id == site.id,
            Resource.kind == PRACTITIONER,
            Resource.active,
            Capability.name == treatment,
        )
    ).all()


def _spoken(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
