"""Booking for a caller: who and what, the same questions, the same gate, a time, done.

The answers so far are a journey, as a patient's are; it also remembers who is calling.
"""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import screenings
from booking.errors import BookingError
from booking.models.patient import Patient
from booking.patients import files
from booking.web import edge, journey
from booking.web import questions as inputs
from booking.web.desk.blueprint import attempt, bp, page
from booking.web.journey import Journey
from booking.web.questions import NOTHING, Answers, Problem


@bp.get("/book")
def book() -> ResponseReturnValue:
    number = request.args.get("patient", "")
    caller = files.get(int(number)) if number.isdecimal() else None
    return page("desk/book.html", caller=caller, problems={}, what="")


@bp.post("/book")
def begin() -> ResponseReturnValue:
    number = request.form.get("patient", "")
    caller = files.get(int(number)) if number.isdecimal() else None
    what = request.form.get("what", "")
    treatment, _, area = what.partition("/")
    known = {"date_of_birth": caller.birth_date} if caller and caller.birth_date else {}
    result = attempt(lambda: journey.begin(treatment, area, answers=known))
    if isinstance(result, BookingError):
        problems = {"what": "Choose a treatment and the area of skin."}
        again = page("desk/book.html", caller=caller, problems=problems, what=what)
        return again, result.status
    result.remember(patient=caller.id if caller else None)
    return redirect(url_for(".ask", key=result.key), 303)


@bp.get("/book/<key>/questions")
def ask(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    return _ask_page(trip) if trip.steps else _screen(trip)


@bp.post("/book/<key>/questions")
def asked(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    direct = [question for step in trip.steps for question in step.direct]
    reading = inputs.read(
        trip.rulebook, direct, request.form, today=edge.today(), required=True
    )
    if reading.problems:
        return _ask_page(trip, reading.problems), 422
    ticked = set(request.form.getlist("tick"))
    _keep(trip, ticked, reading.answers)
    return redirect(url_for(".ask_more", key=key), 303)


@bp.get("/book/<key>/details")
def ask_more(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    return _more_page(trip) if _follow_ups(trip) else _screen(trip)


@bp.post("/book/<key>/details")
def asked_more(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    reading = inputs.read(
        trip.rulebook,
        _follow_ups(trip),
        request.form,
        today=edge.today(),
        required=True,
    )
    if reading.problems:
        return _more_page(trip, reading.problems), 422
    trip.save(answers=trip.answers | reading.answers, pending=())
    return _screen(trip)


def _keep(trip: Journey, ticked: set[str], direct: Answers) -> None:
    """What is not ticked does not apply; what is ticked keeps the answer it had."""
    answers = trip.answers | direct
    for step in trip.steps:
        for question in step.ticks:
            if question.id not in ticked:
                answers[question.id] = question.clear_answer
            elif answers.get(question.id) in NOTHING:
                answers.pop(question.id, None)
        for question in step.questions:
            if question.asked_if and question.asked_if.question not in ticked:
                answers.pop(question.id, None)
    trip.save(answers=answers, pending=ticked - answers.keys())


def _follow_ups(trip: Journey) -> list[Any]:
    return [q for step in trip.steps for q in step.follow_ups(trip.ticked)]


def _screen(trip: Journey) -> ResponseReturnValue:
    """Decide on the answers and, for a patient on file, on the records too."""
    screened = screenings.screen(
        site=edge.site(),
        treatment=trip.draft.treatment,
        area=trip.draft.area,
        answers=trip.answers,
        now=edge.now(),
        patient=caller_of(trip),
        answered_by="staff",
    )
    trip.remember(screening=screened.token)
    return redirect(url_for(".choose_time", key=trip.key), 303)


def _ask_page(trip: Journey, problems: tuple[Problem, ...] = ()) -> str:
    form = request.form if request.method == "POST" else None
    shown = {
        question.id: inputs.show(
            question, answers=trip.answers, form=form, problems=problems
        )
        for step in trip.steps
        for question in step.direct
    }
    ticked = set(request.form.getlist("tick")) if form is not None else trip.ticked
    return page(
        "desk/book_questions.html",
        trip=trip,
        caller=caller_of(trip),
        shown=shown,
        ticked=ticked,
        problems=problems,
    )


def _more_page(trip: Journey, problems: tuple[Problem, ...] = ()) -> str:
    form = request.form if request.method == "POST" else None
    answers = trip.answers
    shown = []
    for question in _follow_ups(trip):
        tick = inputs.is_tick(question)
        if question.kind == "yes_no" and tick:
            # It was ticked, so "yes" is what they said.
            answers.setdefault(question.id, "yes")
        shown.append(
            inputs.show(
                question, answers=answers, form=form, problems=problems, ticked=tick
            )
        )
    return page(
        "desk/book_details.html",
        trip=trip,
        caller=caller_of(trip),
        shown=shown,
        problems=problems,
    )


def caller_of(trip: Journey) -> Patient | None:
    """The patient on file who is calling; None for a new one."""
    number = trip.kept.get("patient")
    return files.get(number) if number else None
