"""How the clinic performs its treatments: stored phases as plans for the diary."""

from __future__ import annotations

from typing import Any

from booking.db import db
from booking.diary import availability
from booking.errors import InvalidRequest
from booking.models.clinic import Treatment

CELL_MINUTES = 5


def treatment_of(treatment: str) -> Treatment:
    """How the clinic performs a treatment; InvalidRequest if it does not offer it."""
    row = db.session.get(Treatment, treatment)
    if row is None or not row.active:
        raise InvalidRequest.of("treatment", "Choose one of the treatments we offer.")
    return row


def plan_of(row: Treatment, *, first_visit: bool) -> availability.Plan:
    """The phases of a visit; a first visit begins with its consultation."""
    phases = list(row.phases)
    if first_visit and row.consultation:
        # Behind the buffer that prepares the room, in front of everything else.
        index = next(
            (i for i, phase in enumerate(phases) if phase.get("patient", True)), 0
        )
        phases.insert(index, row.consultation)
    return availability.Plan(tuple(_phase(phase) for phase in phases))


def _phase(stored: dict[str, Any]) -> availability.Phase:
    return availability.Phase(
        name=stored["name"],
        cells=stored["minutes"] // CELL_MINUTES,
        needs=tuple(availability.Need(**need) for need in stored["needs"]),
        patient=stored.get("patient", True),
    )
