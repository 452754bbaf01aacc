"""Half-finished answers: saved page by page, found by an opaque token, deleted after a
day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from booking import rulebooks
from booking.crypto import digest, new_token
from booking.db import begin_write, db
from booking.diary import treatments
from booking.errors import InvalidRequest, NotFound
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.screening import Draft

LIFETIME = timedelta(hours=24)


def start(
    *,
    site: Site,
    treatment: str,
    area: str,
    now: datetime,
    patient: Patient | None = None,
) -> tuple[Draft, str]:
    """An empty draft and its token; InvalidRequest if the clinic does not offer
    this."""
    treatments.treatment_of(treatment)
    known = rulebooks.current(site).treatments.get(treatment)
    if known is None or area not in known.areas:
        raise InvalidRequest.of("area", "Choose one of the areas of this treatment.")
    patient_id = patient.id if patient else None
    begin_write()
    token = new_token()
    draft = Draft(
        token_digest=digest(token),
        site_id=site.id,
        treatment=treatment,
        area=area,
        answers={},
        patient_id=patient_id,
        updated_at=now,
        expires_at=now + LIFETIME,
    )
    db.session.add(draft)
    db.session.commit()
    return draft, token


def find(token: str, *, now: datetime) -> Draft:
    """The draft of this token, or NotFound once it is gone or expired."""
    draft = db.session.scalar(select(Draft).where(Draft.token_digest == digest(token)))
    if draft is None or draft.expires_at <= now:
        raise NotFound("These answers have expired. Please start again.")
    return draft


def save(draft: Draft, answers: dict[str, Any], *, now: datetime) -> None:
    """Replace what was answered so far."""
    begin_write()
    draft.answers = answers
    draft.updated_at = now
    draft.expires_at = now + LIFETIME
    db.session.commit()


def discard(draft: Draft) -> None:
    """Forget the answers."""
    begin_write()
    db.session.delete(draft)
    db.session.commit()
