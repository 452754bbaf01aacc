"""The same booking request sent twice gets the same visit."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from booking.crypto import digest
from booking.db import db
from booking.errors import KeyReused
from booking.models.appointment import Appointment, IdempotencyKey


class Request(NamedTuple):
    """Digests of the key and of the body that came with it."""

    key: str
    body: str


def request_of(key: str, body: bytes | str) -> Request:
    """What is kept of a request."""
    raw = body.encode() if isinstance(body, str) else body
    return Request(digest(key), hashlib.sha256(raw).hexdigest())


def find(request: Request | None) -> Appointment | None:
    """The visit this request already made; KeyReused if the key came with another
    body."""
    if request is None:
        return None
    row = db.session.scalar(
        select(IdempotencyKey).where(IdempotencyKey.key_digest == request.key)
    )
    if row is None:
        return None
    if row.body_digest != request.body:
        raise KeyReused
    return db.session.get_one(Appointment, row.appointment_id)


def remember(
    request: Request | None, appointment: Appointment, *, now: datetime
) -> None:
    """Store the answer with the booking itself.

    Never commits.
    """
    if request is None:
        return
    db.session.add(
        IdempotencyKey(
            key_digest=request.key,
            body_digest=request.body,
            appointment_id=appointment.id,
            status_code=201 if appointment.status == "confirmed" else 202,
            created_at=now,
        )
    )
