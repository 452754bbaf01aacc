"""Where the clinic's record is stricter than what the patient said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from screening.facts import NEVER
from screening.questions import Question
from screening.windows import Window


def denied(question: Question, answer: object, treatment: str, day: date) -> bool:
    """Whether the answer says that `treatment` on `day` did not happen, or did earlier.

    Only a question that tells of this treatment can deny it; doubt denies nothing.
    """
    if all(report.treatment != treatment for report in question.reports):
        return False
    fact = question.fact(answer)
    if fact is None:
        return False
    if fact.span is None:
        return fact.value == NEVER
    return fact.span.last < day


def contradicted(recorded: Iterable[Window], said: Iterable[Window]) -> bool:
    """Whether the record gives a window that what was said does not give as well."""
    answers = tuple(said)
    return any(
        not any(_includes(answer, window) for answer in answers) for window in recorded
    )


def _includes(wide: Window, narrow: Window) -> bool:
    """Whether `wide` is of the same rule, as strict, and covers all of `narrow`."""
    if wide.rule != narrow.rule or wide.from_day > narrow.from_day:
        return False
    if wide.verdict < narrow.verdict:
        return False
    if wide.release_by.rank < narrow.release_by.rank:
        return False
    if wide.until_day is None:
        return True
    return narrow.until_day is not None and narrow.until_day <= wide.until_day
