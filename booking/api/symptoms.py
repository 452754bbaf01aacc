"""Aftercare by programs: how the patient is, and what to do now."""

from __future__ import annotations

from typing import Any

from flask import Response

from booking import links
from booking.api import bodies, edge, schemas, shown
from booking.api.edge import Calls, answer, refusing
from booking.db import db
from booking.models.clinic import Site
from booking.symptoms import advice as symptom_advice
from booking.symptoms import reports
from booking.symptoms.reports import OWN_WISH, Said
from booking.web import security

calls = Calls("symptoms", __name__, description="Tell how it went on after a visit")


@calls.route("/appointments/<token>/symptoms", methods=["POST"])
@security.limiter.limit(security.PUBLIC_WRITES)
@calls.arguments(bodies.SymptomsRequest)
@refusing(calls, 400, 404, 409, 413, 415, 422)
@calls.response(200, schemas.Symptoms)
def report(body: dict[str, Any], token: str) -> Response:
    """Report signs after a completed visit; the answer says what to do now.

    Any link of the visit will do, for the answer tells nothing of the records.
    """
    opened = links.open_visit(token)
    site = db.session.get_one(Site, opened.appointment.site_id)
    row = reports.report(
        opened.appointment,
        Said(body["signs"], body["text"]),
        step=OWN_WISH,
        now=edge.now(),
        actor=opened.actor,
    )
    advice = symptom_advice.about(row, opened.appointment, site, now=edge.now())
    return answer(
        {
            "answer": row.answer,
            "urgency": advice.urgency,
            "do_now": advice.sentence,
            "signs": [
                {
                    "id": flag.id,
                    "sign": flag.sign,
                    "action": part.action,
                    "message": flag.message,
                }
                for part in advice.parts
                for flag in part.flags
            ],
            "call_by": shown.maybe_moment(advice.call_by, site.timezone),
            "open_again": shown.maybe_moment(advice.opens_at, site.timezone),
            "meanwhile": "" if advice.is_fine else symptom_advice.NIGHT,
        }
    )
