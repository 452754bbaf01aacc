"""The time in tests: a Wednesday morning far from midnight and from clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOW = datetime(2027, 3, 3, 10, 0, tzinfo=UTC)


class Clock:
    """Stands still until told otherwise; stands in for booking.clock.utc_now."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        self.now = now

    def advance(self, by: timedelta) -> None:
        self.now += by
