"""The audit trail: rows in the transaction of the change, sealed into a hash chain
afterwards.

Sealing is the worker's, in batches, because a chain kept inside every booking would
make all bookings wait for one another. A row can be altered unseen only before it is
sealed (seconds).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from booking.actors import Actor
from booking.db import db, keys
from booking.models.audit import AuditEvent

GENESIS = "0" * 64
_ERASED = "erased"


def record(
    actor: Actor, action: str, subject: Any, *, now: datetime, detail: Any = None
) -> None:
    """Add who did what to *subject* (a stored row).

    Never commits.
    """
    db.session.add(
        AuditEvent(
            at=now,
            actor=actor.name,
            action=action,
            subject_kind=type(subject).__name__.lower(),
            subject_id=subject.id,
            detail=detail,
        )
    )


def seal(*, most: int = 1000) -> int:
    """Append the unsealed rows, oldest first, to the chain; the number sealed.

    Does not commit.
    """
    position, link = _head()
    rows = db.session.scalars(
        select(AuditEvent)
        .where(AuditEvent.position.is_(None))
        .order_by(AuditEvent.id)
        .limit(most)
    ).all()
    for row in rows:
        position += 1
        link = _link(link, position, row)
        row.position, row.seal = position, link
    return len(rows)


def verify() -> list[str]:
    """What is wrong with the chain, in words that name the row; empty if it is
    whole."""
    problems: list[str] = []
    expected, link = 0, GENESIS
    rows = select(AuditEvent).where(AuditEvent.position.is_not(None))
    for row in db.session.scalars(rows.order_by(AuditEvent.position)):
        expected += 1
        if row.position != expected:
            problems.append(f"position {expected} is missing before event {row.id}")
            expected = row.position or expected
        if _link(link, expected, row) != row.seal:
            problems.append(f"event {row.id} (position {expected}) was changed")
        link = row.seal or link
    return problems


def _head() -> tuple[int, str]:
    position = db.session.scalar(select(func.max(AuditEvent.position)))
    if position is None:
        return 0, GENESIS
    link = db.session.scalar(
        select(AuditEvent.seal).where(AuditEvent.position == position)
    )
    return position, link or GENESIS


def _link(link: str, position: int, row: AuditEvent) -> str:
    content = keys().blind(
        link,
        str(position),
        row.at.isoformat(),
        row.actor,
        row.action,
        row.subject_kind,
        str(row.subject_id),
        _digest(row.detail),
    )
    return hashlib.sha256(content.encode()).hexdigest()


def erased(detail: Any) -> dict[str, str]:
    """What stands in for a detail that had to be erased: it only checks the chain."""
    return {_ERASED: _digest(detail)}


def _digest(detail: Any) -> str:
    if isinstance(detail, dict) and detail.keys() == {_ERASED}:
        return str(detail[_ERASED])
    return keys().blind(repr(detail))
