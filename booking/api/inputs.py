"""What comes in, checked before anything else happens: JSON text, queries, headers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from marshmallow import fields, validate
from webargs.core import is_json
from webargs.flaskparser import FlaskParser

from booking.api.problems import NotJson, NotJsonType
from booking.errors import FieldProblem, InvalidRequest

MOST_PROBLEMS = 100
DEEPEST = 12
MOST_ID = 2**31 - 1
_YEARS = range(1900, 3000)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_WHOLE = re.compile(r"[0-9]{1,10}")
# A lone surrogate is a character to Python and none to UTF-8.
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Parser(FlaskParser):
    """Reads strictly, and names every bad field in one InvalidRequest."""

    DEFAULT_VALIDATION_STATUS = 422

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        raw = req.get_data(cache=True)
        if not raw.strip():
            return {}
        if not is_json(req.mimetype):
            raise NotJsonType
        data = _decoded(raw)
        _refuse_strange_text(data)
        return data

    def handle_error(
        self, error: ma.ValidationError, *_args: Any, **_options: Any
    ) -> NoReturn:
        # The outermost name is only where it was looked for: json, query, headers.
        (messages,) = error.messages_dict.values()
        problems = list(_flat(messages))[:MOST_PROBLEMS]
        raise InvalidRequest(problems) from None


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    # ValueError covers bad syntax, bad UTF-8 and numbers of thousands of digits.
    except (ValueError, RecursionError):
        raise NotJson from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_strange_text(data: Any) -> None:
    """Refuse what no database could store, wherever in the body it is."""
    parts = data.items() if isinstance(data, dict) else [("body", data)]
    for name, part in parts:
        left: list[tuple[Any, int]] = [(name, 0), (part, 0)]
        while left:
            value, depth = left.pop()
            if depth > DEEPEST:
                raise NotJson
            if isinstance(value, str) and _SURROGATE.search(value):
                shown = "body" if _SURROGATE.search(name) else name
                raise InvalidRequest.of(shown, "Use ordinary characters only.")
            if isinstance(value, dict):
                left += [(inner, depth + 1) for pair in value.items() for inner in pair]
            elif isinstance(value, list):
                left += [(inner, depth + 1) for inner in value]


def _flat(messages: Any, path: str = "") -> Iterator[FieldProblem]:
    """Nested messages as one list, each with the dotted name of its field."""
    if isinstance(messages, Mapping):
        for name, found in messages.items():
            inner = path if name == "_schema" else f"{path}.{name}" if path else name
            yield from _flat(found, str(inner))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield FieldProblem(path or "body", str(message))


class Input(ma.Schema):
    """Something sent to us. An unknown field is refused: it may be a misspelt one."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {
        "unknown": "There is no such field here.",
        "type": "Send a JSON object.",
    }


_SAID: dict[str, Any] = {
    "required": "This is missing.",
    "null": "Leave this out instead of sending null.",
}


class Text(fields.String):
    """A line of text without control characters."""

    default_error_messages = _SAID | {"invalid": "Send text."}
    refused = _CONTROL

    def __init__(self, *, most: int, least: int = 0, **options: Any) -> None:
        said = "This is empty." if least == 1 else f"Use {least} characters or more."
        limits = [validate.Length(max=most, error=f"Use at most {most} characters.")]
        if least:
            limits.append(validate.Length(min=least, error=said))
        super().__init__(validate=limits, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        if self.refused.search(text):
            raise ma.ValidationError("Leave out the control characters.")
        return text


class Note(Text):
    """Text of several lines."""

    refused = _CONTROL_BUT_BREAKS


class Whole(fields.Integer):
    """A whole number; in a query as digits, in a body as a number."""

    default_error_messages = _SAID | {"invalid": "Send a whole number."}

    def __init__(self, *, least: int = 1, most: int = MOST_ID, **options: Any) -> None:
        limits = validate.Range(
            least, most, error=f"Send a whole number from {least} to {most}."
        )
        super().__init__(validate=[limits], **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **more)


class QueryWhole(Whole):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        if not isinstance(value, str) or not _WHOLE.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(int(value), attr, data, **more)


class Day(fields.Date):
    """A calendar day, YYYY-MM-DD and nothing else."""

    default_error_messages = _SAID | {"invalid": "Send a day like 2027-03-31."}

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **more: Any
    ) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid", input=value) from None


class Moment(fields.DateTime):
    """An RFC 3339 instant with its offset; in UTC afterwards."""

    default_error_messages = _SAID | {
        "invalid": "Send an instant with its offset, like 2027-03-31T09:00:00+01:00."
    }

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **more: Any
    ) -> datetime:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid", input=value)
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            raise self.make_error("invalid", input=value) from None
        if moment.year not in _YEARS:
            raise self.make_error("invalid", input=value)
        return moment.astimezone(UTC)
