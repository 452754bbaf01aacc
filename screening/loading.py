"""Loads a rulebook folder: reads it, checks it as a whole, prepares every sheet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from screening.readers.catalogue import read_catalogue, read_sources
from screening.readers.courses import read_courses
from screening.readers.intervals import read_intervals
from screening.readers.layout import Layout
from screening.readers.messages import (
    read_clinical_words,
    read_plans,
    read_red_flags,
    read_texts,
)
from screening.readers.questions import read_pages, read_questions
from screening.readers.rules import PROFILES, read_rules
from screening.readers.spacings import (
    neighbour_clauses,
    read_spacings,
    spacing_clauses,
)
from screening.reading import Document, read_document
from screening.rulebook import Rulebook
from screening.validation import check_clear_answers, check_uses

SHIPPED = Path(__file__).parent / "rulebooks"
FILES = ("sources", "treatments", "questions", "intervals", "rules", "messages")


def load(folder: Path | None = None, *, profile: str = "SkinPen") -> Rulebook:
    """The rulebook in `folder`, or the shipped one, for a device profile.

    RulebookError names file, rule and line of the first mistake; ValueError an unknown
    profile. The shipped one is read once.
    """
    if profile not in PROFILES:
        raise ValueError(f"{profile!r} is not one of {', '.join(PROFILES)}")
    return _shipped(profile) if folder is None else _load(folder, profile)


@cache
def _shipped(profile: str) -> Rulebook:
    return _load(SHIPPED, profile)


def _load(folder: Path, profile: str) -> Rulebook:
    read = {name: read_document(folder / f"{name}.toml") for name in FILES}
    sources = read_sources(read["sources"])
    info = read_texts(read["messages"], "info", sources)
    catalogue = read_catalogue(read["treatments"], sources, info)
    questions = read_questions(read["questions"], catalogue.treatments)
    table = read_intervals(read["intervals"], catalogue)
    found = read_rules(read["rules"], catalogue, questions, profile=profile)
    clauses = [*found.clauses, *spacing_clauses(found, table)]
    spacings = read_spacings(found, clauses, table, questions)
    clauses += neighbour_clauses(found, spacings)
    check_uses(read["questions"], found, clauses, questions)
    sheets = Layout(catalogue, questions, found, clauses, spacings).sheets()
    check_clear_answers(read["questions"], sheets, questions)
    return Rulebook(
        version=_version(read, profile),
        profile=profile,
        treatments=MappingProxyType(dict(catalogue.treatments)),
        areas=MappingProxyType(dict(catalogue.areas)),
        pages=read_pages(read["questions"]),
        questions=MappingProxyType(questions),
        rules=MappingProxyType(found.rules),
        sources=MappingProxyType(sources),
        intervals=MappingProxyType({pair: cell.days for pair, cell in table.items()}),
        courses=MappingProxyType(read_courses(read["intervals"], catalogue, spacings)),
        plans=MappingProxyType(read_plans(read["messages"], catalogue)),
        flags=MappingProxyType(read_red_flags(read["messages"], catalogue)),
        clinical_words=read_clinical_words(read["messages"]),
        requirement_texts=MappingProxyType(found.requirement_texts),
        sheets=MappingProxyType(sheets),
    )


def _version(read: Mapping[str, Document], profile: str) -> str:
    """A digest of what the files mean: comments and layout do not count."""
    meaning = {name: document.table for name, document in read.items()}
    text = json.dumps([profile, meaning], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
