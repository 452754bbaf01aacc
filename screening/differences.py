"""What two rulebooks say differently, thing by thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from screening import outline
from screening.outline import Content, Part, RuleOutline


@dataclass(frozen=True, slots=True)
class Difference:
    """`about` is a rule, a pair of treatments, a question or a text; None: not there.

    `what` names the value; `part` is set where it belongs to a part of a rule.
    """

    kind: str
    about: str
    what: str
    before: object
    after: object
    part: Part | None = None


def between(before: Content, after: Content) -> tuple[Difference, ...]:
    """Every difference, in the order of the rulebook."""
    return (
        *_rules(before, after),
        *_cells(before, after),
        *_questions(before, after),
        *_texts(before, after),
    )


def _rules(before: Content, after: Content) -> Iterator[Difference]:
    old = {rule.id: rule for rule in outline.rules(before)}
    new = {rule.id: rule for rule in outline.rules(after)}
    for id_ in dict.fromkeys((*old, *new)):
        one, other = old.get(id_), new.get(id_)
        if one is None or other is None:
            said = (one and one.title, other and other.title)
            yield Difference("rule", id_, "rule", *said)
        else:
            yield from _rule(one, other)


def _rule(one: RuleOutline, other: RuleOutline) -> Iterator[Difference]:
    for what in ("off", "title", "summary", "reason", "treatments", "areas"):
        said = getattr(one, what), getattr(other, what)
        if said[0] != said[1]:
            yield Difference("rule", one.id, what, *said)
    old = {part.key: part for part in one.parts}
    new = {part.key: part for part in other.parts}
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if _said(before) != _said(after):
            yield Difference("rule", one.id, "part", before, after, after or before)
        elif before and after and _reasons(before) != _reasons(after):
            said = before.reason, after.reason
            yield Difference("rule", one.id, "part reason", *said, after)


def _said(part: Part | None) -> object:
    """All that decides: not the words, nor who says so."""
    if part is None:
        return None
    rows = [(row.start, row.end, row.verdict, row.release_by) for row in part.rows]
    scope = (part.treatments, part.profiles, part.except_profiles, part.answers)
    return part.kind, part.question, part.by, scope, rows, dict(part.numbers)


def _reasons(part: Part) -> list[str]:
    return [part.reason, *(row.reason for row in part.rows)]


def _cells(before: Content, after: Content) -> Iterator[Difference]:
    old, new = outline.cells(before), outline.cells(after)
    for pair in dict.fromkeys((*old, *new)):
        said = (
            old[pair]["days"] if pair in old else None,
            new[pair]["days"] if pair in new else None,
        )
        if said[0] != said[1]:
            yield Difference("cell", f"{pair[0]} {pair[1]}", "days", *said)


def _questions(before: Content, after: Content) -> Iterator[Difference]:
    old, new = outline.questions(before), outline.questions(after)
    for id_ in dict.fromkeys((*old, *new)):
        for what in ("text", "help", "valid_days"):
            said = _of(old, id_, what), _of(new, id_, what)
            if said[0] != said[1]:
                yield Difference("question", id_, what, *said)


def _of(listed: Mapping[str, outline.Table], id_: str, what: str) -> object:
    return listed[id_].get(what) if id_ in listed else None


def _texts(before: Content, after: Content) -> Iterator[Difference]:
    old, new = outline.texts(before), outline.texts(after)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield Difference(key[0], key[1], "text", old.get(key), new.get(key))
