"""Reading rulebook files so that every mistake is named by file, rule and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_SYNTAX_LINE = re.compile(r"at line (\d+)")


class RulebookError(ValueError):
    """A mistake in a rulebook: in which file, in which rule or entry, on which line."""

    def __init__(
        self,
        file: str,
        rule: str,
        line: int,
        message: str,
        *,
        key: str = "",
        table: Mapping[str, Any] | None = None,
    ) -> None:
        where = f"{file}, line {line}" + (f", {rule}" if rule else "")
        said = f"{key}: {message}" if key else message
        super().__init__(f"{where}: {said}")
        self.file = file
        self.rule = rule
        self.line = line
        self.message = said
        # For whoever edits without files: which value of which table, and only why.
        self.key = key
        self.table = table
        self.why = message


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a file, with typed access to what it says."""

    file: str
    rule: str
    line: int
    table: Mapping[str, Any]
    lines: Mapping[int, int]

    def error(self, message: str, key: str = "") -> RulebookError:
        """The error to raise about this entry."""
        return RulebookError(
            self.file, self.rule, self.line, message, key=key, table=self.table
        )

    def has(self, key: str) -> bool:
        """Whether the entry says anything about `key`."""
        return key in self.table

    def only(self, *keys: str) -> None:
        """Refuse keys that nobody reads: a misspelt one must not pass unnoticed."""
        for key in self.table:
            if key not in keys:
                raise self.error("is not a word that this entry knows", key)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required unless there is a default."""
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.error("must be a text", key)
        return value

    def maybe_text(self, key: str) -> str | None:
        """A string, or None if it is not given."""
        return self.text(key) if self.has(key) else None

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number; required unless there is a default."""
        value = self.table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error("must be a whole number", key)
        return value

    def maybe_number(self, key: str) -> int | None:
        """A whole number, or None if it is not given."""
        return self.number(key) if self.has(key) else None

    def days(self, key: str, default: int | None = None, *, most: int = 3660) -> int:
        """A number of days: none is negative, and none is longer than ten years."""
        value = self.number(key, default)
        if value < 0:
            raise self.error("must not be negative", key)
        if value > most:
            raise self.error(f"must be at most {most} days", key)
        return value

    def maybe_days(self, key: str) -> int | None:
        """A number of days, or None if it is not given."""
        return self.days(key) if self.has(key) else None

    def decimal(self, key: str) -> float:
        """A number, whole or not."""
        value = self.table.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.error("must be a number", key)
        return float(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false."""
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise self.error("must be true or false", key)
        return value

    def texts(
        self, key: str, default: tuple[str, ...] | None = None
    ) -> tuple[str, ...]:
        """A list of strings; required unless there is a default."""
        value = self.table.get(key, default)
        if not isinstance(value, list | tuple) or any(
            not isinstance(item, str) for item in value
        ):
            raise self.error("must be a list of texts", key)
        return tuple(value)

    def one_of(
        self, key: str, allowed: tuple[str, ...], default: str | None = None
    ) -> str:
        """A string out of a fixed set."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(f"is {value!r}, not one of {', '.join(allowed)}", key)
        return value

    def children(self, key: str) -> tuple[Entry, ...]:
        """The tables under `key`, each with its own line."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or any(not isinstance(v, dict) for v in value):
            raise self.error("must be a list of tables", key)
        return tuple(self._child(item) for item in value)

    def child(self, key: str) -> Entry | None:
        """The one table under `key`, or None."""
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error("must be a table", key)
        return self._child(value)

    def _child(self, table: dict[str, Any]) -> Entry:
        line = self.lines.get(id(table), self.line)
        return Entry(self.file, self.rule, line, table, self.lines)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file; `entries` of a name know the lines on which they stand."""

    file: str
    table: Mapping[str, Any]
    lines: Mapping[int, int]

    def entries(self, name: str, id_key: str = "id") -> tuple[Entry, ...]:
        """The `[[name]]` tables, in order."""
        root = Entry(self.file, "", 1, self.table, self.lines)
        found = []
        for child in root.children(name):
            rule = child.table.get(id_key, "")
            label = rule if isinstance(rule, str) else ""
            found.append(Entry(child.file, label, child.line, child.table, self.lines))
        return tuple(found)

    def section(self, name: str) -> Entry:
        """The `[name]` table; an error if it is missing."""
        table = self.table.get(name)
        if not isinstance(table, dict):
            raise RulebookError(self.file, name, 1, "this section is missing")
        line = self.lines.get(id(table), 1)
        return Entry(self.file, name, line, table, self.lines)


def read_document(path: Path) -> Document:
    """Parse one file; RulebookError if it is missing or not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(path.name, "", 1, f"cannot be read: {error}") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX_LINE.search(str(error))
        line = int(found[1]) if found else len(text.splitlines())
        raise RulebookError(path.name, "", line, f"is not TOML: {error}") from error
    lines: dict[int, int] = {}
    _place(table, "", _headers(text), text.splitlines(), lines)
    return Document(path.name, table, lines)


def _headers(text: str) -> dict[str, Iterator[int]]:
    """For every header the lines on which it stands, in order."""
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _HEADER.match(line)
        if match:
            found.setdefault(match[1], []).append(number)
    return {name: iter(numbers) for name, numbers in found.items()}


def _place(
    table: Mapping[str, Any],
    path: str,
    headers: Mapping[str, Iterator[int]],
    text: list[str],
    lines: dict[int, int],
    line: int = 1,
) -> None:
    """Note the line of every table below `table`.

    Tables come in the order of the file, so the next header of a name is theirs; an
    inline table is looked for below the line of its parent.
    """
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        items = value if isinstance(value, list) else [value]
        inline = line
        for item in items:
            if not isinstance(item, dict):
                continue
            if name in headers:
                here = next(headers[name], line)
            else:
                here = inline = _inline_line(key, text, inline, first=item is items[0])
            lines[id(item)] = here
            _place(item, name, headers, text, lines, here)


def _inline_line(key: str, text: list[str], after: int, *, first: bool) -> int:
    """The line of an inline table: where `key` is set, or the next one with a brace."""
    for number in range(after if first else after + 1, len(text) + 1):
        line = text[number - 1]
        if first and not re.match(rf"\s*{re.escape(key)}\s*=", line):
            continue
        if "{" in line:
            return number
        if first:
            return _inline_line(key, text, number, first=False)
    return after
