"""Reads the table of intervals: treatment by treatment, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from screening.readers.catalogue import Catalogue
from screening.reading import Document, Entry, RulebookError

BASES = ("sourced", "adjusted", "unsourced")


@dataclass(frozen=True, slots=True)
class Cell:
    """Days from one treatment to the first day of another, and who says so."""

    days: int
    basis: str
    sources: tuple[str, ...]


Table = Mapping[tuple[str, str], Cell]


def read_intervals(
    document: Document, catalogue: Catalogue
) -> dict[tuple[str, str], Cell]:
    """Every pair of screened treatments; errors name a missing or double one."""
    same = _same(document, catalogue)
    cells: dict[tuple[str, str], Cell] = {}
    for child in document.section("table").children("cells"):
        pair_name = f"{child.text('first')} to {child.text('then')}"
        entry = replace(child, rule=pair_name)
        first, then, cell = _cell(entry, catalogue)
        if first in same or then in same:
            raise entry.error("this treatment takes its intervals from another one")
        if (first, then) in cells:
            raise entry.error("this pair is there twice")
        cells[first, then] = cell
    full: dict[tuple[str, str], Cell] = {}
    for first in catalogue.screened:
        for then in catalogue.screened:
            pair = same.get(first, first), same.get(then, then)
            if pair not in cells:
                names = f"{first} to {then}"
                raise RulebookError(document.file, names, 1, "this pair is missing")
            full[first, then] = cells[pair]
    return full


def _same(document: Document, catalogue: Catalogue) -> dict[str, str]:
    same = {}
    for entry in document.entries("same", "treatment"):
        entry.only("treatment", "as")
        treatment = catalogue.treatment(entry.text("treatment"), entry)
        same[treatment] = catalogue.treatment(entry.text("as"), entry)
    return same


def _cell(entry: Entry, catalogue: Catalogue) -> tuple[str, str, Cell]:
    entry.only("first", "then", "days", "basis", "sources")
    basis = entry.one_of("basis", BASES)
    days = entry.days("days")
    sources = entry.texts("sources", ())
    if basis != "unsourced":
        sources = catalogue.sourced(entry)
    first = catalogue.treatment(entry.text("first"), entry)
    then = catalogue.treatment(entry.text("then"), entry)
    return first, then, Cell(days, basis, sources)
