"""How often each rule is let pass: one that mostly is deserves another look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from booking.db import db
from booking.models.appointment import Appointment, Hold, Release
from booking.models.clinic import Site

SPAN = timedelta(days=365)
LEAST_FIRINGS = 30
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Count:
    """For how many visits a rule fired, and for how many it was let pass."""

    rule: str
    fired: int
    released: int

    @property
    def share(self) -> float:
        return self.released / self.fired

    @property
    def needs_review(self) -> bool:
        """Let pass for more than half of at least 30 visits."""
        return self.fired >= LEAST_FIRINGS and self.released * 2 > self.fired


def of(site: Site, *, now: datetime) -> list[Count]:
    """Every rule that fired in the last year, what needs review first.

    A visit counts once for a rule, however often it was held and decided again.
    """
    fired: dict[str, set[int]] = {}
    released: dict[str, set[int]] = {}
    for visit, windows in _holds(site, since=now - SPAN):
        _note(fired, visit, windows)
    for visit, windows in _releases(site, since=now - SPAN):
        # Booked into a window at the desk: it fired although nothing was held.
        _note(fired, visit, windows)
        _note(released, visit, windows)
    counts = [
        Count(rule, len(visits), len(released.get(rule, ())))
        for rule, visits in fired.items()
    ]
    return sorted(counts, key=lambda c: (not c.needs_review, -c.fired, c.rule))


Rows = Iterable[tuple[int, list[dict[str, str]]]]


def _holds(site: Site, *, since: datetime) -> Rows:
    found = db.session.execute(
        select(Hold.appointment_id, Hold.windows)
        .join(Appointment, Appointment.id == Hold.appointment_id)
        .where(Appointment.site_id == site.id, Hold.opened_at > since)
        .order_by(Hold.id.desc())
        .limit(MOST_ROWS)
    )
    return ((visit, windows) for visit, windows in found)


def _releases(site: Site, *, since: datetime) -> Rows:
    found = db.session.execute(
        select(Release.appointment_id, Release.windows)
        .join(Appointment, Appointment.id == Release.appointment_id)
        .where(Appointment.site_id == site.id, Release.at > since)
        .order_by(Release.id.desc())
        .limit(MOST_ROWS)
    )
    return ((visit, windows) for visit, windows in found)


def _note(into: dict[str, set[int]], visit: int, windows: list[dict[str, str]]) -> None:
    for window in windows or ():
        into.setdefault(window["rule"], set()).add(visit)
