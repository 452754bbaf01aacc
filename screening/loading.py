"""Loads a rulebook: reads it, checks it as a whole, prepares every sheet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from screening.edits import Edit, apply, written
from screening.readers.catalogue import read_catalogue, read_sources
from screening.readers.courses import read_courses
from screening.readers.intervals import read_intervals
from screening.readers.layout import Layout
from screening.readers.messages import (
    read_clinical_words,
    read_deadlines,
    read_plans,
    read_red_flags,
    read_texts,
    read_unanswered,
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

Content = Mapping[str, Any]
"""All that the files of a rulebook say, as JSON values, by file."""


def load(folder: Path | None = None, *, profile: str = "SkinPen") -> Rulebook:
    """The rulebook in `folder`, or the shipped one, for a device profile.

    RulebookError names file, rule and line of the first mistake; ValueError an unknown
    profile. The shipped one is read once.
    """
    _check_profile(profile)
    return _shipped(profile) if folder is None else _build(_read(folder), profile)


def load_edited(edits: Sequence[Edit], *, profile: str) -> Rulebook:
    """The shipped rulebook with a clinic's edits; read once for as long as it is used.

    RulebookError, or EditError for an edit of something that is not there.
    """
    _check_profile(profile)
    return _edited(profile, written(edits)) if edits else _shipped(profile)


def load_content(content: Content, *, profile: str) -> Rulebook:
    """The rulebook that `content_of` kept: the same version, whatever ships by now."""
    _check_profile(profile)
    # A copy: the readers must not share tables with whoever kept the content.
    return _build(_documents(json.loads(json.dumps(content))), profile)


def content_of(edits: Sequence[Edit] = (), *, folder: Path = SHIPPED) -> Content:
    """What the files say with these edits applied, to be kept or compared."""
    documents = _fresh() if folder == SHIPPED else _read(folder)
    apply(documents, edits)
    return {name: document.table for name, document in documents.items()}


def version_of(content: Content, profile: str) -> str:
    """A digest of what the files mean: comments and layout do not count."""
    text = json.dumps([profile, content], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_profile(profile: str) -> None:
    if profile not in PROFILES:
        raise ValueError(f"{profile!r} is not one of {', '.join(PROFILES)}")


@cache
def _shipped(profile: str) -> Rulebook:
    return _build(_read(SHIPPED), profile)


@lru_cache(maxsize=16)
def _edited(profile: str, edits: str) -> Rulebook:
    documents = _fresh()
    apply(documents, json.loads(edits))
    return _build(documents, profile)


def _fresh() -> dict[str, Document]:
    """The shipped files once more, to be changed."""
    return _documents(json.loads(_shipped_text()))


@cache
def _shipped_text() -> str:
    # Reading JSON is far quicker than reading the files again.
    return json.dumps({name: file.table for name, file in _read(SHIPPED).items()})


def _read(folder: Path) -> dict[str, Document]:
    return {name: read_document(folder / f"{name}.toml") for name in FILES}


def _documents(content: Content) -> dict[str, Document]:
    return {name: Document(f"{name}.toml", content[name], {}) for name in FILES}


def _build(read: Mapping[str, Document], profile: str) -> Rulebook:
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
    content = {name: document.table for name, document in read.items()}
    return Rulebook(
        version=version_of(content, profile),
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
        deadlines=MappingProxyType(read_deadlines(read["messages"], catalogue)),
        unanswered=read_unanswered(read["messages"]),
        clinical_words=read_clinical_words(read["messages"]),
        requirement_texts=MappingProxyType(found.requirement_texts),
        sheets=MappingProxyType(sheets),
    )
