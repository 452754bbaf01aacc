"""What was used in a visit, and how deep: noted when it ends, put right by a record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from booking import audit
from booking.actors import Actor
from booking.clock import local_day
from booking.db import db
from booking.errors import InvalidRequest, Problems, WrongState
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.patient import VISIT, Record
from booking.overrides import clinical_authority
from booking.records import filing
from booking.records.entries import DEPTH, LEAST_DEPTH, MOST_DEPTH, SEEN
from booking.reservations import locked

# needling and blood products are traced by lot.
NEEDS_LOT = frozenset({"microneedling", "rf_microneedling", "prp"})
MOST_CHARACTERS = 100


@dataclass(frozen=True)
class Notes:
    """`depth_mm` is the greatest needle depth. Needling is not closed without a lot."""

    depth_mm: float | None = None
    product: str | None = None
    lot: str | None = None


def checked(treatment: str, notes: Notes) -> Notes:
    """The notes in their stored form, or InvalidRequest naming each bad field."""
    product = (notes.product or "").strip() or None
    lot = (notes.lot or "").strip() or None
    problems = Problems()
    if treatment in NEEDS_LOT and lot is None:
        problems.add(
            "lot", "Enter the lot number: this visit cannot be closed without it."
        )
    for name, text in (("product", product), ("lot", lot)):
        if text and len(text) > MOST_CHARACTERS:
            problems.add(name, f"Use at most {MOST_CHARACTERS} characters.")
    depth = notes.depth_mm
    if depth is not None and not LEAST_DEPTH <= depth <= MOST_DEPTH:
        problems.add("depth_mm", DEPTH)
    problems.raise_if_any()
    return Notes(depth, product, lot)


def keep(appointment: Appointment, notes: Notes) -> None:
    """Put checked notes on the visit. Never commits."""
    appointment.depth_mm = notes.depth_mm
    appointment.product = notes.product
    appointment.lot = notes.lot


def correct(  # noqa: PLR0913 - both the new words and why the old ones were wrong
    site: Site,
    appointment: Appointment,
    notes: Notes,
    *,
    why: str,
    now: datetime,
    actor: Actor,
    attested_by: str | None = None,
) -> Record:
    """Put the notes of a completed visit right; what stood there before is kept.

    It takes a clinician: a smaller depth makes the next session possible sooner.
    """
    appointment = locked(appointment.id)
    if appointment.status != Status.COMPLETED or appointment.patient_id is None:
        raise WrongState("Only the notes of a completed visit can be put right.")
    clinical_authority(actor, site, attested_by, "put these notes right")
    notes = checked(appointment.treatment, notes)
    filing.check_why(why)
    before = of_visit(appointment)
    if notes == before:
        raise InvalidRequest.of("lot", "Nothing differs from what is noted already.")
    value = {"value": "", **asdict(notes), "before": asdict(before)}
    value |= {"note": why.strip(), "attested_by": attested_by}
    record = _record(appointment, site, value, now=now, actor=actor)
    keep(appointment, notes)
    audit.record(actor, "notes.correct", appointment, now=now, detail=record.value)
    filing.note_change(site, appointment.patient_id, now=now)
    db.session.commit()
    return record


def _record(
    appointment: Appointment,
    site: Site,
    value: dict[str, Any],
    *,
    now: datetime,
    actor: Actor,
) -> Record:
    record = Record(
        patient_id=appointment.patient_id,
        kind=VISIT,
        subject=f"appointment {appointment.id}",
        day=local_day(appointment.starts_at, site.timezone),
        area=appointment.area,
        value=value,
        how_known=SEEN,
        entered_by=actor.name,
        entered_at=now,
    )
    db.session.add(record)
    return record


def of_visit(appointment: Appointment) -> Notes:
    """What is noted now."""
    return Notes(appointment.depth_mm, appointment.product, appointment.lot)
