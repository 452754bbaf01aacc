"""A rulebook laid out for reading: every rule with its parts, as its files say them.

The parts are addressed as edits address them, so whoever reads can also change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Table = Mapping[str, Any]
Content = Mapping[str, Table]

BANDED = ("bands", "ended", "before", "after")
_COUNTED = ("days", "tail", "from", "until")


@dataclass(frozen=True, slots=True)
class Row:
    """Days `[start, end)` or one outcome, and what they are."""

    start: int | None
    end: int | None
    verdict: str
    release_by: str | None
    reason: str
    sources: tuple[str, ...]
    unsourced: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule that can be changed by itself.

    `shape` says by which edit: "bands", "outcome" or "at_least"; "reading" is text
    only. `numbers` are the days of an outcome by name.
    """

    rule: str
    clause: int
    case: int | None
    part: str
    shape: str
    kind: str
    question: str
    by: str
    answers: tuple[str, ...]
    otherwise: bool
    treatments: tuple[str, ...]
    profiles: tuple[str, ...]
    except_profiles: tuple[str, ...]
    unless_record: tuple[str, ...]
    reason: str
    rows: tuple[Row, ...]
    numbers: Mapping[str, int]

    @property
    def key(self) -> str:
        """The part's address as one word, for forms and links."""
        case = "x" if self.case is None else self.case
        return f"{self.clause}-{case}-{self.part or 'all'}"

    def holds_for(self, profile: str) -> bool:
        """Whether the part counts with this device profile."""
        only = not self.profiles or profile in self.profiles
        return only and profile not in self.except_profiles


@dataclass(frozen=True, slots=True)
class RuleOutline:
    """One rule."""

    id: str
    title: str
    summary: str
    reason: str
    treatments: tuple[str, ...]
    areas: tuple[str, ...]
    set_by: str
    off: bool
    sources: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def questions(self) -> frozenset[str]:
        """Every question that a part of the rule looks at."""
        named = {name for part in self.parts for name in (part.question, part.by)}
        return frozenset(named - {""})

    @property
    def can_be_off(self) -> bool:
        """Whether a clinic may switch it off: silence and doubt must never clear."""
        kinds = {part.kind for part in self.parts}
        return self.set_by == "answers" and "unanswered" not in kinds


def rules(content: Content) -> tuple[RuleOutline, ...]:
    """Every rule, in the order of the file."""
    return tuple(_rule(entry) for entry in content["rules"]["rule"])


def rule(content: Content, id_: str) -> RuleOutline | None:
    """One rule; None if there is none."""
    return next((found for found in rules(content) if found.id == id_), None)


def cells(content: Content) -> dict[tuple[str, str], Table]:
    """The table of intervals by the codes of its treatments."""
    listed = content["intervals"]["table"]["cells"]
    return {(cell["first"], cell["then"]): cell for cell in listed}


def texts(content: Content) -> dict[tuple[str, str], str]:
    """What patients read besides reasons and questions, by kind and id."""
    messages = content["messages"]
    keys = {"info": "text", "text": "text", "red_flag": "message"}
    return {
        (kind, entry["id"]): entry[key]
        for kind, key in keys.items()
        for entry in messages.get(kind, [])
    }


def questions(content: Content) -> dict[str, Table]:
    """The questions by id, each with the days for which an answer counts."""
    days = content["questions"]["defaults"]["valid_days"]
    return {
        entry["id"]: {"valid_days": days, **entry}
        for entry in content["questions"]["question"]
    }


def _rule(entry: Table) -> RuleOutline:
    treatments = entry["treatments"]
    return RuleOutline(
        id=entry["id"],
        title=entry["title"],
        summary=entry["summary"],
        reason=entry["reason"],
        treatments=("all",) if treatments == "all" else tuple(treatments),
        areas=tuple(entry.get("areas", ())),
        set_by=entry.get("set_by", "answers"),
        off=entry.get("off", False),
        sources=tuple(entry["sources"]),
        parts=tuple(
            part
            for number, clause in enumerate(entry.get("clause", ()))
            for part in _parts(entry, number, clause)
        ),
    )


def _parts(rule: Table, number: int, clause: Table) -> Iterator[Part]:
    """The parts of a clause: one for each list of bands, else one for its outcome."""
    kind = clause["kind"]
    if kind == "unanswered":
        for name in ("missing", "unsure"):
            yield _part(rule, number, clause, clause[name], name, "outcome")
    elif kind == "spacing":
        for case, place in _places(clause):
            yield _part(rule, number, clause, place, "", "at_least", case=case)
    elif kind == "neighbour":
        yield _part(rule, number, clause, clause, "", "reading")
    elif kind in ("since", "planned", "state"):
        yield from _dated(rule, number, clause)
    else:
        yield _part(rule, number, clause, clause, "", "outcome")


def _dated(rule: Table, number: int, clause: Table) -> Iterator[Part]:
    if "now" in clause:
        yield _part(rule, number, clause, clause["now"], "now", "outcome")
    for case, place in _places(clause):
        for name in BANDED:
            if name in place:
                yield _part(rule, number, clause, place, name, "bands", case=case)


def _places(clause: Table) -> Iterator[tuple[int | None, Table]]:
    if "case" not in clause:
        yield None, clause
        return
    yield from enumerate(clause["case"])


def _part(  # noqa: PLR0913 - a part is where it stands and what it is
    rule: Table,
    number: int,
    clause: Table,
    place: Table,
    name: str,
    shape: str,
    *,
    case: int | None = None,
) -> Part:
    reason = place.get("reason") or clause.get("reason") or rule["reason"]
    bands = place.get(name, []) if shape == "bands" else [place]
    kept = place if case is not None or name in BANDED else clause
    treatments = clause.get("treatments") or rule["treatments"]
    return Part(
        rule=rule["id"],
        clause=number,
        case=case,
        part=name,
        shape=shape,
        kind=clause["kind"],
        question=clause.get("question", ""),
        by=clause.get("by", ""),
        answers=tuple(kept.get("answers") or _answers(clause)),
        otherwise=bool(place.get("otherwise", False)),
        treatments=("all",) if treatments == "all" else tuple(treatments),
        profiles=tuple(clause.get("profiles", ())),
        except_profiles=tuple(clause.get("except_profiles", ())),
        unless_record=tuple(clause.get("unless_record", ())),
        reason=reason,
        rows=tuple(_row(band, reason) for band in bands),
        numbers=_numbers(place, shape),
    )


def _answers(clause: Table) -> tuple[str, ...]:
    """The answers, or the words of an answer, that wake a clause."""
    return tuple(clause.get("answers") or clause.get("mentions", ()))


def _row(band: Table, reason: str) -> Row:
    return Row(
        start=band.get("from"),
        end=band.get("until"),
        verdict=band.get("verdict", "inform"),
        release_by=band.get("release_by"),
        reason=band.get("reason", reason),
        sources=tuple(band.get("sources", ())),
        unsourced=bool(band.get("unsourced", False)),
    )


def _numbers(place: Table, shape: str) -> dict[str, int]:
    if shape == "at_least":
        return {"at_least": place.get("at_least", 0)}
    if shape != "outcome":
        return {}
    return {name: place[name] for name in _COUNTED if name in place}
