"""Reads the pages and questions."""

from __future__ import annotations

from collections.abc import Mapping

from screening.questions import (
    KINDS,
    TENSES,
    Choice,
    Follow,
    Page,
    Question,
    Report,
)
from screening.reading import Document, Entry

YES_NO = (
    Choice("yes", "Yes"),
    Choice("no", "No"),
    Choice("unsure", "I am not sure"),
)
_WORDS = (
    "id", "page", "kind", "tense", "text", "help", "label", "clear_answer", "rules",
    "choices", "asked_if", "area_specific", "valid_days", "unsure_counts_as",
    "missing_counts_as", "implied_by", "reports",
)  # fmt: skip


def read_pages(document: Document) -> tuple[Page, ...]:
    """The pages, in order."""
    pages = []
    for entry in document.entries("page"):
        entry.only("id", "title", "intro")
        pages.append(Page(entry.text("id"), entry.text("title"), entry.text("intro")))
    return tuple(pages)


def read_questions(
    document: Document, treatments: Mapping[str, object]
) -> dict[str, Question]:
    """The questions, in order, checked against each other."""
    valid_days = _valid_days(document.section("defaults"))
    pages = {page.id for page in read_pages(document)}
    questions: dict[str, Question] = {}
    for entry in document.entries("question"):
        question = _question(entry, valid_days, questions)
        if question.id in questions:
            raise entry.error("is there twice")
        if question.page not in pages:
            raise entry.error(f"there is no page {question.page!r}", "page")
        for report in question.reports:
            if report.treatment not in treatments:
                raise entry.error(f"there is no treatment {report.treatment!r}")
        questions[question.id] = question
    return questions


def _valid_days(entry: Entry, default: int | None = None) -> int:
    # A hundred years: what never changes need not be asked again.
    days = entry.days("valid_days", default, most=36525)
    if days == 0:
        raise entry.error("must be at least one day", "valid_days")
    return days


def _question(
    entry: Entry, valid_days: int, before: Mapping[str, Question]
) -> Question:
    entry.only(*_WORDS)
    kind = entry.one_of("kind", KINDS)
    question = Question(
        id=entry.text("id"),
        text=entry.text("text"),
        help=entry.text("help"),
        page=entry.text("page"),
        label=entry.text("label"),
        kind=kind,
        choices=_choices(entry, kind),
        asked_if=_follow(entry, before),
        area_specific=entry.flag("area_specific"),
        valid_days=_valid_days(entry, valid_days),
        clear_answer=_clear_answer(entry, kind),
        rules=entry.texts("rules"),
        tense=entry.one_of("tense", TENSES),
        unsure_counts_as=entry.maybe_text("unsure_counts_as"),
        missing_counts_as=entry.maybe_text("missing_counts_as"),
        implied_by=_implied_by(entry, before),
        reports=tuple(_report(child) for child in entry.children("reports")),
    )
    _check_values(entry, question)
    return question


def _check_values(entry: Entry, question: Question) -> None:
    """The values that the entry names must be answers that the question takes."""
    if question.fact(question.clear_answer) is None:
        raise entry.error("is no answer to this question", "clear_answer")
    for key in ("unsure_counts_as", "missing_counts_as"):
        value = entry.maybe_text(key)
        if value is not None and question.fact(value) is None:
            raise entry.error("is no answer to this question", key)
    for word in (question.text, question.label):
        if not word.strip():
            raise entry.error("needs a text and a label")


def _choices(entry: Entry, kind: str) -> tuple[Choice, ...]:
    if kind == "yes_no":
        return YES_NO
    choices = []
    for child in entry.children("choices"):
        child.only("value", "label")
        choices.append(Choice(child.text("value"), child.text("label")))
    values = [choice.value for choice in choices]
    if len(set(values)) < len(values):
        raise entry.error("names a value twice", "choices")
    if bool(choices) != (kind in ("choice", "choices")):
        raise entry.error(f"a {kind} question cannot have these", "choices")
    if kind == "choice" and "unsure" not in values:
        raise entry.error("must offer unsure", "choices")
    return tuple(choices)


def _follow(entry: Entry, before: Mapping[str, Question]) -> Follow | None:
    parent = entry.maybe_text("asked_if")
    if parent is None:
        return None
    if parent not in before or before[parent].kind != "when":
        raise entry.error(f"no dated question {parent!r} stands above", "asked_if")
    return Follow(parent, before[parent].label)


def _implied_by(entry: Entry, before: Mapping[str, Question]) -> tuple[str, ...]:
    names = entry.texts("implied_by", ())
    for name in names:
        if name not in before or before[name].kind != "when":
            raise entry.error(f"no dated question {name!r} stands above", "implied_by")
    return names


def _clear_answer(entry: Entry, kind: str) -> str | list[str]:
    if kind == "choices":
        return list(entry.texts("clear_answer"))
    return entry.text("clear_answer")


def _report(entry: Entry) -> Report:
    entry.only("treatment", "case")
    return Report(entry.text("treatment"), entry.maybe_text("case"))
