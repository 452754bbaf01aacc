"""What must come before a treatment: the manager's setting, and results of tests."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import prerequisites
from booking.errors import BookingError, NotFound, Problems
from booking.models.account import CLINICIAN, MANAGER
from booking.patients import files
from booking.requirements import CONSULTATION_ID, required_for
from booking.web import access, edge
from booking.web.desk.blueprint import (
    attempt,
    bp,
    day_of,
    offered,
    page,
    problems_of,
    text_of,
)
from screening import Requirement
from screening.requirements import KINDS

KIND_WORDS = {"consultation": "A consultation", "patch_test": "A patch test"}
PARTS = ("hours", "days")
_WHOLE = {
    "hours": "Give the hours as a whole number.",
    "days": "Give the days as a whole number.",
}


@bp.get("/settings/before")
@access.only(MANAGER, CLINICIAN)
def before_treatments() -> ResponseReturnValue:
    rows = [
        (treatment, required_for(treatment.id))
        for treatment in offered()
        if treatment.id != CONSULTATION_ID
    ]
    is_manager = any(role.name == MANAGER for role in access.user().roles)
    return page(
        "desk/before.html", rows=rows, kind_words=KIND_WORDS, can_change=is_manager
    )


@bp.get("/settings/before/<treatment>")
@access.only(MANAGER)
def before_treatment(treatment: str) -> ResponseReturnValue:
    form: dict[str, str] = {}
    for one in required_for(treatment):
        form |= {
            one.kind: "yes",
            f"{one.kind}_hours": str(one.least_hours),
            f"{one.kind}_days": str(one.valid_days),
        }
    return _form_page(treatment, form)


@bp.post("/settings/before/<treatment>")
@access.only(MANAGER)
def change_before(treatment: str) -> ResponseReturnValue:
    result = attempt(
        lambda: prerequisites.change(
            edge.site(),
            treatment,
            _stated(request.form),
            now=edge.now(),
            actor=access.actor(),
        )
    )
    if isinstance(result, BookingError):
        return _form_page(treatment, request.form, result), result.status
    flash("Saved. Visits to come are looked at again now.", "done")
    return redirect(url_for(".before_treatments"), 303)


@bp.post("/patients/<int:patient_id>/patch-test")
@access.only(CLINICIAN)
def enter_patch_test(patient_id: int) -> ResponseReturnValue:
    patient = files.get(patient_id)
    form = request.form
    result = attempt(
        lambda: prerequisites.enter_result(
            patient,
            form.get("treatment", ""),
            day_of(form.get("day", ""), "day"),
            form.get("result", ""),
            text_of(form, "how_known"),
            site=edge.site(),
            now=edge.now(),
            actor=access.actor(),
        )
    )
    if isinstance(result, BookingError):
        again = _patch_page(patient_id, form, result)
        return again, result.status
    flash("The result is on record.", "done")
    return redirect(url_for(".patient", patient_id=patient_id), 303)


@bp.get("/patients/<int:patient_id>/patch-test")
@access.only(CLINICIAN)
def patch_test(patient_id: int) -> ResponseReturnValue:
    return _patch_page(patient_id, {"day": edge.today().isoformat()})


def _patch_page(
    patient_id: int, form: Mapping[str, str], refusal: BookingError | None = None
) -> str:
    return page(
        "desk/patch_test.html",
        patient=files.get(patient_id),
        results=prerequisites.RESULTS,
        form=form,
        refusal=refusal,
        problems=problems_of(refusal),
    )


def _form_page(
    treatment: str, form: Mapping[str, str], refusal: BookingError | None = None
) -> str:
    chosen = next((one for one in offered() if one.id == treatment), None)
    if chosen is None or treatment == CONSULTATION_ID:
        raise NotFound
    return page(
        "desk/before_one.html",
        treatment=chosen,
        kinds=KIND_WORDS,
        form=form,
        refusal=refusal,
        problems=problems_of(refusal),
    )


def _stated(form: Mapping[str, str]) -> list[Requirement]:
    """What the form asks for; InvalidRequest names a field that is no whole number."""
    problems = Problems()
    found = []
    for kind in KINDS:
        if kind not in form:
            continue
        numbers = [_number(form, f"{kind}_{part}", problems) for part in PARTS]
        found.append(Requirement(kind, *numbers))
    problems.raise_if_any()
    return found


def _number(form: Mapping[str, str], name: str, problems: Problems) -> int:
    text = form.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        problems.add(name, _WHOLE[name.rpartition("_")[2]])
        return 0
    return int(text)
