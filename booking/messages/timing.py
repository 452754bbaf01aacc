"""When a message is due: steps around a visit, quiet hours, clock changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from booking.models.clinic import Site
from screening import Step

LEAST_LEAD = timedelta(hours=2)
"""What is to be read before a visit arrives at the latest this long before it."""
EVENING_LEAD = timedelta(hours=1)
"""How long before the quiet hours a message leaves that cannot wait for the morning."""
_NO_QUIET_MORNING = time(8)


@dataclass(frozen=True)
class Rhythm:
    """The site's zone and its quiet hours, half-open, usually over midnight.

    Equal times mean that no hour is quiet.
    """

    zone: ZoneInfo
    quiet_from: time
    quiet_until: time

    @classmethod
    def of(cls, site: Site) -> Self:
        return cls(ZoneInfo(site.timezone), site.quiet_from, site.quiet_until)

    @property
    def morning(self) -> time:
        """The local time at which messages of the day leave."""
        return (
            _NO_QUIET_MORNING
            if self.quiet_from == self.quiet_until
            else self.quiet_until
        )

    def is_quiet(self, instant: datetime) -> bool:
        wall = instant.astimezone(self.zone).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= wall < self.quiet_until
        return wall >= self.quiet_from or wall < self.quiet_until

    def at(self, day: date, wall: time) -> datetime:
        """The instant of a local time; one that spring skips is read an hour later."""
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def awake(self, instant: datetime, *, latest: datetime | None = None) -> datetime:
        """*instant*, or when it is quiet the next morning.

        If that is after *latest*, the evening before instead.
        """
        if not self.is_quiet(instant):
            return instant
        day = instant.astimezone(self.zone).date()
        morning = self.at(day, self.quiet_until)
        if morning <= instant:
            morning = self.at(day + timedelta(days=1), self.quiet_until)
        if latest is None or morning <= latest:
            return morning
        evening = self.at(day, self.quiet_from)
        if evening > instant:
            evening = self.at(day - timedelta(days=1), self.quiet_from)
        return evening - EVENING_LEAD


def due_at(
    step: Step, starts_at: datetime, ends_at: datetime, rhythm: Rhythm
) -> datetime:
    """When *step* of a visit is to be sent, quiet hours kept unless it is urgent.

    Days are the site's calendar days, hours are elapsed time.
    """
    if step.anchor == "after":
        moment = _after(step, ends_at, rhythm)
        is_at_once = step.days == 0 and step.hours == 0
        return moment if step.urgent or is_at_once else rhythm.awake(moment)
    latest = starts_at - LEAST_LEAD
    moment = min(_before(step, starts_at, rhythm), latest)
    return moment if step.urgent else rhythm.awake(moment, latest=latest)


def _before(step: Step, starts_at: datetime, rhythm: Rhythm) -> datetime:
    if step.hours:
        return starts_at + timedelta(days=step.days, hours=step.hours)
    day = starts_at.astimezone(rhythm.zone).date() + timedelta(days=step.days)
    return rhythm.at(day, rhythm.morning)


def _after(step: Step, ends_at: datetime, rhythm: Rhythm) -> datetime:
    local = ends_at.astimezone(rhythm.zone)
    # The same time on the clock some days later, whatever the clock did in between.
    later = rhythm.at(local.date() + timedelta(days=step.days), local.time())
    return later + timedelta(hours=step.hours)
