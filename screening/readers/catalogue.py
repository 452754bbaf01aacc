"""Reads sources, areas, treatments and their texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screening.catalogue import Area, Source, Text, Treatment
from screening.reading import Document, Entry


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the rules refer to: treatments by code, areas, sources."""

    treatments: Mapping[str, Treatment]
    areas: Mapping[str, Area]
    overlaps: Mapping[str, frozenset[str]]
    screened: tuple[str, ...]
    sources: Mapping[str, Source]

    def treatment(self, code: str, entry: Entry) -> str:
        """The id of the treatment with this code."""
        for treatment in self.treatments.values():
            if treatment.code == code:
                return treatment.id
        raise entry.error(f"there is no treatment {code!r}")

    def listed(self, entry: Entry, key: str = "treatments") -> tuple[str, ...]:
        """The ids that a list of codes, or "all", stands for."""
        if entry.table.get(key) == "all":
            return self.screened
        codes = entry.texts(key)
        if len(set(codes)) < len(codes):
            raise entry.error("names a treatment twice", key)
        return tuple(self.treatment(code, entry) for code in codes)

    def sourced(self, entry: Entry) -> tuple[str, ...]:
        """The sources beside a number or text; none only if it says `unsourced`."""
        sources = entry.texts("sources", ())
        for source in sources:
            if source not in self.sources:
                raise entry.error(f"there is no source {source!r}", "sources")
        if not sources and not entry.flag("unsourced"):
            raise entry.error("names no source and is not marked unsourced = true")
        return sources


def read_sources(document: Document) -> dict[str, Source]:
    """The sources, by id; the rows of a source article share its title."""
    sources: dict[str, Source] = {}
    for entry in document.entries("article", "title"):
        entry.only("title", "publisher", "prefix", "first", "last", "strength")
        for number in range(entry.number("first"), entry.number("last") + 1):
            id_ = f"{entry.text('prefix')}{number:03}"
            _add(sources, _source(id_, entry), entry)
    for entry in document.entries("source"):
        entry.only("id", "title", "publisher", "year", "address", "strength")
        _add(sources, _source(entry.text("id"), entry), entry)
    return sources


def _source(id_: str, entry: Entry) -> Source:
    return Source(
        id_,
        entry.text("title"),
        entry.text("publisher"),
        entry.maybe_number("year"),
        entry.maybe_text("address"),
        entry.text("strength"),
    )


def _add(sources: dict[str, Source], source: Source, entry: Entry) -> None:
    if source.id in sources:
        raise entry.error(f"the source {source.id} is there twice")
    sources[source.id] = source


def read_catalogue(
    document: Document, sources: Mapping[str, Source], info: Mapping[str, Text]
) -> Catalogue:
    """Areas and treatments; errors name areas and texts that do not exist."""
    areas: dict[str, Area] = {}
    overlaps: dict[str, frozenset[str]] = {}
    for entry in document.entries("area"):
        entry.only("id", "name", "overlaps")
        id_ = entry.text("id")
        areas[id_] = Area(id_, entry.text("name"))
        overlaps[id_] = frozenset({id_, *entry.texts("overlaps")})
    for entry in document.entries("area"):
        for other in entry.texts("overlaps"):
            if entry.text("id") not in overlaps.get(other, ()):
                raise entry.error(f"{other!r} does not overlap back", "overlaps")
    treatments: dict[str, Treatment] = {}
    screened: list[str] = []
    for entry in document.entries("treatment"):
        treatment = _treatment(entry, areas, info)
        if treatment.id in treatments:
            raise entry.error("is there twice")
        treatments[treatment.id] = treatment
        if entry.flag("screened", default=True):
            screened.append(treatment.id)
    return Catalogue(treatments, areas, overlaps, tuple(screened), sources)


def _treatment(
    entry: Entry, areas: Mapping[str, Area], info: Mapping[str, Text]
) -> Treatment:
    entry.only("id", "code", "name", "summary", "areas", "synonyms", "info", "screened")
    for area in entry.texts("areas"):
        if area not in areas:
            raise entry.error(f"there is no area {area!r}", "areas")
    for text in entry.texts("info"):
        if text not in info:
            raise entry.error(f"there is no text {text!r}", "info")
    return Treatment(
        entry.text("id"),
        entry.text("code"),
        entry.text("name"),
        entry.text("summary"),
        entry.texts("areas"),
        entry.texts("synonyms"),
        tuple(info[text] for text in entry.texts("info")),
    )
