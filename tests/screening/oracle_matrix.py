"""Two treatments on one area: the matrix and the rules that beat its cells."""

from __future__ import annotations

from datetime import date

from tests.screening.oracle_days import (
    CODES,
    NEEDLES,
    Mark,
    gap_after,
    gap_before,
)

COLUMNS = ("MN", "BTX", "FIL", "SP", "MP", "NAL", "ABL", "HF", "WAX", "PRP")
ROWS = {
    "MN": (30, 14, 14, 30, 42, 30, 42, 14, 14, 30),
    "BTX": (14, 90, 14, 14, 14, 14, 28, 14, 7, 14),
    "FIL": (28, 14, 28, 14, 28, 14, 28, 14, 14, 28),
    "SP": (30, 14, 14, 28, 28, 28, 28, 14, 14, 30),
    "MP": (42, 28, 28, 42, 120, 42, 92, 30, 28, 42),
    "NAL": (30, 14, 14, 14, 28, 28, 42, 30, 14, 30),
    "ABL": (84, 28, 42, 84, 184, 84, 184, 42, 366, 84),
    "HF": (14, 1, 1, 14, 14, 14, 21, 28, 5, 14),
    "WAX": (7, 3, 3, 14, 14, 14, 21, 5, 14, 7),
    "PRP": (30, 14, 14, 30, 42, 30, 42, 14, 14, 30),
}

PEELS = {"SP": "superficial", "MP": "medium"}
LASERS = {"NAL": "non_ablative_or_ipl", "ABL": "ablative"}


def cell(first: str, then: str) -> int:
    """The earliest day of `then` when `first` is day 0; RF is needling."""
    row = ROWS["MN" if first == "RF" else first]
    return row[COLUMNS.index("MN" if then == "RF" else then)]


def bands(rule: str, gap: int, *steps: tuple[int, str, str]) -> set[Mark]:
    """The first band whose end lies beyond the gap."""
    for until, verdict, who in steps:
        if gap < until:
            return {(rule, verdict, who)}
    return set()


def needling(gap: int, *, deep: bool) -> set[Mark]:
    if deep:
        return bands("R-53", gap, (42, "refuse", "clinician"))
    return bands("R-53", gap, (28, "refuse", "clinician"), (30, "hold", "reception"))


def toxin(gap: int) -> set[Mark]:
    return bands("R-55", gap, (14, "refuse", "clinician"), (28, "hold", "reception"))


def filler(then: str, gap: int) -> set[Mark]:
    """Below 28 days nobody; radiofrequency over filler besides always holds."""
    marks = bands("R-56", gap, (28, "refuse", "nobody"))
    if then == "RF":
        marks.add(("R-56", "hold", "clinician"))
    return marks


def peel(strength: str, then: str, gap: int) -> set[Mark]:
    """R-57; deep and unknown: at least 92 days, for every target (safer)."""
    if strength == "superficial":
        return bands("R-57", gap, (cell("SP", then), "refuse", "clinician"))
    if strength == "medium":
        if then in NEEDLES:
            return bands(
                "R-57", gap, (42, "refuse", "clinician"), (92, "hold", "clinician")
            )
        return bands("R-57", gap, (cell("MP", then), "refuse", "clinician"))
    longest = max(92, cell("MP", then), cell("SP", then))
    return bands("R-57", gap, (longest, "refuse", "clinician"))


def laser(kind: str, then: str, gap: int) -> set[Mark]:
    mild, strong = cell("NAL", then), cell("ABL", then)
    if kind == "non_ablative_or_ipl":
        return bands("R-58", gap, (mild, "refuse", "clinician"))
    if kind == "ablative":
        return bands("R-58", gap, (strong, "refuse", "clinician"))
    return bands("R-58", gap, (max(mild, strong), "refuse", "clinician"))


def between(first: str, then: str, gap: int, *, deep: bool) -> set[Mark]:
    """`then` comes `gap` days after `first`; deep: over 1.5 mm, or nobody knows."""
    if first in ("MN", "RF") and then in ("MN", "RF"):
        return needling(gap, deep=deep)
    if first == "BTX" and then == "BTX":
        return bands("R-66", gap, (90, "refuse", "clinician"))
    if first in PEELS:
        return peel(PEELS[first], then, gap)
    if first in LASERS:
        return laser(LASERS[first], then, gap)
    if then in NEEDLES and first in ("BTX", "FIL", "WAX", "HF"):
        return before_needles(first, then, gap)
    return bands("R-73", gap, (cell(first, then), "refuse", "clinician"))


def before_needles(first: str, then: str, gap: int) -> set[Mark]:
    if first == "BTX":
        return toxin(gap)
    if first == "FIL":
        return filler(then, gap)
    if first == "WAX":
        return bands("R-59", gap, (3, "refuse", "clinician"), (7, "hold", "reception"))
    return bands("R-60", gap, (7, "refuse", "clinician"), (14, "hold", "reception"))


def around(
    visit: str, other: str, plan: tuple[date, date], day: date, *, deep: bool
) -> set[Mark]:
    """A visit near another treatment that falls on some day of the plan."""
    marks: set[Mark] = set()
    before, after = gap_before(day, plan), gap_after(day, plan)
    if before is not None:
        marks |= between(visit, other, before, deep=False)
    if after is not None:
        marks |= between(other, visit, after, deep=deep)
    return marks


def planned_treatment(
    visit: str, kind: object, plan: tuple[date, date], day: date
) -> set[Mark]:
    """By the rule of each pair; a kind nobody knows is every kind, all of it R-73."""
    if kind == "consultation":
        return set()
    if kind in CODES:
        return around(visit, CODES[kind], plan, day, deep=True)
    marks: set[Mark] = set()
    for other in CODES.values():
        marks |= around(visit, other, plan, day, deep=True)
    return {("R-73", verdict, who) for _, verdict, who in marks}
