"""Booking another visit from a mailed link: the same patient, whose records count."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import links, rulebooks
from booking.errors import NotAllowed, NotFound
from booking.links import OpenedVisit
from booking.web import edge, journey, screening_pages, security, visit_links
from booking.web.patient import offered

bp = Blueprint("rebooking", __name__, url_prefix="/visit/<token>/another")


@bp.get("")
def choose(token: str) -> str:
    opened = _proven(links.open_to_change(token))
    rulebook = rulebooks.current(edge.site())
    return render_template(
        "patient/another.html",
        token=token,
        visit=opened.appointment,
        offers=[rulebook.treatments[one] for one in offered()],
        areas=rulebook.areas,
    )


@bp.post("/<treatment>/<area>")
@security.limiter.limit(security.PUBLIC_WRITES)
def start(token: str, treatment: str, area: str) -> Response:
    opened = _proven(visit_links.change(token))
    patient = opened.appointment.patient
    chosen = rulebooks.current(edge.site()).treatments.get(treatment)
    if patient is None or chosen is None or treatment not in offered():
        raise NotFound
    if area not in chosen.areas:
        raise NotFound
    known = {"date_of_birth": patient.birth_date} if patient.birth_date else {}
    trip = journey.begin(treatment, area, answers=known, owner=token)
    if not trip.steps:
        return screening_pages.decide(trip)
    return redirect(url_for("screening.page", key=trip.key, name=trip.steps[0].id), 303)


def _proven(opened: OpenedVisit) -> OpenedVisit:
    """Only what travels by mail shows whose records may count (I-9b)."""
    if not opened.mailed:
        raise NotAllowed(
            "Please use the link in the mail that we sent you to book another visit."
        )
    return opened
