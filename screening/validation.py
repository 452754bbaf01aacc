"""Checks a rulebook as a whole: questions have a use, clear answers block nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from screening.questions import Question
from screening.readers.rules import Placed, RuleSet
from screening.reading import Document, Entry
from screening.rules.model import Findings, Sight
from screening.sheets import Sheet

_SOME_DAY = date(2030, 1, 1)


def check_uses(
    document: Document,
    found: RuleSet,
    clauses: Iterable[Placed],
    questions: Mapping[str, Question],
) -> None:
    """The rules that a question names exist and read it; every question is read."""
    reads = _reads(found, clauses)
    for entry in document.entries("question"):
        question = questions[entry.text("id")]
        if not question.rules:
            raise entry.error("names no rule", "rules")
        for rule in question.rules:
            if rule not in found.rules:
                raise entry.error(f"there is no rule {rule!r}", "rules")
            if rule not in reads.get(question.id, ()):
                raise entry.error(f"{rule} does not read this question", "rules")


def _reads(found: RuleSet, clauses: Iterable[Placed]) -> dict[str, set[str]]:
    """For every question the rules that look at it."""
    reads: dict[str, set[str]] = {}
    # What is switched off, or not for this device, reads its questions all the same.
    spare = found.spare or RuleSet()
    for placed in (*clauses, *spare.clauses):
        for name in placed.clause.reads():
            reads.setdefault(name, set()).add(placed.rule.id)
    for tabled in spare.tabled:
        for key in ("question", "by"):
            name = tabled.entry.text(key, "")
            reads.setdefault(name, set()).add(tabled.context.rule.id)
    return reads


def check_clear_answers(
    document: Document,
    sheets: Mapping[tuple[str, str], Sheet],
    questions: Mapping[str, Question],
) -> None:
    """No clear answer may block or advise: screening skips them for speed."""
    entries = {entry.text("id"): entry for entry in document.entries("question")}
    for sheet in sheets.values():
        for question in sheet.questions:
            if question.kind != "date":
                _check_clear(entries[question.id], sheet, question, questions)


def _check_clear(
    entry: Entry,
    sheet: Sheet,
    question: Question,
    questions: Mapping[str, Question],
) -> None:
    fact = question.fact(question.clear_answer)
    found = Findings(_SOME_DAY)
    if fact is not None:
        for clause in sheet.clauses.get(question.id, ()):
            clause.judge(fact, Sight(_SOME_DAY, {}, questions), found)
    if found.windows or found.notices:
        raise entry.error(f"is not clear for {sheet.treatment}", "clear_answer")
