"""Time that has come free: a row in the transaction of whatever freed it.

Whoever frees claims, lengthens hours or ends an absence notes it here; the worker finds
out who waits for it (booking/waitlist/).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from booking.db import db
from booking.diary import cells
from booking.models.waitlist import FreedSlot

Claimed = tuple[int | None, int, int]
"""A resource (None: every one), its first cell, and the cell after its last."""


def note(
    site_id: int, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> None:
    """Any resource may be free now between these instants: longer hours, an absence
    that ended. Never commits."""
    span = (None, cells.cell_of(starts_at), cells.cell_of(ends_at))
    note_claims(site_id, [span], now=now)


def note_claims(site_id: int, claims: Iterable[Claimed], *, now: datetime) -> None:
    """These resources may be free now. Never commits.

    It says when, not for what: what fits is asked of the real diary.
    """
    ahead = [one for one in claims if cells.instant_of(one[2]) > now]
    if not ahead:
        return
    db.session.add(
        FreedSlot(
            site_id=site_id,
            starts_at=cells.instant_of(min(first for _, first, _ in ahead)),
            ends_at=cells.instant_of(max(until for _, _, until in ahead)),
            claims=[list(one) for one in ahead],
            noted_at=now,
        )
    )


def within(claims: Iterable[Claimed], freed: Sequence[Claimed]) -> list[Claimed]:
    """The parts of *claims* that lie in what was *freed*."""
    found = [
        (resource, max(first, begins), min(until, ends))
        for resource, first, until in claims
        for who, begins, ends in freed
        if who in (None, resource)
    ]
    return [one for one in found if one[1] < one[2]]
