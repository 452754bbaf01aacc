"""The kinds of message, and the states of a visit that each still fits."""

from __future__ import annotations

from booking.models.appointment import Status
from screening import Step

PREP_LATE, AFTERCARE_LATE = "prep_late", "aftercare_late"
CHECKIN_AGAIN = "checkin_again"
COURSE = "course"
STAFF_HOLD, STAFF_URGENT = "staff_hold", "staff_urgent"
REASK = "reask"

FITS: dict[str, frozenset[Status]] = {
    "confirmed": frozenset({Status.CONFIRMED}),
    "moved": frozenset({Status.CONFIRMED}),
    COURSE: frozenset({Status.CONFIRMED}),
    "held": frozenset({Status.HELD}),
    "reheld": frozenset({Status.HELD}),
    "rescreen_refused": frozenset({Status.HELD}),
    "declined": frozenset({Status.DECLINED}),
    "expired": frozenset({Status.EXPIRED}),
    "cancelled": frozenset({Status.CANCELLED}),
    "prep": frozenset({Status.CONFIRMED}),
    "recheck": frozenset({Status.CONFIRMED}),
    REASK: frozenset({Status.CONFIRMED, Status.HELD}),
    "aftercare": frozenset({Status.COMPLETED}),
    "checkin": frozenset({Status.COMPLETED}),
    CHECKIN_AGAIN: frozenset({Status.COMPLETED}),
    STAFF_HOLD: frozenset({Status.HELD}),
    STAFF_URGENT: frozenset({Status.HELD}),
}
"""The statuses of a visit in which a message of this kind may still leave."""

BEFORE_VISIT = frozenset(
    {"confirmed", COURSE, "moved", "held", "reheld", "prep", "recheck", REASK}
)
"""Kinds that are of no use once the visit has begun."""

DATED = frozenset({"prep", "recheck", REASK})
"""Kinds that speak of the visit's date, and so end with a move."""

_COMBINED = {PREP_LATE: "prep", AFTERCARE_LATE: "aftercare"}


def kind_of(step: str, plan: tuple[Step, ...]) -> str | None:
    """The kind of a stored step; None if the rulebook no longer has it."""
    if step in _COMBINED:
        return _COMBINED[step]
    if step in FITS:
        return step
    return next((planned.kind for planned in plan if planned.id == step), None)
