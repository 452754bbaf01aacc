"""“If I book this on that day, which days remain for that?”, from a patient's file."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from flask import request
from flask.typing import ResponseReturnValue

from booking import explanations, what_if
from booking.models.patient import Patient
from booking.patients import files
from booking.web import access, edge
from booking.web.desk.blueprint import bp, day_of, page
from booking.web.desk.effects import Shown, shown
from booking.web.desk.explain import what_of
from screening import Record, Verdict

DAYS = 120
Stretch = tuple[str, date, date]


@bp.get("/patients/<int:patient_id>/what-if")
def ask_what_if(patient_id: int) -> ResponseReturnValue:
    patient = files.get(patient_id)
    files.note_reading(patient, actor=access.actor(), now=edge.now())
    names = ("what", "day", "then")
    typed = {name: request.args.get(name, "").strip() for name in names}
    problems: dict[str, str] = {}
    effects: tuple[Shown, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    if typed["what"]:
        treatment, area = what_of(typed["what"], "what")
        if not typed["day"]:
            problems["day"] = "Give the day on which you would book it."
        elif (day := day_of(typed["day"], "day")) < edge.today():
            problems["day"] = "Choose today or a later day."
        else:
            thought_of = what_if.plan_for(treatment, area, [day])
            situation = what_if.of_patient(patient.id, edge.site(), now=edge.now())
            effects = tuple(
                shown(effect) for effect in what_if.effects(situation, thought_of)
            )
            stretches = _stretches(patient, situation, typed["then"], thought_of)
    return page(
        "desk/what_if.html",
        patient=patient,
        typed=typed,
        problems=problems,
        asked=bool(typed["what"]) and not problems,
        effects=effects,
        stretches=stretches,
        days=DAYS,
    )


def _stretches(
    patient: Patient,
    situation: what_if.Situation,
    then: str,
    thought_of: tuple[Record, ...],
) -> tuple[Stretch, ...]:
    """The days of the next months for the other treatment, alike ones together."""
    if not then:
        return ()
    treatment, area = what_of(then, "then")
    latest = explanations.latest_screening(patient, treatment)
    days = what_if.days_left(
        situation,
        treatment,
        area,
        latest.answers if latest else {},
        thought_of,
        days=DAYS,
    )
    found = []
    for verdict, run in groupby(days, key=lambda day: days[day]):
        stretch = list(run)
        found.append((Verdict(verdict).word, stretch[0], stretch[-1]))
    return tuple(found)
