"""What every way of booking shares: the gate's answer, and what it makes of a visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking import gate, holds
from booking.actors import Actor
from booking.errors import NotAllowed
from booking.models.appointment import Appointment, Hold, Status
from booking.models.clinic import Site
from booking.models.screening import Screening
from booking.overrides import (
    RELEASE_REASONS,
    ReleaseNote,
    add_release,
    authority_for,
    check_note,
)
from screening import Authority, Clearance, Record, Verdict


@dataclass(frozen=True)
class Booked:
    """A visit as it stands after the request; `replayed` if an earlier request made
    it."""

    appointment: Appointment
    clearance: Clearance
    hold: Hold | None = None
    replayed: bool = False


def clearance_of(  # noqa: PLR0913 - one question, every part of it named
    site: Site,
    screening: Screening,
    *,
    now: datetime,
    patient_id: int | None,
    ignoring: int | None = None,
    besides: Sequence[Record] = (),
) -> Clearance:
    return gate.clearance_for(
        site,
        screening.treatment,
        screening.area,
        screening.answers,
        given_on=screening.given_on,
        now=now,
        patient_id=patient_id,
        ignoring=ignoring,
        besides=besides,
    )


def authority_at_desk(
    site: Site,
    clearance: Clearance,
    decision: gate.Decision,
    release: ReleaseNote | None,
    *,
    actor: Actor,
    now: datetime,
) -> str | None:
    """On what authority the windows of a day are overridden at once; None if they are
    not.

    Refuses what may be neither overridden nor held.
    """
    if decision.verdict is Verdict.CLEAR:
        return None
    if release is None:
        if decision.verdict is Verdict.REFUSE or decision.owner is Authority.NOBODY:
            raise gate.refusal(clearance, decision, now=now, site=site)
        return None
    check_note(release.reason, release.note, RELEASE_REASONS)
    authority = authority_for(decision.windows, actor, release, site)
    if decision.verdict is Verdict.REFUSE and "clinician" not in actor.authorities:
        raise NotAllowed("Only a clinician may book into a refused day.")
    return authority


def override(
    appointment: Appointment,
    decision: gate.Decision,
    authority: str | None,
    release: ReleaseNote | None,
    *,
    actor: Actor,
    now: datetime,
) -> gate.Decision:
    """Store what was released at once; what is left to decide. Never commits."""
    if authority is None or release is None:
        return decision
    add_release(appointment, decision.windows, actor, authority, release, now=now)
    return gate.Decision(Verdict.CLEAR, ())


def settle(  # noqa: PLR0913 - all of them decide
    appointment: Appointment,
    site: Site,
    clearance: Clearance,
    decision: gate.Decision,
    *,
    now: datetime,
    requested: bool,
) -> Hold | None:
    """Confirmed or held, as the gate decided. Never commits.

    Only what a patient requests online ends by itself at its deadline: what staff put
    into a slot stays there until somebody decides.
    """
    if decision.verdict is Verdict.CLEAR:
        appointment.status = Status.CONFIRMED
        return None
    return holds.open_hold(
        appointment, site, clearance, decision, now=now, requested=requested
    )


def birth_date(screening: Screening) -> str | None:
    found: str | None = screening.answers.get("date_of_birth")
    return found
