"""Joins the table of intervals with the rules about one treatment after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from screening.questions import Question
from screening.readers.bands import check_cases
from screening.readers.intervals import Cell, Table
from screening.readers.rules import Placed, RuleSet, Tabled
from screening.reading import Entry
from screening.rules.events import Planned, Since
from screening.rules.model import Band, Case, Cases, Clause
from screening.rules.spacing import (
    Measure,
    Neighbours,
    Spacing,
    Spacings,
    refusal,
    strictest,
)


def spacing_clauses(found: RuleSet, table: Table) -> list[Placed]:
    """The clauses about earlier treatments, with their days out of the table."""
    placed = []
    for tabled in found.tabled:
        if tabled.kind == "spacing":
            for treatment in tabled.treatments:
                clause = _since(tabled, treatment, table)
                rule = tabled.context.rule
                asked = tabled.entry.flag("asked", default=True)
                placed.append(Placed(rule, (treatment,), clause, tabled.entry, asked))
    return placed


def _since(tabled: Tabled, treatment: str, table: Table) -> Since:
    entry, context = tabled.entry, tabled.context
    entry.only(
        "kind",
        "treatments",
        "question",
        "by",
        "case",
        "reason",
        "first",
        "at_least",
        "asked",
    )
    question = context.question(entry)
    if not entry.has("by"):
        bands = _tabled_bands(tabled, entry, treatment, table)
        return Since(question.id, Cases.plain(bands))
    cases = []
    for child in entry.children("case"):
        child.only("answers", "otherwise", "first", "at_least", "sources", "unsourced")
        bands = _tabled_bands(tabled, child, treatment, table)
        answers = frozenset(child.texts("answers"))
        cases.append(Case(answers, child.flag("otherwise"), bands))
    by = context.question(entry, "by")
    check_cases(entry, by, cases)
    return Since(question.id, Cases(by.id, tuple(cases)))


def _tabled_bands(
    tabled: Tabled, entry: Entry, treatment: str, table: Table
) -> tuple[Band, ...]:
    """The cell for this pair, or a longer number beside it."""
    context = tabled.context
    first = context.catalogue.treatment(entry.text("first"), entry)
    cell = table[first, treatment]
    least = entry.days("at_least", 0)
    beside = context.catalogue.sourced(entry) if entry.has("at_least") else ()
    sources = dict.fromkeys((*beside, *cell.sources, *context.rule.sources))
    return refusal(
        context.rule.id,
        max(cell.days, least),
        reason=context.reason(entry, tabled.entry),
        sources=tuple(sources),
    )


def read_spacings(
    found: RuleSet,
    clauses: list[Placed],
    table: Table,
    questions: Mapping[str, Question],
) -> dict[tuple[str, str], Spacing]:
    """For every pair the rule that speaks of it, else the cell of the table."""
    own: dict[tuple[str, str], list[Spacing]] = {}
    for placed in clauses:
        clause = placed.clause
        if isinstance(clause, Since):
            measure = found.measures.get(clause.question)
            for report in questions[clause.question].reports:
                spacing = _of_report(clause.cases, report.case, measure)
                for treatment in placed.treatments:
                    own.setdefault((report.treatment, treatment), []).append(spacing)
    spacings = {pair: _one(listed) for pair, listed in own.items()}
    for tabled in found.tabled:
        if tabled.kind == "neighbour":
            for pair, cell in table.items():
                spacings.setdefault(pair, _of_cell(tabled, cell))
    return spacings


def _of_report(cases: Cases, case: str | None, measure: Measure | None) -> Spacing:
    """The bands of a rule for the sort of treatment that is reported."""
    if case is None or cases.by is None:
        return Spacing(cases, measure if cases.by else None)
    return Spacing(Cases(None, cases.picked(frozenset({case}))))


def _of_cell(tabled: Tabled, cell: Cell) -> Spacing:
    rule = tabled.context.rule
    bands = refusal(
        rule.id,
        cell.days,
        reason=tabled.context.reason(tabled.entry),
        sources=tuple(dict.fromkeys((*cell.sources, *rule.sources))),
    )
    return Spacing(Cases.plain(bands))


def _one(spacings: list[Spacing]) -> Spacing:
    """Several clauses about one pair, as one: a day is as strict as all of them."""
    if len(spacings) == 1:
        return spacings[0]
    cases = tuple(case for spacing in spacings for case in spacing.cases.cases)
    return replace(spacings[0], cases=Cases(spacings[0].cases.by, cases))


def neighbour_clauses(found: RuleSet, spacings: Spacings) -> list[Placed]:
    """For each treatment the clause about a treatment planned elsewhere."""
    placed = []
    for tabled in found.tabled:
        if tabled.kind != "neighbour":
            continue
        tabled.entry.only("kind", "treatments", "question", "by", "reason")
        for treatment in tabled.treatments:
            around = Neighbours(treatment, spacings, found.neighbour)
            clause = _neighbour(tabled, around)
            rule = tabled.context.rule
            placed.append(Placed(rule, (treatment,), clause, tabled.entry))
    return placed


def _neighbour(tabled: Tabled, neighbours: Neighbours) -> Clause:
    """Around a planned treatment, by its kind; not known: as the strictest of all."""
    context, entry = tabled.context, tabled.entry
    by = context.question(entry, "by")
    cases = []
    for kind in context.catalogue.treatments:
        before, after = neighbours.around_elsewhere(kind)
        cases.append(
            Case(frozenset({kind}), otherwise=False, bands=after, before=before)
        )
    rule, reason, sooner = context.rule.id, context.reason(entry), neighbours.reason
    after = strictest((c.bands for c in cases), rule=rule, reason=reason)
    before = strictest((c.before for c in cases), rule=rule, reason=sooner)
    cases.append(Case(frozenset(), otherwise=True, bands=after, before=before))
    check_cases(entry, by, cases)
    return Planned(context.question(entry).id, Cases(by.id, tuple(cases)))
