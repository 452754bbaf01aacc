"""Recording a patient's new answer for a visit; the gate decides again at once."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import appointments, holds, rulebooks
from booking.errors import BookingError, InvalidRequest
from booking.models.appointment import Appointment, Status
from booking.patients import files
from booking.rescreening import expired_answers
from booking.web import access, edge
from booking.web import questions as inputs
from booking.web.desk.blueprint import attempt, bp, page
from screening import Question, questionnaire


@bp.get("/visits/<int:visit_id>/answers")
def answers(visit_id: int) -> ResponseReturnValue:
    visit = files.get_visit(visit_id)
    files.note_reading(visit, actor=access.actor(), now=edge.now())
    return _page(visit_id, ())


@bp.post("/visits/<int:visit_id>/answers")
def record_answers(visit_id: int) -> ResponseReturnValue:
    visit = files.get_visit(visit_id)
    reading = inputs.read(
        rulebooks.current(edge.site()), _asked(visit), request.form, today=edge.today()
    )
    if reading.problems:
        return _page(visit_id, reading.problems), 422
    result = attempt(
        lambda: appointments.change_answers(
            visit, reading.answers, now=edge.now(), actor=access.actor()
        )
    )
    if isinstance(result, InvalidRequest):
        problems = [
            inputs.Problem(p.field, p.message, p.field) for p in result.problems
        ]
        return _page(visit_id, problems), result.status
    if isinstance(result, BookingError):
        raise result
    clear = result.status == Status.CONFIRMED
    outcome = "The visit is clear and confirmed." if clear else "The visit is held."
    flash(f"Answers recorded. {outcome}", "done" if clear else "info")
    return redirect(url_for(".visit", visit_id=visit_id), 303)


def _page(visit_id: int, problems: tuple | list) -> str:
    visit = files.get_visit(visit_id)
    return page(
        "desk/answers.html",
        visit=visit,
        shown=[
            inputs.show(
                question,
                answers=visit.screening.answers,
                form=request.form if request.method == "POST" else None,
                problems=problems,
            )
            for question in _asked(visit)
        ],
        every=_wants_all(),
        old=request.values.get("old") == "yes",
        problems=problems,
    )


def _asked(visit: Appointment) -> list[Question]:
    """What the open hold waits for; every question if wished, or if none is named."""
    rulebook = rulebooks.current(edge.site())
    every = list(questionnaire(rulebook, visit.treatment, visit.area))
    named = _named(visit)
    if named is None:
        return every
    wanted = [
        question
        for question in every
        if question.id in named
        or (question.asked_if and question.asked_if.question in named)
    ]
    return wanted or every


def _named(visit: Appointment) -> set[str] | None:
    """What is asked by name; None for everything."""
    if request.values.get("old") == "yes":
        return set(expired_answers.to_ask(visit, edge.site(), now=edge.now()))
    hold = holds.open_of(visit)
    if hold is None or _wants_all():
        return None
    return {name for window in holds.windows_of(hold) for name in window.questions}


def _wants_all() -> bool:
    return request.values.get("all") == "yes"
