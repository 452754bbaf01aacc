"""What a patient answered, in words: what applies, apart from all the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking import rulebooks
from booking.models.screening import Screening
from booking.web import edge, words
from screening import Conflict, Question

Row = tuple[str, str]
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
DONE = {
    "answers": "New answers",
    "arrive": "Arrived",
    "book": "Booked",
    "cancel": "Cancelled",
    "checkin.silent": "No answer to the check-in",
    "cleared": "Safe again: confirmed by itself",
    "complete": "Completed",
    "conflict.settle": "Settled which counts, answer or record",
    "decline": "Request declined",
    "expire": "Request ran out",
    "export": "File exported",
    "hold": "Held",
    "mail.again": "E-mail sent again",
    "mail.aside": "Told in another way",
    "move": "Moved",
    "no_show": "Did not come",
    "notes.correct": "Notes of the visit put right",
    "recheck": "Said whether anything has changed",
    "record": "Result of a patch test put on file",
    "record.correct": "A record corrected",
    "record.enter": "Put on file",
    "record.withdraw": "A record taken back",
    "reheld": "Became held",
    "release": "Hold released",
    "rescreen_refused": "Not safe on that day any more",
    "symptom.call": "Reported signs, or asked for a call",
    "symptom.fine": "Said that all is fine",
    "symptom.clear": "Signs cleared",
    "urgent": "Deadline of a hold passed",
}
"""What was done, for the file of a patient: the words of the audit trail's actions."""


@dataclass(frozen=True)
class Told:
    """`said` are the answers that are not the harmless ones; `rest` are those."""

    said: tuple[Row, ...]
    rest: tuple[Row, ...]
    by: str
    at: datetime


def words_of(answers: Mapping[str, Any]) -> dict[str, str]:
    """Question id → what was answered, in words."""
    known = rulebooks.current(edge.site()).questions
    return {
        name: _in_words(known[name], answer)
        for name, answer in answers.items()
        if name in known
    }


def _in_words(question: Question, answer: Any) -> str:
    if isinstance(answer, list):
        # A choice may have left the rulebook since.
        answer = [item for item in answer if item in question.values]
    return words.answer(question, answer)


def told(screening: Screening) -> Told:
    """The answers of a screening, as the rulebook in force words its questions."""
    said: list[Row] = []
    rest: list[Row] = []
    for name, question in rulebooks.current(edge.site()).questions.items():
        answer = screening.answers.get(name)
        if answer is None:
            continue
        row = (question.text, _in_words(question, answer))
        (rest if answer == question.clear_answer else said).append(row)
    return Told(tuple(said), tuple(rest), screening.answered_by, screening.created_at)


def said_words(conflict: Conflict) -> str:
    """The answer of a conflict as its patient would say it."""
    return _if_answer(conflict, conflict.answer)


def record_words(conflict: Conflict) -> str:
    """The record of a conflict: a treatment with its day, or an answer in words."""
    return _if_answer(conflict, conflict.record)


def _if_answer(conflict: Conflict, text: str) -> str:
    question = rulebooks.current(edge.site()).questions.get(conflict.question)
    if question is None or question.kind == "choices" or question.fact(text) is None:
        return _DAY.sub(lambda found: words.date_answer(found[0]), text)
    return _in_words(question, text)
