"""Overrides: on what authority, and with what reason, windows are let pass (I-6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking import gate
from booking.actors import Actor
from booking.db import db
from booking.errors import InvalidRequest, NeedsAnswer, NotAllowed, NotReleasable
from booking.models.account import CLINICIAN, Role, User
from booking.models.appointment import Appointment, Hold, Release
from booking.models.clinic import Site
from screening import Authority, Window

RELEASE_REASONS = {
    "cleared_by_clinician": "A clinician has cleared it",
    "date_corrected": "The date was wrong and has been put right",
    "condition_resolved": "It has healed or ended",
    "not_in_area": "It is not where we treat",
    "clinic_policy": "Our clinic's policy allows it",
    "other": "Another reason (write it down)",
}
DECLINE_REASONS = {
    "unsafe": "Not safe on this day",
    "no_answer": "We could not reach the patient",
    "patient_choice": "The patient prefers not to",
    "other": "Another reason (write it down)",
}
LEAST_NOTE = 15
MOST_ATTESTED = 255
MOST_NOTE = 2000


@dataclass(frozen=True)
class ReleaseNote:
    """Why windows are let pass.

    `attested_by`: the clinician of this clinic who cleared it, when and how, where a
    receptionist records that.
    """

    reason: str
    note: str = ""
    attested_by: str | None = None


def check_note(reason: str, note: str, allowed: dict[str, str]) -> None:
    """InvalidRequest unless the reason is on the list and the note is as it must be."""
    if reason not in allowed:
        raise InvalidRequest.of("reason", f"Choose one of: {', '.join(allowed)}.")
    if len(note) > MOST_NOTE:
        raise InvalidRequest.of("note", f"Use at most {MOST_NOTE} characters.")
    if reason == "other" and len(note) < LEAST_NOTE:
        raise InvalidRequest.of(
            "note",
            f"Say why in at least {LEAST_NOTE} characters: the reason is 'other'.",
        )


def authority_for(
    windows: Sequence[Window], actor: Actor, given: ReleaseNote, site: Site
) -> str:
    """On what authority *actor* releases these windows; refuses if they may not.

    A receptionist may record that a named clinician cleared it, where the site allows
    that.
    """
    needed = max(
        (w.release_by for w in windows),
        key=lambda authority: authority.rank,
        default=Authority.RECEPTION,
    )
    if needed is Authority.NOBODY:
        raise NotReleasable
    if needed is Authority.ANSWER:
        raise NeedsAnswer
    if needed in actor.authorities:
        return needed
    if needed is Authority.CLINICIAN:
        return clinical_authority(actor, site, given.attested_by, "release this")
    raise NotAllowed


def clinical_authority(
    actor: Actor, site: Site, attested_by: str | None, what: str
) -> str:
    """ "clinician", or "attested" where reception records which clinician decided.

    Refuses if they may not; *what* ends the sentence that says so.
    """
    if Authority.CLINICIAN in actor.authorities:
        return str(Authority.CLINICIAN)
    if Authority.RECEPTION not in actor.authorities:
        raise NotAllowed
    if not site.attestation_allowed:
        raise NotAllowed(f"Only a clinician may {what}.")
    if not attested_by:
        raise NotAllowed(
            f"Only a clinician may {what}. If one of ours has cleared it, "
            "record who, when and how."
        )
    _check_attestation(attested_by)
    return "attested"


def _check_attestation(text: str) -> None:
    """InvalidRequest unless it names a clinician who works here."""
    clinicians = db.session.scalars(
        select(User).where(User.roles.any(Role.name == CLINICIAN))
    )
    said = text.casefold()
    names = [
        name
        for user in clinicians
        if user.active
        for name in (user.full_name, user.email)
    ]
    if not any(name and name.casefold() in said for name in names):
        raise InvalidRequest.of(
            "attested_by", "Name one of our clinicians, and say when and how."
        )
    if len(text) > MOST_ATTESTED:
        raise InvalidRequest.of(
            "attested_by", f"Use at most {MOST_ATTESTED} characters."
        )


def add_release(  # noqa: PLR0913 - an override records all of these
    appointment: Appointment,
    windows: Sequence[Window],
    actor: Actor,
    authority: str,
    given: ReleaseNote,
    *,
    now: datetime,
    hold: Hold | None = None,
) -> None:
    """Store an override of exactly these windows.

    Never commits.
    """
    db.session.add(
        Release(
            appointment_id=appointment.id,
            hold_id=hold.id if hold else None,
            placement=gate.placement_of(appointment.id),
            windows=gate.freeze(windows),
            by=actor.name,
            authority=authority,
            attested_by=given.attested_by,
            reason=given.reason,
            note=given.note or None,
            at=now,
        )
    )
