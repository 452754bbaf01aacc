"""Which prerequisites a treatment has here, for the gate to ask about."""

from __future__ import annotations

from sqlalchemy import select

from booking.db import db
from booking.models.clinic import Treatment
from screening import Requirement

CONSULTATION_ID = "consultation"
MOST_HOURS, MOST_DAYS = 24 * 60, 366 * 2


def required_for(treatment: str) -> tuple[Requirement, ...]:
    """What this clinic asks for before the treatment; nothing by default."""
    row = db.session.get(Treatment, treatment)
    return requirements_of(row) if row else ()


def required_everywhere() -> dict[str, tuple[Requirement, ...]]:
    """The same for every treatment, in one statement."""
    rows = db.session.scalars(select(Treatment))
    return {row.id: requirements_of(row) for row in rows}


def requirements_of(row: Treatment) -> tuple[Requirement, ...]:
    """The same from a row that has been read already."""
    return tuple(Requirement(**one) for one in row.prerequisites or ())
