"""What has to be decided again: noted in the transaction that makes it necessary.

Knows nothing of deciding, so that whatever changes a visit can say so here.
"""

from __future__ import annotations

from datetime import datetime

from booking.db import db
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.rescreening import Rescreening

_NOTED = "noted_rescreenings"


def note(site: Site, patient_id: int | None, cause: str, *, now: datetime) -> None:
    """This patient's visits to come have to be decided again; None: everybody's.

    Never commits: it stands or falls with what made it necessary.
    """
    _add(site.id, patient_id, cause, now=now)


def note_visit(appointment: Appointment, cause: str, *, now: datetime) -> None:
    """What became of this visit counts for the others of its patient. Never commits."""
    if appointment.patient_id is not None:
        _add(appointment.site_id, appointment.patient_id, cause, now=now)


def noted_here() -> set[int]:
    """Whose visits this session has noted; they need not wait for the worker."""
    return db.session.info.pop(_NOTED, set())


def _add(site_id: int, patient_id: int | None, cause: str, *, now: datetime) -> None:
    db.session.add(
        Rescreening(site_id=site_id, patient_id=patient_id, cause=cause, noted_at=now)
    )
    if patient_id is not None:
        db.session.info.setdefault(_NOTED, set()).add(patient_id)
