"""Reading a record from a form of the desk."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import request

from booking import accounts, rulebooks
from booking.errors import FieldProblem, InvalidRequest, NotFound
from booking.models.patient import CLEARED, TREATMENT, Record
from booking.records.entries import ALLERGIES, HOW_CLEARED, HOW_KNOWN, KINDS, Entry
from booking.web import edge
from booking.web import questions as inputs
from booking.web.dates import BadDate, Typed
from booking.web.desk.blueprint import offered, text_of
from screening import Question

ALLERGY = "allergy"
ALLERGY_OPTIONS = (
    ("metal_allergy/steel", "Steel"),
    ("metal_allergy/nickel", "Nickel"),
    ("numbing_reaction/yes", ALLERGIES["numbing_reaction"]),
    ("salicylate_or_phenol_allergy/yes", ALLERGIES["salicylate_or_phenol_allergy"]),
    ("other_allergy/", ALLERGIES["other_allergy"]),
)


def entry_of(kind: str) -> Entry:
    """The entry in the posted form, unchecked but for its date and its answer."""
    if kind not in KINDS:
        raise InvalidRequest.of("kind", "Choose what you want to enter.")
    form = request.form
    entry = Entry(
        kind=kind,
        how_known=form.get("how_known", ""),
        area=form.get("area") or None,
        note=text_of(form, "note"),
    )
    values: dict[str, Any] = asdict(entry)
    if kind == TREATMENT:
        values |= {
            "subject": form.get("treatment", ""),
            "day": _day(),
            "depth_mm": depth_of(form.get("depth_mm", "")),
        }
    elif kind == CLEARED:
        values |= {
            "day": _day(),
            "by": form.get("by", ""),
            "value": text_of(form, "value"),
        }
    elif kind == ALLERGY:
        subject, _, value = form.get("allergy", "").partition("/")
        words = text_of(form, "value")
        values |= {"subject": subject, "value": value or words or None}
    else:
        question = question_of(form.get("question", ""))
        values |= {"subject": question.id, "value": _answer(question)}
    return Entry(**values)


def _day() -> date | None:
    typed = Typed.of(request.form, "day")
    if not typed:
        return None
    try:
        return typed.as_day()
    except BadDate as bad:
        raise InvalidRequest.of("day", bad.message) from None


def _answer(question: Question) -> str | list[str] | None:
    reading = inputs.read(
        rulebooks.current(edge.site()), [question], request.form, today=edge.today()
    )
    if reading.problems:
        raise InvalidRequest(
            [
                FieldProblem(problem.name, problem.message)
                for problem in reading.problems
            ]
        )
    return reading.answers.get(question.id)


def depth_of(text: str) -> float | None:
    """Millimetres as typed, with a point or a comma; None if left empty."""
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise InvalidRequest.of(
            "depth_mm", "Give the depth in millimetres, like 1.5."
        ) from None


def question_of(name: str) -> Question:
    """The question, or NotFound."""
    question = rulebooks.current(edge.site()).questions.get(name)
    if question is None:
        raise NotFound("There is no such question.")
    return question


def choices(kind: str) -> dict[str, Any]:
    """What the form of a kind offers."""
    rulebook = rulebooks.current(edge.site())
    return {
        "kinds": KINDS,
        "kind": kind,
        "areas": [("", "Not known, or everywhere")]
        + [(area.id, area.name) for area in rulebook.areas.values()],
        "elsewhere": [("", "Choose")]
        + [(treatment.id, treatment.name) for treatment in offered()],
        "allergies": [("", "Choose"), *ALLERGY_OPTIONS],
        "ways": [("", "Choose")]
        + list((HOW_CLEARED if kind == CLEARED else HOW_KNOWN).items()),
        "who": [("", "Choose")]
        + [(user.full_name, user.full_name) for user in accounts.clinicians()],
        "all_questions": [("", "Choose")]
        + [(question.id, question.text) for question in rulebook.questions.values()],
    }


def filled(record: Record | None) -> dict[str, Any]:
    """What the form shows: as posted, else as the record that is corrected has it."""
    if request.method == "POST":
        return {**request.form.to_dict(), "typed": Typed.of(request.form, "day")}
    if record is None:
        return {"typed": Typed()}
    value = record.value or {}
    day = record.day.isoformat() if record.day else ""
    return {
        "typed": Typed.from_answer(day) if day else Typed(),
        "treatment": record.subject,
        "area": record.area or "",
        "depth_mm": value.get("depth_mm") or "",
        "by": value.get("by", ""),
        "value": value.get("value", ""),
        "how_known": record.how_known,
        "note": value.get("note", ""),
    }


def shown(question: Question, record: Record | None, refusal: Any) -> inputs.Shown:
    """The question as an input, with what is typed or on record."""
    answers = {question.id: record.value["value"]} if record else {}
    posted = request.form if request.method == "POST" else None
    problems = getattr(refusal, "problems", ())
    return inputs.show(
        question,
        answers=answers,
        form=posted,
        problems=[inputs.Problem(p.field, p.message, p.field) for p in problems],
    )


def kind_of(record: Record) -> str:
    """The kind of form by which a record is corrected; what has none, taken back."""
    return record.kind
