"""The hold queue: what waits, why, what would clear it, and the two ways to end it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import explanations, holds, rulebooks, tasks
from booking.board import Entry, entry_of
from booking.errors import BookingError
from booking.explanations import Cause
from booking.models.appointment import Hold, HoldState
from booking.patients import files
from booking.records import filing
from booking.tasks import kinds
from booking.web import access, edge
from booking.web.desk import record_words, releases
from booking.web.desk.blueprint import (
    attempt,
    bp,
    page,
    problems_of,
    text_of,
    visit_day,
)
from booking.web.desk.telling import told, words_of
from screening import Authority, Conflict


@dataclass(frozen=True)
class Waiting:
    """A hold as it is shown. `first_clear_day` is counted from the day of the visit."""

    hold: Hold
    entry: Entry
    causes: tuple[Cause, ...]
    conflicts: list[Conflict]
    first_clear_day: date | None
    way: str
    said: dict[str, str]

    @property
    def is_urgent(self) -> bool:
        return self.hold.urgent_at is not None or self.hold.decide_by <= edge.now()


@bp.get("/holds")
def queue() -> ResponseReturnValue:
    return _queue(None)


@bp.get("/holds/clinician")
@access.only("clinician")
def clinician_queue() -> ResponseReturnValue:
    return _queue((Authority.CLINICIAN,))


def _queue(owners: Sequence[str] | None) -> ResponseReturnValue:
    found = holds.queue(edge.site(), access.actor(), owners=owners)
    numbers = [hold.id for hold in found]
    files.note_readings(found, actor=access.actor(), now=edge.now())
    found = files.with_visits(numbers)
    mine = owners is not None
    return page(
        "desk/holds.html",
        waiting=[_waiting(hold) for hold in found],
        mine=mine,
        own_tasks=tasks.waiting(edge.site(), owners=["clinician"]) if mine else (),
        kind_of=kinds.kind_of,
        **releases.choices(),
    )


@bp.get("/holds/<int:hold_id>")
def hold(hold_id: int) -> ResponseReturnValue:
    return _page(hold_id)


@bp.post("/holds/<int:hold_id>/release")
def release(hold_id: int) -> ResponseReturnValue:
    found = files.get_hold(hold_id)

    def act() -> object:
        given = releases.release_note(request.form)
        return holds.release(
            found,
            now=edge.now(),
            actor=access.actor(),
            reason=given.reason,
            note=given.note,
            attested_by=given.attested_by,
        )

    return _outcome(hold_id, attempt(act), "Released. The visit is confirmed.")


@bp.post("/holds/<int:hold_id>/decline")
def decline(hold_id: int) -> ResponseReturnValue:
    found = files.get_hold(hold_id)

    def act() -> object:
        return holds.decline(
            found,
            now=edge.now(),
            actor=access.actor(),
            reason=request.form.get("reason", ""),
            note=text_of(request.form, "note"),
        )

    return _outcome(hold_id, attempt(act), "Declined. The time is free again.")


def _outcome(hold_id: int, result: object, done: str) -> ResponseReturnValue:
    if isinstance(result, BookingError):
        return _page(hold_id, result), result.status
    flash(f"{done} The patient is told by e-mail.", "done")
    mine = request.form.get("queue") == "clinician" and access.is_clinician()
    return redirect(url_for(".clinician_queue" if mine else ".queue"), 303)


def _page(hold_id: int, refusal: BookingError | None = None) -> str:
    found = files.get_hold(hold_id)
    files.note_reading(found, actor=access.actor(), now=edge.now())
    patient_id = found.appointment.patient_id or 0
    return page(
        "desk/hold.html",
        item=_waiting(found),
        told=told(found.appointment.screening),
        is_open=found.state == HoldState.OPEN,
        cleared=record_words.rows(filing.cleared_on_file(patient_id)),
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
        **releases.choices(),
    )


def _waiting(found: Hold) -> Waiting:
    site, visit = edge.site(), found.appointment
    clearance = explanations.clearance_of_visit(visit, site, now=edge.now())
    return Waiting(
        hold=found,
        entry=entry_of(visit, site, rulebooks.current(site), now=edge.now()),
        causes=explanations.causes_of_hold(found, site),
        conflicts=explanations.conflicts_of_hold(found),
        first_clear_day=clearance.first_clear_day(visit_day(visit)),
        way=releases.way(holds.windows_of(found), access.actor(), site, booked=True),
        said=words_of(visit.screening.answers),
    )
