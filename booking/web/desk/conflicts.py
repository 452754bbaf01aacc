"""Settling where answer and record differ, on the patient's file."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.errors import BookingError
from booking.models.settlement import Settlement
from booking.patients import files
from booking.records import settlements
from booking.records.settlements import Choice
from booking.web import access, edge
from booking.web.desk import releases
from booking.web.desk.blueprint import attempt, bp, text_of
from booking.web.desk.patients import show_file


@bp.post("/visits/<int:visit_id>/settle")
def settle(visit_id: int) -> ResponseReturnValue:
    visit = files.get_visit(visit_id)
    patient_id = visit.patient_id or 0

    def act() -> Settlement:
        choice = Choice(
            question=request.form.get("question", ""),
            ref=request.form.get("ref", ""),
            said=request.form.get("said", ""),
            counts=request.form.get("counts", ""),
            note=text_of(request.form, "note"),
        )
        return settlements.settle(
            edge.site(),
            visit,
            choice,
            now=edge.now(),
            actor=access.actor(),
            attested_by=releases.attested_by(request.form),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return show_file(patient_id, result), result.status
    flash("Settled. The visits to come are looked at again.", "done")
    return redirect(
        url_for(".patient", patient_id=patient_id, _anchor="conflicts"), 303
    )
