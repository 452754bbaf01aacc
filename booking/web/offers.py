"""Times that can be chosen, and with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.db import db
from booking.diary import placement
from booking.diary.calendar import Search, Slot
from booking.errors import BookingError
from booking.models.clinic import PRACTITIONER, Capability, Resource, Site
from screening import Clearance


@dataclass(frozen=True)
class Time:
    """A start that can be chosen; `who` is a name where it matters."""

    start: datetime
    end: datetime
    practitioner: int
    who: str


@dataclass(frozen=True)
class Scope:
    """Whose calendar this is: what would be booked, and what stands against it."""

    site: Site
    treatment: str
    clearance: Clearance
    first_visit: bool = True
    ignoring: int | None = None
    horizon_days: int | None = None


def named(scope: Scope, slots: Sequence[Slot]) -> tuple[Time, ...]:
    """Slots as times to choose from, each with its practitioner."""
    names = practitioners(scope.site, scope.treatment)
    return tuple(
        Time(s.start, s.end, s.practitioner, names.get(s.practitioner, ""))
        for s in slots
    )


def nearest(scope: Scope, start: datetime, *, now: datetime) -> tuple[Time, ...]:
    """The free times closest to *start*."""
    search = Search(scope.site, scope.treatment, now, scope.first_visit)
    slots = placement.nearest(search, scope.clearance, start)
    return named(scope, slots)


def nearest_of(scope: Scope, refusal: BookingError | None) -> tuple[Time, ...]:
    """The free times that a refusal names."""
    return named(scope, refusal.extra.get("nearest", ())) if refusal else ()


def practitioners(site: Site, treatment: str) -> dict[int, str]:
    """Who offers this treatment here: resource id and name, in the order of names."""
    rows = db.session.execute(
        select(Resource.id, Resource.name)
        .join(Capability, Capability.resource_id == Resource.id)
        .where(
            Resource.site_id == site.id,
            Resource.kind == PRACTITIONER,
            Resource.active,
            Capability.name == treatment,
        )
        .order_by(Resource.name)
    )
    return dict(iter(rows))
