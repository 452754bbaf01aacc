"""What the calls share: how they document refusals, the site, the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import select
from werkzeug import Response as AnyResponse

from booking import screenings
from booking.api import schemas
from booking.api.inputs import Parser
from booking.db import db
from booking.errors import InvalidRequest, NotFound
from booking.models.clinic import Site
from booking.models.screening import Screening
from booking.web import edge

PREFIX = "/api/v1"
_WORDS = {
    400: "Not JSON that we can read",
    401: "No staff token",
    403: "This account may not do this",
    404: "Nothing there",
    409: "Not possible now: `code` says why",
    413: "Too large",
    415: "Not JSON",
    422: "Bad input (see `errors`), or refused (see `code`)",
    429: "Too many requests; see Retry-After",
    503: "The database does not answer; see Retry-After",
}

View = Callable[..., AnyResponse]

now = edge.now


class Calls(Blueprint):
    """Some calls of the API; its bodies and queries are read by our own parser."""

    ARGUMENTS_PARSER = Parser()


def refusing(calls: Calls, *statuses: int, **forms: type) -> Callable[[View], View]:
    """Document the problems that a call answers with."""

    def document(view: View) -> View:
        for status in (*statuses, 429, 503):
            view = calls.alt_response(
                status,
                schema=forms.get(f"on_{status}", schemas.Problem),
                content_type="application/problem+json",
                description=_WORDS[status],
            )(view)
        return view

    return document


def answer(value: Any, status: int = 200) -> Response:
    """JSON, as it is: the schemas only document it."""
    return Response(json.dumps(value), status, mimetype="application/json")


def sites() -> list[Site]:
    return list(db.session.scalars(select(Site).order_by(Site.id)))


def site_of(wanted: int | None) -> Site:
    """The site of that id, the first one if none is named; InvalidRequest otherwise."""
    known = sites()
    for site in known:
        if wanted in (None, site.id):
            return site
    if not known:
        raise NotFound("This clinic has not been set up yet.")
    raise InvalidRequest.of("site", "There is no such site. See GET /api/v1/sites.")


def screening_of(token: str, site: Site) -> Screening:
    """The screening that a clearance names, answered for this site."""
    try:
        found = screenings.find(token, now=now())
    except NotFound as unknown:
        raise InvalidRequest.of("clearance", unknown.sentence) from None
    if found.site_id != site.id:
        raise InvalidRequest.of(
            "site", "These answers were given for another site. Send `site` with them."
        )
    return found
