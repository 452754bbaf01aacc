"""The screening: tick lists, follow-ups only for what was ticked, and a last look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from booking import appointments, reservations, screenings
from booking.courses import keeping
from booking.models.screening import BY_OWNER, BY_PATIENT
from booking.web import after, edge, journey, questions, security, visit_links, words
from booking.web.journey import Journey
from booking.web.questions import NOTHING, Answers, Problem
from booking.web.steps import Step
from screening import Question

bp = Blueprint("screening", __name__, url_prefix="/booking/<key>")
bp.before_request(journey.leave_finished)

Answered = str | Response | tuple[str, int]
Typed = MultiDict[str, str]


@dataclass(frozen=True)
class Told:
    """What a patient said about one question, in words."""

    question: Question
    words: str
    is_follow_up: bool


@dataclass(frozen=True)
class Section:
    """A page of the questionnaire on the last look: what was told, what not ticked."""

    step: Step
    told: tuple[Told, ...]
    unticked: tuple[Question, ...]


@bp.route("/questions/<name>", methods=["GET", "POST"])
@security.limiter.limit(security.PUBLIC_WRITES, methods=["POST"])
def page(key: str, name: str) -> Answered:
    trip = journey.find(key)
    step = trip.step(name)
    if request.method == "GET":
        return _tick_page(trip, step)
    reading = questions.read(
        trip.rulebook, step.direct, request.form, today=edge.today(), required=True
    )
    if reading.problems:
        return _tick_page(trip, step, request.form, reading.problems), 422
    ticked = {q.id for q in step.ticks} & set(request.form.getlist("tick"))
    _keep_ticks(trip, step, ticked, reading.answers)
    return _to(trip, ".follow_up", step) if ticked else _onward(trip, step)


@bp.route("/questions/<name>/more", methods=["GET", "POST"])
@security.limiter.limit(security.PUBLIC_WRITES, methods=["POST"])
def follow_up(key: str, name: str) -> Answered:
    trip = journey.find(key)
    step = trip.step(name)
    asked = step.follow_ups(trip.ticked)
    if not asked:
        return _to(trip, ".page", step)
    if request.method == "GET":
        return _follow_page(trip, step, asked)
    reading = questions.read(
        trip.rulebook, asked, request.form, today=edge.today(), required=True
    )
    if reading.problems:
        return _follow_page(trip, step, asked, request.form, reading.problems), 422
    trip.save(
        answers=trip.answers | reading.answers,
        pending=trip.pending - {q.id for q in asked},
    )
    return _onward(trip, step)


@bp.get("/check")
def review(key: str) -> Answered:
    trip = journey.find(key)
    if step := trip.open_step():
        started = any(q.id in trip.ticked for q in step.ticks)
        return _to(trip, ".follow_up" if started else ".page", step)
    sections = [_section(trip, step) for step in trip.steps]
    return render_template("patient/review.html", trip=trip, sections=sections)


@bp.post("/check")
@security.limiter.limit(security.PUBLIC_WRITES)
def send(key: str) -> Answered:
    trip = journey.find(key)
    if trip.open_step():
        return redirect(url_for(".review", key=key), 303)
    return _answer_anew(trip, trip.visit) if trip.visit else decide(trip)


@bp.post("/forget")
def leave(key: str) -> Answered:
    trip = journey.find(key)
    if reserved := trip.reservation():
        reservations.let_go(reserved, now=edge.now())
    if course := trip.course():
        keeping.let_go(course, now=edge.now())
    journey.forget(trip)
    if trip.visit:
        return redirect(url_for("visit.show", token=trip.visit), 303)
    return redirect(url_for("patient.home", left=1), 303)


def decide(trip: Journey) -> Response:
    """Store the answers and what they come to, and show the calendar."""
    owner = trip.owner
    screened = screenings.screen(
        site=edge.site(),
        treatment=trip.draft.treatment,
        area=trip.draft.area,
        answers=trip.answers,
        now=edge.now(),
        patient=owner,
        answered_by=BY_OWNER if owner else BY_PATIENT,
    )
    trip.remember(screening=screened.token)
    return redirect(url_for("calendar.month_page", key=trip.key), 303)


def _answer_anew(trip: Journey, token: str) -> Response:
    """Decide a booked visit again, and show what became of it."""
    opened = visit_links.change(token)
    rescreened = appointments.change_answers(
        opened.appointment, trip.given, now=edge.now(), actor=opened.actor
    )
    journey.forget(trip)
    response = redirect(url_for("visit.show", token=token, told=1), 303)
    return after.check_records(response, rescreened.appointment)


def _keep_ticks(trip: Journey, step: Step, ticked: set[str], direct: Answers) -> None:
    """What is not ticked does not apply; what is ticked keeps the answer it had."""
    answers = trip.answers | direct
    for question in step.ticks:
        if question.id not in ticked:
            answers[question.id] = question.clear_answer
        elif answers.get(question.id) in NOTHING:
            answers.pop(question.id, None)
    for question in step.questions:
        if question.asked_if and question.asked_if.question not in ticked:
            answers.pop(question.id, None)
    elsewhere = trip.pending - {q.id for q in step.ticks}
    trip.save(answers=answers, pending=elsewhere | (ticked - answers.keys()))


def _onward(trip: Journey, step: Step) -> Response:
    following = trip.after(step)
    if following is None or "change" in request.args:
        return redirect(url_for(".review", key=trip.key), 303)
    return _to(trip, ".page", following)


def _to(trip: Journey, endpoint: str, step: Step) -> Response:
    change = request.args.get("change")
    return redirect(url_for(endpoint, key=trip.key, name=step.id, change=change), 303)


def _tick_page(
    trip: Journey,
    step: Step,
    form: Typed | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    ticked = trip.ticked if form is None else set(form.getlist("tick"))
    return render_template(
        "patient/ticks.html",
        trip=trip,
        step=step,
        ticked=ticked,
        problems=problems,
        direct=[
            questions.show(q, answers=trip.answers, form=form, problems=problems)
            for q in step.direct
        ],
    )


def _follow_page(
    trip: Journey,
    step: Step,
    asked: Sequence[Question],
    form: Typed | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    answers = trip.answers
    for question in asked:
        if question.kind == "yes_no":
            # It was ticked, so "yes" is what they said; doubt is one tap away.
            answers.setdefault(question.id, "yes")
    return render_template(
        "patient/follow_up.html",
        trip=trip,
        step=step,
        problems=problems,
        asked=[
            questions.show(
                q,
                answers=answers,
                form=form,
                problems=problems,
                ticked=questions.is_tick(q),
            )
            for q in asked
        ],
    )


def _section(trip: Journey, step: Step) -> Section:
    answers = trip.answers
    told = tuple(
        Told(q, words.answer(q, answers[q.id]), q.asked_if is not None)
        for q in step.questions
        if questions.applies(q, answers)
        and not (questions.is_tick(q) and answers[q.id] in NOTHING)
    )
    unticked = tuple(q for q in step.ticks if answers[q.id] in NOTHING)
    return Section(step, told, unticked)
