"""Refusals and failures as RFC 9457 problems, for every path below /api."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Flask, Response

from booking.api import shown
from booking.errors import BookingError, FieldProblem, InvalidRequest, SlotTaken
from booking.models.clinic import Site

MIMETYPE = "application/problem+json"

DETAILS = {
    400: "We could not read this request.",
    404: "There is nothing at this address.",
    405: "This address does not take this method; the header Allow names its own.",
    413: "This request is too large. Send at most 256 kB.",
    414: "This address is too long.",
    415: "Send JSON, with the header Content-Type: application/json.",
    429: "That was a lot at once. Try again after the seconds that Retry-After names.",
    500: "Something went wrong on our side. Nothing was booked or changed.",
}
_CODES = {
    413: "too_large",
    415: "not_json",
    429: "too_many_requests",
    500: "internal_error",
}
# Refusals about one field, which carry no list of fields of their own.
_FIELDS = {
    "clearance_expired": "clearance",
    "clearance_used": "clearance",
    "idempotency_key_reused": "Idempotency-Key",
}


class NotJson(BookingError):
    code = "not_json"
    status = 400
    sentence = "The body is not JSON that we can read. Send a JSON object in UTF-8."


class NotJsonType(BookingError):
    code = "not_json"
    status = 415
    sentence = DETAILS[415]


class NotSignedIn(BookingError):
    """No bearer token, or one that is old or somebody's who has left."""

    code = "not_signed_in"
    status = 401
    sentence = "Send the bearer token of a staff account in the Authorization header."


class NotThere(BookingError):
    """Something named in the path does not exist; `extra["field"]` is that name."""

    code = "not_found"
    status = 404
    sentence = "There is no such thing here."


def init(app: Flask) -> None:
    """Let booking.web.errors write its problems as we do."""
    app.extensions["clearslot_problem"] = write


def write(
    status: int,
    code: str,
    detail: str,
    error: BookingError | None,
    headers: Mapping[str, str],
) -> Response:
    """The problem of a refusal, or of a bare HTTP status where there is none."""
    if error is not None:
        answer = response(error)
    else:
        shown_detail = detail if status == 503 else DETAILS.get(status, detail)
        answer = _problem(status, _CODES.get(status, code), shown_detail)
    answer.headers.update(headers)
    return answer


def response(error: BookingError) -> Response:
    """What a refusal looks like to a program."""
    answer = _problem(error.status, error.code, error.sentence, **_members(error))
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="staff"'
    return answer


@contextmanager
def nearest_at(site: Site) -> Iterator[None]:
    """Show the nearest free slots of a SlotTaken by the clock of *site*."""
    try:
        yield
    except SlotTaken as taken:
        taken.extra["timezone"] = site.timezone
        raise


def _problem(status: int, code: str, detail: str, **members: Any) -> Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return Response(json.dumps(body | members), status, mimetype=MIMETYPE)


def _members(error: BookingError) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if isinstance(error, InvalidRequest):
        members["errors"] = _errors(error.problems)
    elif field := _FIELDS.get(error.code) or error.extra.get("field"):
        members["errors"] = _errors([FieldProblem(field, error.sentence)])
    if "windows" in error.extra:
        windows = shown.own(error.extra["windows"])
        members["windows"] = [shown.window(one) for one in windows]
        members["first_clear_day"] = shown.day(error.extra.get("first_clear_day"))
    if isinstance(error, SlotTaken):
        zone = error.extra.get("timezone", "UTC")
        slots = error.extra.get("nearest", ())
        members["nearest"] = [shown.slot(one, zone) for one in slots]
    return members


def _errors(problems: Iterable[FieldProblem]) -> list[dict[str, str]]:
    return [{"field": one.field, "message": one.message} for one in problems]
