"""The one place that reads the machine's clock; all else takes `now` as an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def local_day(instant: datetime, timezone: str) -> date:
    """The calendar day of an aware instant in the named zone."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def spoken_time(instant: datetime, timezone: str) -> str:
    """On 3 March at 10:05, on the wall of the named zone."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"on {local.day} {local:%B} at {local:%H:%M}"
