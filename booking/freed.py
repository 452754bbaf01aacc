"""Time that has come free: a row in the transaction of whatever freed it.

Whoever frees claims, lengthens hours or ends an absence notes it here; the worker finds
out who waits for it (booking/waitlist/).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from booking import cells
from booking.db import db
from booking.models.waitlist import FreedSlot

Span = tuple[int, int]


def note(
    site_id: int, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> None:
    """Something between these instants may be free now. Never commits.

    It says when, not who and what: what fits is asked of the real diary.
    """
    if ends_at <= now or starts_at >= ends_at:
        return
    db.session.add(
        FreedSlot(site_id=site_id, starts_at=starts_at, ends_at=ends_at, noted_at=now)
    )


def note_spans(site_id: int, spans: Sequence[Span], *, now: datetime) -> None:
    """The same for spans of cells, taken as one. Never commits."""
    first = min(first for first, _ in spans)
    until = max(until for _, until in spans)
    note(site_id, cells.instant_of(first), cells.instant_of(until), now=now)
