"""Hours as people type them, 09:00-12:00 and 13:00-18:00. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from booking.clock import local_day
from booking.diary.cells import CELL
from booking.diary.hours import Times
from booking.errors import Problems

MOST_TYPED = 100
FARTHEST = timedelta(days=2 * 366)
EXAMPLE = "Write it like 09:00-12:00, 13:00-18:00."
_SPAN = re.compile(r"(\d{1,2}(?::\d{2})?)\s*(?:-|–|—|to)\s*(\d{1,2}(?::\d{2})?)")
_BETWEEN = re.compile(r"\s*(?:,|;|\band\b)\s*")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?")


def read(text: str, name: str, problems: Problems) -> Times:
    """The spans of a day in their order; what is wrong is added to *problems*."""
    found: list[tuple[time, time]] = []
    text = text.strip()
    for part in _BETWEEN.split(text[:MOST_TYPED]) if text else ():
        match = _SPAN.fullmatch(part)
        span = match and _span(match[1], match[2])
        if not span:
            problems.add(name, f"“{part}” is no span of hours. {EXAMPLE}")
            return ()
        found.append(span)
    wrong = _wrong(sorted(found))
    if wrong:
        problems.add(name, wrong)
        return ()
    return tuple(sorted(found))


def write(times: Times) -> str:
    """Hours as a form shows them, and as `read` reads them."""
    return ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in times)


def read_clock(text: str, name: str, problems: Problems) -> time | None:
    """A time on the five-minute grid; None if nothing was typed or it is none."""
    text = text.strip()
    if not text:
        return None
    found = _clock(text)
    if found is None:
        problems.add(name, "Write the time like 09:30.")
    elif found.minute % 5:
        problems.add(name, f"{found:%H:%M} is not a multiple of five minutes.")
    return found


def read_day(
    text: str, name: str, problems: Problems, *, now: datetime, zone: str
) -> date:
    """A day from today on, at most two years ahead."""
    today = local_day(now, zone)
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        problems.add(name, "Give a day like 2026-11-05.")
        return today
    if day < today:
        problems.add(name, "This day is over. Give today or a later day.")
    elif day > today + FARTHEST:
        problems.add(name, "This day is more than two years ahead.")
    return day


def read_line(text: str, name: str, problems: Problems) -> str:
    """Some words on one line, or none."""
    text = " ".join(text.split())
    if len(text) > MOST_TYPED or not text.isprintable():
        problems.add(name, f"Use at most {MOST_TYPED} ordinary letters and signs.")
    return text


def _span(opens: str, closes: str) -> tuple[time, time] | None:
    first, last = _clock(opens), _clock(closes)
    return None if first is None or last is None else (first, last)


def _clock(text: str) -> time | None:
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59:
        return None
    return time(int(match[1]), int(match[2] or 0))


def _wrong(spans: list[tuple[time, time]]) -> str | None:
    """What is wrong with sorted spans, in words."""
    before: time | None = None
    for opens, closes in spans:
        off = next((one for one in (opens, closes) if one.minute % 5), None)
        if off is not None:
            step = CELL // timedelta(minutes=1)
            return f"{off:%H:%M} is not a multiple of {step} minutes."
        if closes <= opens:
            return (
                f"{opens:%H:%M}-{closes:%H:%M} ends before it begins. "
                "The latest end is 23:55."
            )
        if before is not None and opens < before:
            return f"Two spans overlap at {opens:%H:%M}."
        before = closes
    return None
