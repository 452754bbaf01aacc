"""Stored rows as JSON values, for whoever is handed their own."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import inspect

from booking.db import db
from booking.models.appointment import Appointment
from booking.models.clinic import Resource

# Keyed hashes by which the system finds things; they say nothing about the person.
INTERNAL = frozenset({"identity", "token_digest", "bound_to", "said_digest"})


def visit(found: Appointment) -> dict[str, Any]:
    resource = db.session.get(Resource, found.practitioner_id or 0)
    proxy = found.proxy
    return row(found) | {
        "practitioner": resource.name if resource else None,
        "booked_by": f"{proxy.name} ({proxy.relation})" if proxy else None,
    }


def row(stored: Any) -> dict[str, Any]:
    """Every column but the internal ones, in JSON types."""
    names = (attribute.key for attribute in inspect(stored).mapper.column_attrs)
    return {
        name: _plain(getattr(stored, name)) for name in names if name not in INTERNAL
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value
