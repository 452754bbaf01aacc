"""The notes of a completed visit, put right by a record."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.errors import BookingError, WrongState
from booking.models.appointment import Status
from booking.models.patient import Record
from booking.patients import files
from booking.records import visit_notes
from booking.records.visit_notes import NEEDS_LOT, Notes
from booking.web import access, edge
from booking.web.desk import releases
from booking.web.desk.blueprint import attempt, bp, page, problems_of, text_of
from booking.web.desk.record_forms import depth_of


@bp.get("/visits/<int:visit_id>/notes")
def notes(visit_id: int) -> ResponseReturnValue:
    return _page(visit_id)


@bp.post("/visits/<int:visit_id>/notes")
def correct_notes(visit_id: int) -> ResponseReturnValue:
    visit = files.get_visit(visit_id)

    def act() -> Record:
        form = request.form
        new = Notes(
            depth_of(form.get("depth_mm", "")),
            text_of(form, "product"),
            text_of(form, "lot"),
        )
        return visit_notes.correct(
            edge.site(),
            visit,
            new,
            why=text_of(form, "why"),
            now=edge.now(),
            actor=access.actor(),
            attested_by=releases.attested_by(form),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _page(visit_id, result), result.status
    flash("Put right. What stood there before is kept on the file.", "done")
    return redirect(url_for(".visit", visit_id=visit_id), 303)


def _page(visit_id: int, refusal: BookingError | None = None) -> str:
    visit = files.get_visit(visit_id)
    if visit.status != Status.COMPLETED:
        raise WrongState("Only the notes of a completed visit can be put right.")
    files.note_reading(visit, actor=access.actor(), now=edge.now())
    visit = files.get_visit(visit_id)
    stored = {
        "depth_mm": visit.depth_mm or "",
        "product": visit.product or "",
        "lot": visit.lot or "",
    }
    return page(
        "desk/notes.html",
        visit=visit,
        needs_lot=visit.treatment in NEEDS_LOT,
        attests=not access.is_clinician(),
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form if request.method == "POST" else stored,
        **releases.choices(),
    )
