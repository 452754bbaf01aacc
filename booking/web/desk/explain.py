""" "Explain this day": why it is clear, held or refused, and whether there is room."""

from __future__ import annotations

from datetime import date

from flask import request
from flask.typing import ResponseReturnValue

from booking import appointments, explanations, gate, rulebooks
from booking.diary.calendar import Search
from booking.errors import InvalidRequest
from booking.models.appointment import Appointment
from booking.models.patient import Patient
from booking.models.screening import Screening
from booking.patients import files
from booking.web import access, edge
from booking.web.desk.blueprint import bp, day_given, page, visit_day
from booking.web.desk.telling import words_of


@bp.get("/explain")
def explain() -> ResponseReturnValue:
    visit = _visit()
    patient = visit.patient if visit else _patient()
    if patient is None:
        return page(
            "desk/explain.html", patient=None, told=None, visit=None, problem=""
        )
    files.note_reading(patient, actor=access.actor(), now=edge.now())
    day = visit_day(visit) if visit and "day" not in request.args else day_given()
    treatment, area = _chosen(visit)
    told, said = None, {}
    if treatment:
        screening = _screening(patient, treatment, area, visit)
        own = visit if visit and screening is visit.screening else None
        day = max(day, edge.today())
        told = _explain(patient, (treatment, area), day, screening, own)
        said = words_of(screening.answers) if screening else {}
    unchosen = "what" in request.args and not treatment
    shown = page(
        "desk/explain.html",
        visit=visit,
        patient=patient,
        treatment=treatment,
        area=area,
        day=day,
        told=told,
        said=said,
        problem="Choose a treatment and area." if unchosen else "",
    )
    return shown, 422 if unchosen else 200


def _screening(
    patient: Patient, treatment: str, area: str, visit: Appointment | None
) -> Screening | None:
    """The answers to go by: the visit's own, else the patient's latest."""
    if visit is not None and (treatment, area) == (visit.treatment, visit.area):
        return visit.screening
    return explanations.latest_screening(patient, treatment)


def _explain(
    patient: Patient,
    what: tuple[str, str],
    day: date,
    screening: Screening | None,
    visit: Appointment | None,
) -> explanations.Explanation:
    site, now = edge.site(), edge.now()
    treatment, area = what
    clearance = gate.clearance_for(
        site,
        treatment,
        area,
        screening.answers if screening else {},
        given_on=screening.given_on if screening else None,
        now=now,
        patient_id=patient.id,
        ignoring=visit.id if visit else None,
    )
    search = Search(
        site,
        treatment,
        now,
        appointments.is_first_visit(patient.id, treatment),
        staff=True,
        ignoring=visit.id if visit else None,
    )
    return explanations.of_day(
        search,
        clearance,
        day,
        answers_from=screening.created_at if screening else None,
        visit=visit,
    )


def _visit() -> Appointment | None:
    number = request.args.get("visit", "")
    return files.get_visit(int(number)) if number.isdecimal() else None


def _patient() -> Patient | None:
    number = request.args.get("patient", "")
    return files.get(int(number)) if number.isdecimal() else None


def _chosen(visit: Appointment | None) -> tuple[str, str]:
    """The treatment and area of the form, of the visit, or none yet."""
    text = request.args.get("what", "")
    if not text:
        return (visit.treatment, visit.area) if visit else ("", "")
    return what_of(text, "what")


def what_of(text: str, name: str) -> tuple[str, str]:
    """Treatment and area as the list of both writes them, or InvalidRequest."""
    treatment, _, area = text.partition("/")
    known = rulebooks.current(edge.site()).treatments.get(treatment)
    if known is None or area not in known.areas:
        raise InvalidRequest.of(name, "Choose one of the treatments and areas.")
    return treatment, area
