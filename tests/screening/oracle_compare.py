"""The engine beside the oracle: run both, day by day, and show where they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

from screening import Record, Rulebook, clearance
from tests.screening.oracle import (
    RANK,
    STRICTNESS,
    Known,
    authority,
    is_dark,
    marks,
    marks_of_few,
    verdict,
)
from tests.screening.oracle_days import CODES, Mark
from tests.screening.oracle_events import Case

HORIZON = 420
FAR = (800, 5000)
OFFSETS = (*range(HORIZON + 1), *FAR)

Day = tuple[str, str | None, frozenset[Mark]]  # verdict, who may release, marks


def as_records(known: Sequence[Known]) -> tuple[Record, ...]:
    return tuple(as_record(one) for one in known)


def as_record(known: Known) -> Record:
    if known.kind == "symptom":
        return Record.of_symptom(known.value)
    if known.kind == "answer":
        return Record.of_answer(known.name, known.value, area=known.area)
    return Record.of_treatment(
        known.name, known.value, area=known.area, depth_mm=known.depth_mm
    )


@cache
def strongest(found: frozenset[Mark]) -> frozenset[Mark]:
    """Drop what a mark of the same rule outdoes; R-74 keeps every kind."""
    return frozenset(
        mark
        for mark in found
        if mark[0] == "R-74" or not any(_outdoes(other, mark) for other in found)
    )


def _outdoes(other: Mark, mark: Mark) -> bool:
    return (
        other != mark
        and other[0] == mark[0]
        and RANK[other[1]] >= RANK[mark[1]]
        and STRICTNESS[other[2]] >= STRICTNESS[mark[2]]
    )


def by_oracle(
    treatment: str,
    area: str,
    answers: Mapping[str, object],
    known: Sequence[Known],
    today: date,
) -> list[Day]:
    days = (today + timedelta(n) for n in OFFSETS)
    every = (marks(treatment, area, answers, known, today, day) for day in days)
    return [(verdict(found), authority(found), strongest(found)) for found in every]


def by_engine(
    rulebook: Rulebook,
    treatment: str,
    area: str,
    answers: Mapping[str, object],
    known: Sequence[Known],
    today: date,
) -> list[Day]:
    found = clearance(
        rulebook, treatment, area, answers, today=today, records=as_records(known)
    )
    return [
        (
            found.verdict_on(day).word,
            found.release_authority_on(day),
            strongest(_marks_on(found, day)),
        )
        for day in (today + timedelta(n) for n in OFFSETS)
    ]


def _marks_on(found, day: date) -> frozenset[Mark]:
    return frozenset(
        (window.rule, window.verdict.word, str(window.release_by))
        for window in found.windows_on(day)
    )


def quickly_by_engine(
    rulebook: Rulebook,
    treatment: str,
    area: str,
    answers: Mapping[str, object],
    today: date,
) -> list[frozenset[Mark]]:
    """The marks of every day, spread out from the windows' own bounds."""
    days: list[set[Mark]] = [set() for _ in OFFSETS]
    screened = clearance(rulebook, treatment, area, answers, today=today)
    for window in screened.windows:
        mark = (window.rule, window.verdict.word, str(window.release_by))
        for found, day in zip(days, _days(today), strict=True):
            if window.covers(day):
                found.add(mark)
    return [strongest(frozenset(found)) for found in days]


def quickly_by_oracle(
    treatment: str, area: str, changed: Mapping[str, object], today: date
) -> list[frozenset[Mark]]:
    """The marks of every day when all but a few answers are clear."""
    dark = is_dark([changed.get("skin_type", "II")])
    case = Case(CODES[treatment], area, today, dict(changed), dark)
    return [strongest(marks_of_few(case, changed, day)) for day in _days(today)]


@cache
def _days(today: date) -> tuple[date, ...]:
    return tuple(today + timedelta(n) for n in OFFSETS)


def differences(engine: Sequence[object], oracle: Sequence[object]) -> str:
    """Runs of days on which the two part, in plain lines; empty if they agree."""
    lines: list[str] = []
    previous = None
    for offset, ours, theirs in zip(OFFSETS, engine, oracle, strict=True):
        pair = (ours, theirs)
        if ours != theirs and pair != previous:
            lines.append(f"  from day +{offset}:")
            lines.append(f"    engine only: {_show(ours, theirs)}")
            lines.append(f"    oracle only: {_show(theirs, ours)}")
        elif ours == theirs and previous is not None and previous[0] != previous[1]:
            lines.append(f"  agree again from day +{offset}")
        previous = pair
    return "\n".join(lines)


def _show(one: object, other: object) -> str:
    if isinstance(one, tuple):
        extra = _show(one[2], other[2])
        return extra if one[:2] == other[:2] else f"{one[0]}/{one[1]} {extra}"
    return ", ".join(" ".join(mark) for mark in sorted(one - other)) or "-"
