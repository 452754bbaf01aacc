"""Signs after a visit, at the desk: read them, report for a caller, clear them."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.errors import BookingError, WrongState
from booking.models.appointment import Status
from booking.models.checkin import SymptomReport
from booking.patients import files
from booking.symptoms import advice as symptom_advice
from booking.symptoms import reports
from booking.symptoms.reports import CLEAR_REASONS, OWN_WISH, Said
from booking.web import access, edge
from booking.web.desk import releases
from booking.web.desk.blueprint import attempt, bp, page, problems_of, text_of


@bp.get("/visits/<int:visit_id>/symptoms")
def visit_symptoms(visit_id: int) -> ResponseReturnValue:
    return _page(visit_id)


@bp.post("/visits/<int:visit_id>/symptoms")
def report_symptoms(visit_id: int) -> ResponseReturnValue:
    visit = files.get_visit(visit_id)

    def act() -> SymptomReport:
        said = Said(
            request.form.getlist("signs"),
            text_of(request.form, "text"),
            wants_call=True,
        )
        return reports.report(
            visit, said, step=OWN_WISH, now=edge.now(), actor=access.actor()
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _page(visit_id, result), result.status
    advice = symptom_advice.about(result, visit, edge.site(), now=edge.now())
    flash(f"Recorded. Tell the patient: {advice.sentence}.", "info")
    return redirect(url_for(".visit_symptoms", visit_id=visit_id), 303)


@bp.post("/visits/<int:visit_id>/symptoms/clear")
def clear_symptoms(visit_id: int) -> ResponseReturnValue:
    visit = files.get_visit(visit_id)

    def act() -> object:
        return reports.clear(
            visit,
            reason=request.form.get("reason", ""),
            note=text_of(request.form, "note"),
            now=edge.now(),
            actor=access.actor(),
            attested_by=releases.attested_by(request.form),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _page(visit_id, result), result.status
    flash("Cleared. The visits to come are looked at again.", "done")
    return redirect(url_for(".visit_symptoms", visit_id=visit_id), 303)


def _page(visit_id: int, refusal: BookingError | None = None) -> str:
    visit = files.get_visit(visit_id)
    if visit.status != Status.COMPLETED:
        raise WrongState("Signs are recorded for a visit that has been completed.")
    files.note_reading(visit, actor=access.actor(), now=edge.now())
    visit = files.get_visit(visit_id)
    flags = reports.flags_of(visit, edge.site())
    is_open = {row.id for row in reports.open_reports([visit_id])}
    return page(
        "desk/symptoms.html",
        visit=visit,
        flags=flags,
        signs=[(flag.id, f"{flag.sign} ({flag.when})") for flag in flags.values()],
        reports=reports.of_visit(visit_id),
        open_ids=is_open,
        what_now=symptom_advice.WHAT_NOW,
        clear_reasons=CLEAR_REASONS,
        way="release" if access.is_clinician() else "attest",
        can_clear=access.is_clinician() or edge.site().attestation_allowed,
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
        ticked=request.form.getlist("signs"),
        **releases.choices(),
    )
