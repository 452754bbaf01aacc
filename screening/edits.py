"""Edits over a rulebook's files: what a clinic changes, as small JSON objects.

`kind` says what is changed, and the rest where and to what:

    off         rule
    bands       rule, clause, case, part, bands: [{from, until, verdict, release_by}]
    outcome     rule, clause, part, and of verdict, release_by, days, from, until
    at_least    rule, clause, case, days
    cell        first, then, days
    text        of (reason, summary, question, help, info, text, red_flag), id, clause
    valid_days  question, days

They change parsed files before the readers see them, so an edited rulebook passes the
same checks as a shipped one. A number that the clinic changed rests on the sources no
longer: it says `unsourced`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from screening.reading import Document

Edit = Mapping[str, Any]
Table = dict[str, Any]
Documents = Mapping[str, Document]

BAND_PARTS = ("bands", "ended", "before", "after")
OUTCOME_PARTS = ("", "now", "missing", "unsure")
_ADDRESS = ("kind", "rule", "clause", "case", "part", "first", "then", "of", "id")
_TEXTS = {
    "reason": ("rules", "rule", "reason"),
    "summary": ("rules", "rule", "summary"),
    "question": ("questions", "question", "text"),
    "help": ("questions", "question", "help"),
    "info": ("messages", "info", "text"),
    "text": ("messages", "text", "text"),
    "red_flag": ("messages", "red_flag", "message"),
}


class EditError(ValueError):
    """An edit of something that is not there, or that is no edit at all."""


def written(edits: Iterable[Edit]) -> str:
    """The edits as one text: the same for the same edits."""
    return json.dumps(list(edits), sort_keys=True, ensure_ascii=False)


def target(edit: Edit) -> tuple[str, ...]:
    """What an edit is about: a later one of the same target replaces it."""
    where = (*_ADDRESS, "question")
    return tuple(json.dumps(edit.get(name)) for name in where)


def put(edits: Sequence[Edit], edit: Edit) -> list[Edit]:
    """The edits with this one in place of an earlier one of the same target."""
    return [*drop(edits, target(edit)), edit]


def drop(edits: Sequence[Edit], of: tuple[str, ...]) -> list[Edit]:
    """The edits without the one of this target."""
    return [edit for edit in edits if target(edit) != of]


def apply(documents: Documents, edits: Iterable[Edit]) -> None:
    """Change the parsed files in place, or raise EditError."""
    for edit in edits:
        change = _CHANGES.get(edit.get("kind", ""))
        if change is None:
            raise EditError(f"{edit.get('kind')!r} is no kind of edit")
        try:
            change(documents, edit)
        except (KeyError, TypeError) as error:
            raise EditError(f"the edit {dict(edit)} is incomplete: {error}") from None


def _off(documents: Documents, edit: Edit) -> None:
    _entry(documents, "rules", "rule", edit["rule"])["off"] = True


def _bands(documents: Documents, edit: Edit) -> None:
    place, part = _part(documents, edit), edit["part"]
    if part not in BAND_PARTS:
        raise EditError(f"{part!r} is no part with bands")
    before = place.get(part, [])
    place[part] = [
        _band(before[n] if n < len(before) else {}, band)
        for n, band in enumerate(edit["bands"])
    ]


def _band(before: Table, edited: Edit) -> Table:
    """The band as it was if nothing changed; else with the clinic's own numbers."""
    new = {
        key: edited.get(key)
        for key in ("from", "until", "verdict", "release_by")
        if edited.get(key) is not None
    }
    kept = {key: value for key, value in before.items() if key in new}
    meant = {"from", "until", "verdict", "release_by"} & before.keys()
    if kept == new and meant == new.keys():
        return before
    reason = {"reason": before["reason"]} if "reason" in before else {}
    return {**new, **reason, "unsourced": True}


def _outcome(documents: Documents, edit: Edit) -> None:
    clause = _clause(documents, edit)
    part = edit["part"]
    if part not in OUTCOME_PARTS:
        raise EditError(f"{part!r} is no part with an outcome")
    table = clause[part] if part else clause
    keys = {"days": "tail"} if part == "now" else {}
    for name in ("verdict", "release_by", "days", "from", "until"):
        if name in edit:
            _set(table, keys.get(name, name), edit[name])


def _set(table: Table, key: str, value: object) -> None:
    if table.get(key) == value:
        return
    table.pop("sources", None)
    table["unsourced"] = True
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _at_least(documents: Documents, edit: Edit) -> None:
    _set(_part(documents, edit), "at_least", edit["days"])


def _cell(documents: Documents, edit: Edit) -> None:
    for cell in documents["intervals"].table["table"]["cells"]:
        if (cell["first"], cell["then"]) == (edit["first"], edit["then"]):
            if cell["days"] != edit["days"]:
                cell |= {"days": edit["days"], "basis": "unsourced", "sources": []}
            return
    raise EditError(f"the table has no cell {edit['first']} to {edit['then']}")


def _text(documents: Documents, edit: Edit) -> None:
    file, name, key = _TEXTS[edit["of"]]
    entry = _entry(documents, file, name, edit["id"])
    if edit["of"] == "reason" and edit.get("clause") is not None:
        entry = _clause(documents, {**edit, "rule": edit["id"]})
    entry[key] = edit["text"]


def _valid_days(documents: Documents, edit: Edit) -> None:
    _entry(documents, "questions", "question", edit["question"])["valid_days"] = edit[
        "days"
    ]


def _entry(documents: Documents, file: str, name: str, id_: str) -> Table:
    for entry in documents[file].table[name]:
        if entry.get("id") == id_:
            found: Table = entry
            return found
    raise EditError(f"there is no {name} {id_!r} in this rulebook")


def _clause(documents: Documents, edit: Edit) -> Table:
    rule = _entry(documents, "rules", "rule", edit["rule"])
    return _nth(rule.get("clause", []), edit["clause"], edit["rule"])


def _part(documents: Documents, edit: Edit) -> Table:
    """The table that holds the part: a case, or the clause itself."""
    clause = _clause(documents, edit)
    if edit.get("case") is None:
        return clause
    return _nth(clause.get("case", []), edit["case"], edit["rule"])


def _nth(listed: Sequence[Table], number: int, rule: str) -> Table:
    if not 0 <= number < len(listed):
        raise EditError(f"{rule} has no part {number + 1} in this rulebook")
    return listed[number]


_CHANGES: Mapping[str, Callable[[Documents, Edit], None]] = {
    "off": _off,
    "bands": _bands,
    "outcome": _outcome,
    "at_least": _at_least,
    "cell": _cell,
    "text": _text,
    "valid_days": _valid_days,
}


def row_of(table: Mapping[str, Any] | None, edit: Edit) -> int | None:
    """Which band of an edit a mistake stands in; None if it stands in none."""
    for number, band in enumerate(edit.get("bands", ())):
        if table is not None and _says(table) == _says(band):
            return number
    return None


def _says(band: Mapping[str, Any]) -> list[Any]:
    return [band.get(key) for key in ("from", "until", "verdict", "release_by")]
