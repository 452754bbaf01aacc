"""Answers in, a clearance out: what is safe, and when."""

from __future__ import annotations

from typing import Any

from flask import Response

from booking import screenings
from booking.api import bodies, edge, schemas, shown
from booking.api.edge import Calls, answer, refusing
from booking.web import security

calls = Calls("clearances", __name__, description="From answers to safe days")


@calls.route("/clearances", methods=["POST"])
@security.limiter.limit(security.PUBLIC_WRITES)
@calls.arguments(bodies.ClearanceRequest)
@refusing(calls, 400, 413, 415, 422)
@calls.response(200, schemas.Clearance)
def create(body: dict[str, Any]) -> Response:
    """Decide on the answers, and keep them for a day under an opaque token."""
    screened = screenings.screen(
        site=edge.site_of(body.get("site")),
        treatment=body["treatment"],
        area=body["area"],
        answers=body["answers"],
        now=edge.now(),
    )
    found = screened.clearance
    return answer(
        {
            "clearance": screened.token,
            "rulebook": found.rulebook_version,
            "today": shown.day(found.today),
            "verdict_today": found.verdict_on(found.today).word,
            "first_clear_day": shown.day(found.first_clear_day(found.today)),
            "earliest_bookable_day": shown.day(
                found.earliest_bookable_day(found.today)
            ),
            "windows": [shown.window(one) for one in found.windows],
            "notices": [shown.notice(one) for one in found.notices],
            "unanswered": list(found.unanswered),
        }
    )
