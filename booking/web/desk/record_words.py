"""How a record reads at the desk: what it is, its value, how we know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking import rulebooks
from booking.models.patient import ANSWER, CLEARED, SYMPTOM, VISIT, WITHDRAWAL, Record
from booking.records import filing
from booking.records.entries import HOW_CLEARED, HOW_KNOWN
from booking.web import access, edge
from booking.web.desk.telling import words_of
from screening.requirements import PATCH_TEST

_REPORTED = {"report": "Told by the patient, on our page"}
HOW = {**HOW_KNOWN, **HOW_CLEARED, **_REPORTED}
_NOTES = (("depth_mm", "depth", " mm"), ("product", "product", ""), ("lot", "lot", ""))


@dataclass(frozen=True)
class Row:
    """A record as the file shows it.

    `stands`: no newer row has replaced it. `may_undo`: the reader may correct it on
    their own authority.
    """

    record: Record
    what: str
    value: str
    note: str
    how: str
    stands: bool
    can_undo: bool
    may_undo: bool


def rows(found: Sequence[Record]) -> list[Row]:
    """The records of a file, as given."""
    return [_row(record) for record in found]


def _row(record: Record) -> Row:
    stands = record.corrected_by_id is None
    actor = access.actor()
    return Row(
        record=record,
        what=what(record),
        value=_value(record),
        note=_note(record),
        how=HOW.get(record.how_known, record.how_known),
        stands=stands,
        can_undo=stands and record.kind in filing.WITHDRAWABLE,
        may_undo=filing.may_undo(record, edge.site(), actor=actor, now=edge.now()),
    )


def what(record: Record) -> str:
    """What a record is about, as the rulebook calls it."""
    if record.kind == WITHDRAWAL:
        return f"Record {record.value['of']} taken back"
    if record.kind == VISIT:
        return f"Notes of {record.subject.replace('appointment', 'visit')} put right"
    if record.kind == CLEARED:
        return f"Cleared by {record.value.get('by', 'a clinician')}"
    if record.kind == SYMPTOM:
        return "Signs reported after a visit"
    rulebook = rulebooks.current(edge.site())
    if record.subject in rulebook.treatments:
        name = rulebook.treatments[record.subject].name
        return f"Patch test: {name}" if record.kind == PATCH_TEST else name
    if record.subject in rulebook.questions:
        return rulebook.questions[record.subject].text
    return record.subject


def _value(record: Record) -> str:
    value = record.value or {}
    if record.kind == VISIT:
        before = value.get("before", {})
        return "; ".join(
            f"{word} {before.get(key) or 'none'} → {value.get(key) or 'none'}{unit}"
            for key, word, unit in _NOTES
            if before.get(key) != value.get(key)
        )
    if record.kind == ANSWER:
        said = words_of({record.subject: value.get("value", "")})
        return said.get(record.subject, str(value.get("value", "")))
    depth = value.get("depth_mm")
    return " ".join(
        filter(None, (str(value.get("value") or ""), f"{depth} mm" if depth else ""))
    )


def _note(record: Record) -> str:
    value = record.value or {}
    of = f"Instead of record {value['of']}: {value['why']}" if value.get("why") else ""
    parts = (value.get("note"), of, value.get("attested_by"))
    return " · ".join(part for part in parts if part)
