"""What this clinic asks for before a treatment: settings, and the results of tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from booking import audit
from booking.actors import Actor
from booking.clock import local_day
from booking.db import begin_write, db
from booking.diary.treatments import treatment_of
from booking.errors import InvalidRequest, NotAllowed, Problems
from booking.models.clinic import Site
from booking.models.clinic import Treatment as Offer
from booking.models.patient import Patient, Record
from booking.requirements import CONSULTATION_ID, MOST_DAYS, MOST_HOURS
from booking.rescreening import decisions
from screening import Requirement
from screening.requirements import FAILED, KINDS, PASSED, PATCH_TEST

RESULTS = {PASSED: "No reaction: passed", FAILED: "A reaction: failed"}
MOST_HOW = 255


def change(
    site: Site,
    treatment: str,
    wanted: Sequence[Requirement],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """Set what must have taken place before a treatment; every visit to come is decided
    again. InvalidRequest names the field that is wrong."""
    if not actor.authorities:
        raise NotAllowed
    _check(treatment, wanted)
    begin_write()
    row = db.session.get_one(Offer, treatment, with_for_update=True)
    row.prerequisites = [asdict(one) for one in wanted] or None
    detail = {"treatment": treatment, "prerequisites": row.prerequisites}
    audit.record(actor, "prerequisites", site, now=now, detail=detail)
    decisions.note(site, None, "prerequisites", now=now)
    db.session.commit()


def _check(treatment: str, wanted: Sequence[Requirement]) -> None:
    treatment_of(treatment)
    problems = Problems()
    if treatment == CONSULTATION_ID:
        problems.add("treatment", "Nothing comes before a consultation.")
    for one in wanted:
        if one.kind not in KINDS:
            raise InvalidRequest.of("kind", "Choose a consultation or a patch test.")
        if not 0 <= one.least_hours <= MOST_HOURS:
            problems.add(
                f"{one.kind}_hours", f"Give the hours before, from 0 to {MOST_HOURS}."
            )
        elif not one.least_days < one.valid_days <= MOST_DAYS:
            problems.add(
                f"{one.kind}_days",
                f"Give the days it counts: more than {one.least_days}, at most "
                f"{MOST_DAYS}.",
            )
    problems.raise_if_any()


def enter_result(  # noqa: PLR0913 - an entry is made of all of these
    patient: Patient,
    treatment: str,
    day: date,
    result: str,
    how_known: str,
    *,
    site: Site,
    now: datetime,
    actor: Actor,
) -> Record:
    """Put the result of a patch test on record. Clinicians only: it opens days."""
    if "clinician" not in actor.authorities:
        raise NotAllowed("Only a clinician may enter the result of a patch test.")
    _check_result(treatment, day, result, how_known, site, now=now)
    patient_id = patient.id
    begin_write()
    db.session.get_one(Patient, patient_id, with_for_update={"key_share": True})
    record = Record(
        patient_id=patient_id,
        kind=PATCH_TEST,
        subject=treatment,
        day=day,
        value={"value": result},
        how_known=how_known.strip(),
        entered_by=actor.name,
        entered_at=now,
    )
    db.session.add(record)
    db.session.flush()
    audit.record(actor, "record", record, now=now)
    decisions.note(site, patient_id, "record", now=now)
    db.session.commit()
    return record


def _check_result(
    treatment: str,
    day: date,
    result: str,
    how_known: str,
    site: Site,
    *,
    now: datetime,
) -> None:
    treatment_of(treatment)
    problems = Problems()
    if result not in RESULTS:
        problems.add("result", "Choose whether the skin reacted.")
    if day > local_day(now, site.timezone):
        problems.add("day", "Give the day on which the test was read: today or before.")
    if not 1 <= len(how_known.strip()) <= MOST_HOW:
        problems.add("how_known", "Say in a few words who read it, and how.")
    problems.raise_if_any()
