"""What the clinic knows, at the desk: enter it, correct it, take it back."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.errors import BookingError, NotFound
from booking.models.patient import ANSWER, Record
from booking.patients import files
from booking.records import filing
from booking.records.entries import KINDS
from booking.web import access, edge
from booking.web.desk import record_forms, record_words, releases
from booking.web.desk.blueprint import attempt, bp, page, problems_of, text_of

DONE = "The visits to come are looked at again."


@bp.get("/patients/<int:patient_id>/records/new")
def new_record(patient_id: int) -> ResponseReturnValue:
    return _form(patient_id, request.args.get("kind", ""))


@bp.post("/patients/<int:patient_id>/records")
def enter_record(patient_id: int) -> ResponseReturnValue:
    kind = request.form.get("kind", "")

    def act() -> Record:
        return filing.enter(
            edge.site(),
            patient_id,
            record_forms.entry_of(kind),
            now=edge.now(),
            actor=access.actor(),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _form(patient_id, kind, result), result.status
    flash(f"Put on file. {DONE}", "done")
    return redirect(url_for(".patient", patient_id=patient_id, _anchor="records"), 303)


@bp.get("/records/<int:record_id>/correct")
def correct_record(record_id: int) -> ResponseReturnValue:
    record = filing.get_record(record_id)
    patient = files.get(record.patient_id)
    files.note_reading(patient, actor=access.actor(), now=edge.now())
    return _correction(record_id)


@bp.post("/records/<int:record_id>/correct")
def do_correct(record_id: int) -> ResponseReturnValue:
    record = filing.get_record(record_id)
    kind, patient_id = record_forms.kind_of(record), record.patient_id

    def act() -> Record:
        return filing.correct(
            edge.site(),
            record_id,
            record_forms.entry_of(kind),
            why=text_of(request.form, "why"),
            now=edge.now(),
            actor=access.actor(),
            attested_by=releases.attested_by(request.form),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _correction(record_id, result), result.status
    flash(f"Corrected. {DONE}", "done")
    return redirect(url_for(".patient", patient_id=patient_id, _anchor="records"), 303)


@bp.post("/records/<int:record_id>/withdraw")
def withdraw_record(record_id: int) -> ResponseReturnValue:
    patient_id = filing.get_record(record_id).patient_id

    def act() -> Record:
        return filing.withdraw(
            edge.site(),
            record_id,
            why=text_of(request.form, "why"),
            now=edge.now(),
            actor=access.actor(),
            attested_by=releases.attested_by(request.form),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _correction(record_id, result), result.status
    flash(f"Taken back. {DONE}", "done")
    return redirect(url_for(".patient", patient_id=patient_id, _anchor="records"), 303)


def _form(patient_id: int, kind: str, refusal: BookingError | None = None) -> str:
    name = request.values.get("question", "")
    question = record_forms.question_of(name) if name and kind == ANSWER else None
    return page(
        "desk/record.html",
        person=files.get(patient_id),
        record=None,
        only_back=False,
        row=None,
        question=record_forms.shown(question, None, refusal) if question else None,
        refusal=refusal,
        problems=problems_of(refusal),
        form=record_forms.filled(None),
        **record_forms.choices(kind if kind in KINDS else ""),
        **releases.choices(),
    )


def _correction(record_id: int, refusal: BookingError | None = None) -> str:
    record = filing.get_record(record_id)
    if record.kind not in filing.WITHDRAWABLE:
        raise NotFound("This record is not corrected here.")
    kind = record_forms.kind_of(record)
    question = record_forms.question_of(record.subject) if kind == ANSWER else None
    return page(
        "desk/record.html",
        person=files.get(record.patient_id),
        record=record,
        only_back=record.kind not in filing.CORRECTABLE,
        row=record_words.rows([record])[0],
        question=record_forms.shown(question, record, refusal) if question else None,
        refusal=refusal,
        problems=problems_of(refusal),
        form=record_forms.filled(record),
        **record_forms.choices(kind),
        **releases.choices(),
    )
