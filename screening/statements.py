"""What is stated: answers and recorded answers as facts, and what was left open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from screening.facts import NEVER, UNSURE, Fact, Provenance, Record
from screening.questions import Question
from screening.rulebook import Rulebook
from screening.sheets import Sheet


@dataclass(slots=True)
class Statements:
    """The facts by question, and the questions that nobody answered."""

    facts: dict[str, list[Fact]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    strange: list[Fact] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        """One more fact."""
        self.facts.setdefault(fact.question, []).append(fact)


def state(
    rulebook: Rulebook,
    sheet: Sheet,
    answers: Mapping[str, object],
    records: Iterable[Record],
    *,
    today: date,
    given_on: Mapping[str, date],
) -> Statements:
    """Read answers and records; what cannot be read is unsure, and never clear."""
    stated = Statements()
    _take_answers(stated, sheet, answers, today)
    for name, facts in stated.facts.items():
        if given := given_on.get(name):
            facts[:] = [fact.given_on(given) for fact in facts]
    for name in answers.keys() - rulebook.questions.keys():
        stated.strange.append(Fact(str(name), UNSURE))
    for record in records:
        if record.kind == "answer":
            _add_record(stated, rulebook, sheet, record, today)
    return stated


def _take_answers(
    stated: Statements, sheet: Sheet, answers: Mapping[str, object], today: date
) -> None:
    for name, idle, question, may_miss in sheet.lines:
        value = answers.get(name)
        if value is None:
            if not may_miss:
                _leave_open(stated, question)
        elif value != idle:
            said = _meant(question, _read(question, value, today))
            _add(stated, sheet, question, said)


def _leave_open(stated: Statements, question: Question) -> None:
    """Silence; a follow-up is never missed, because its longest reading counts."""
    stated.missing.append(question.id)
    if question.missing_counts_as:
        stated.add(Fact(question.id, question.missing_counts_as))


def _read(question: Question, value: object, today: date) -> Fact:
    """The fact that a value states; the unreadable and the untimely are unsure."""
    fact = question.fact(value)
    if fact is None:
        return Fact(question.id, UNSURE)
    past = question.tense in ("past", "state")
    if past and fact.span is not None and fact.span.first > today:
        return Fact(question.id, UNSURE)
    return fact


def _meant(question: Question, fact: Fact) -> Fact:
    """The unsafe reading of unsure where the question has one."""
    if fact.value == UNSURE and question.unsure_counts_as:
        return replace(fact, value=question.unsure_counts_as)
    return fact


def _add(stated: Statements, sheet: Sheet, question: Question, fact: Fact) -> None:
    """Add a fact and the ones that it implies."""
    stated.add(fact)
    if question.kind != "when" or fact.value in (NEVER, UNSURE):
        return
    for implied in sheet.questions:
        if question.id in implied.implied_by:
            yes = replace(fact, question=implied.id, value="yes", via=question.id)
            stated.add(replace(yes, span=None, area=None))


def _add_record(
    stated: Statements, rulebook: Rulebook, sheet: Sheet, record: Record, today: date
) -> None:
    question = rulebook.questions.get(record.subject)
    if question is None:
        stated.strange.append(
            Fact(record.subject, UNSURE, None, Provenance.RECORD, None, record.ref)
        )
        return
    fact = replace(
        _meant(question, _read(question, record.value, today)),
        provenance=Provenance.RECORD,
        area=record.area if question.area_specific else None,
        ref=record.ref,
        given=record.day,
    )
    _add(stated, sheet, question, fact)
