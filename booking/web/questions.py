"""Screening questions as inputs: what is drawn, and what a posted form answers.

Knows nothing of patients or staff: the patient's pages and the desk draw and read the
same inputs. `templates/forms.html` has the macro `question(shown)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from booking.web.dates import BadDate, Typed
from screening import AnswerErrors, Question, Rulebook, check_answers

Answer = str | list[str]
Answers = dict[str, Answer]

PLEASE_ANSWER = "Please answer: {}"
ENTER_DATE = "Enter the day, the month and the year: {}."
DAY, MONTH = "day", "month"
NOTHING: tuple[Answer, ...] = ("no", "never", "none", "", [])
"""Clear answers that say that a thing does not apply: such a question can be a tick."""

_NEVER = {"past": "No, never", "state": "No", "future": "Nothing planned", "both": "No"}
_NOW = {"past": "Today", "state": "Yes, now", "future": "Today", "both": "Yes, now"}
_DAY = {
    "past": "On this date",
    "state": "Not any more. It ended on",
    "future": "On this date",
    "both": "It ended, or is planned, on",
}
_MONTH = "I only know the month or the year"
_UNSURE = "I am not sure"


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with one question; `part` is the box of a date that is wrong."""

    name: str
    message: str
    anchor: str
    part: str = ""


@dataclass(frozen=True)
class Shown:
    """A question ready to be drawn: its options and what is filled in so far."""

    question: Question
    options: tuple[Option, ...]
    chosen: tuple[str, ...]
    day: Typed
    month: Typed
    text: str
    problem: Problem | None


@dataclass(frozen=True)
class Reading:
    """The answers that a form holds, and what could not be read."""

    answers: Answers = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def is_tick(question: Question) -> bool:
    """Whether leaving it unticked can say that it does not apply."""
    return question.asked_if is None and question.clear_answer in NOTHING


def applies(question: Question, answers: Mapping[str, Answer]) -> bool:
    """Whether it is asked: a follow-up only of what is so, dated or unsure."""
    if question.asked_if is None:
        return True
    return answers.get(question.asked_if.question) not in (None, *NOTHING)


def show(
    question: Question,
    *,
    answers: Mapping[str, Answer],
    form: MultiDict[str, str] | None = None,
    problems: Iterable[Problem] = (),
    ticked: bool = False,
) -> Shown:
    """The question with its stored answer, or as typed if *form* is given.

    *ticked* leaves out the answer that it does not apply: that was said by ticking it.
    """
    options = tuple(_options(question, ticked=ticked))
    problem = next((p for p in problems if p.name == question.id), None)
    if form is not None:
        return _as_typed(question, options, form, problem)
    answer = answers.get(question.id, "")
    if isinstance(answer, list):
        chosen, text = tuple(answer), ""
    else:
        chosen, text = (_option_of(question, answer),), answer
    typed = Typed.from_answer(text) if question.kind in ("when", "date") else Typed()
    whole = typed if typed.day else Typed()
    return Shown(
        question, options, chosen, whole, Typed() if typed.day else typed, text, problem
    )


def _as_typed(
    question: Question,
    options: tuple[Option, ...],
    form: MultiDict[str, str],
    problem: Problem | None,
) -> Shown:
    name = question.id
    return Shown(
        question=question,
        options=options,
        chosen=tuple(form.getlist(name)),
        day=Typed.of(form, name),
        month=Typed.of(form, f"{name}-some"),
        text=form.get(name, ""),
        problem=problem,
    )


def read(
    rulebook: Rulebook,
    questions: Sequence[Question],
    form: MultiDict[str, str],
    *,
    today: date,
    required: bool = False,
) -> Reading:
    """The answers to *questions* in *form*; what was left open is missing, or a problem
    if *required*."""
    answers: Answers = {}
    problems: list[Problem] = []
    for question in questions:
        try:
            answer = _answer(question, form)
        except BadDate as bad:
            problems.append(_bad_date(question, form, bad))
            continue
        if answer is None or (required and answer == []):
            problems += [_open(question)] if required else []
        else:
            answers[question.id] = answer
    try:
        answers = check_answers(rulebook, answers, today=today)
    except AnswerErrors as refused:
        problems += [
            Problem(e.field, e.message, _anchor(rulebook, e.field, form))
            for e in refused.errors
        ]
    order = [question.id for question in questions]
    problems.sort(key=lambda problem: order.index(problem.name))
    return Reading(answers, tuple(problems))


def _answer(question: Question, form: MultiDict[str, str]) -> Answer | None:
    name = question.id
    if question.kind == "choices":
        # An empty list means "none of these"; the marker tells it from "not asked".
        asked = f"{name}-asked" in form
        return form.getlist(name) if asked or name in form else None
    if question.kind == "date":
        typed = Typed.of(form, name)
        return typed.as_day().isoformat() if typed else None
    if question.kind == "when":
        return _moment(name, form)
    return form.get(name, "").strip() or None


def _moment(name: str, form: MultiDict[str, str]) -> str | None:
    chosen = form.get(name, "").strip()
    typed, month = Typed.of(form, name), Typed.of(form, f"{name}-some")
    if chosen == DAY or (not chosen and typed):
        return typed.as_day().isoformat()
    if chosen == MONTH or (not chosen and month):
        return month.as_month()
    return chosen or None


def _bad_date(question: Question, form: MultiDict[str, str], bad: BadDate) -> Problem:
    some = question.kind == "when" and form.get(question.id) == MONTH
    boxes = f"{question.id}-some" if some else question.id
    return Problem(question.id, bad.message, f"{boxes}-{bad.part}", bad.part)


def _open(question: Question) -> Problem:
    name = question.id
    if question.kind == "date":
        label = question.label[0].lower() + question.label[1:]
        return Problem(name, ENTER_DATE.format(label), f"{name}-day", "day")
    return Problem(name, PLEASE_ANSWER.format(question.text), name)


def _anchor(rulebook: Rulebook, name: str, form: MultiDict[str, str]) -> str:
    question = rulebook.questions.get(name)
    if question is None or question.kind not in ("date", "when"):
        return name
    if question.kind == "date" or form.get(name) == DAY:
        return f"{name}-day"
    return f"{name}-some-month" if form.get(name) == MONTH else name


def _options(question: Question, *, ticked: bool) -> Iterable[Option]:
    if question.kind == "when":
        yield from _moments(question.tense, ticked=ticked)
    elif question.kind == "yes_no":
        yield Option("yes", "Yes")
        if not ticked:
            yield Option("no", "No")
        yield Option("unsure", _UNSURE)
    else:
        for choice in question.choices:
            if not (ticked and choice.value == question.clear_answer):
                yield Option(choice.value, choice.label)


def _moments(tense: str, *, ticked: bool) -> Iterable[Option]:
    if not ticked:
        yield Option("never", _NEVER[tense])
    yield Option("now", _NOW[tense])
    yield Option(DAY, _DAY[tense])
    yield Option(MONTH, _MONTH)
    yield Option("unsure", _UNSURE)


def _option_of(question: Question, answer: str) -> str:
    if question.kind != "when" or not answer[:4].isdecimal():
        return answer
    return DAY if len(answer) == len("2026-01-01") else MONTH
