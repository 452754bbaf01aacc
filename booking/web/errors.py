"""The one mapping of refusals and failures to pages; under /api to problem+json."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from booking.db import db
from booking.errors import BookingError
from booking.web import edge

RETRY_AFTER = {"Retry-After": "30"}
WORDS = {
    400: ("Something was missing", "Please go back, reload the page and try again."),
    403: ("This page is not for you", "Your account does not allow this."),
    404: (
        "We could not find that page",
        "The link may be old, or a part of it may be missing.",
    ),
    405: ("That does not work here", "Please go back and use the buttons of the page."),
    413: ("That is too much text", "Please go back and send less at once."),
    415: ("That does not work here", "Please go back and use the buttons of the page."),
    429: (
        "That was a lot at once",
        "Please wait a minute and try again. Nothing that you saved is lost.",
    ),
    500: (
        "Something went wrong on our side",
        "It is not your fault. Nothing was booked or changed by this step. "
        "Please try again in a moment.",
    ),
}
OTHER = ("That did not work", "Please go back and try again.")
NOT_READY = "Not ready yet"
COOKIES = (
    "Please go back and reload the page",
    "It was open for a long time, or your browser does not keep cookies. We need one "
    "cookie to know that it is really you who sends a form.",
)


def init(app: Flask) -> None:
    """Register every handler; the API brings its own way to write a problem."""
    app.register_error_handler(BookingError, _refused)
    app.register_error_handler(CSRFError, _no_token)
    app.register_error_handler(HTTPException, _http)
    for failure in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(failure, _no_database)


def _refused(refusal: BookingError) -> Response:
    if _is_api():
        return _problem(refusal.status, refusal.code, refusal.sentence, refusal)
    if not edge.is_set_up():
        return _page("errors/down.html", 404, title=NOT_READY, text=refusal.sentence)
    return _page("errors/refused.html", refusal.status, refusal=refusal)


def _no_token(error: CSRFError) -> Response:
    title, text = COOKIES
    return _page("errors/plain.html", error.code, title=title, text=text)


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return current_app.make_response(error.response)
    status = error.code or 500
    title, text = WORDS.get(status, OTHER)
    headers = {
        name: value for name, value in error.get_headers() if name != "Content-Type"
    }
    if _is_api():
        code = error.name.lower().replace(" ", "_")
        return _problem(status, code, text, headers=headers)
    if status >= 500:
        # The session may be what failed: let nothing of this page read the database.
        return _page("errors/down.html", status, title=title, text=text)
    answer = _page("errors/plain.html", status, title=title, text=text)
    answer.headers.extend(headers)
    return answer


def _no_database(failure: Exception) -> Response:
    current_app.logger.error("The database did not answer: %s", type(failure).__name__)
    db.session.rollback()
    sentence = "Our diary does not answer just now. Please try again in a minute."
    if _is_api():
        return _problem(503, "unavailable", sentence, headers=RETRY_AFTER)
    answer = _page(
        "errors/down.html",
        503,
        title="We will be right back",
        text=sentence + " Nothing that you saved is lost.",
    )
    answer.headers.update(RETRY_AFTER)
    return answer


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _page(template: str, status: int | None, **values: Any) -> Response:
    answer = current_app.make_response(render_template(template, **values))
    answer.status_code = status or 400
    return answer


def _problem(
    status: int,
    code: str,
    detail: str,
    error: BookingError | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    writer = current_app.extensions.get("clearslot_problem", _bare_problem)
    answer: Response = writer(status, code, detail, error, headers or {})
    return answer


def _bare_problem(
    status: int,
    code: str,
    detail: str,
    _error: BookingError | None,
    headers: dict[str, str],
) -> Response:
    answer = jsonify(status=status, code=code, detail=detail)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    answer.headers.update(headers)
    return answer
