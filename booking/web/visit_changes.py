"""Changing a booked visit by its link: another time, a cancellation, a new answer."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import appointments, gate, links, rulebooks, screenings
from booking.db import db
from booking.errors import BookingError, TooLateToChange, WrongState
from booking.models.appointment import UPCOMING, Appointment
from booking.web import (
    after,
    edge,
    journey,
    month,
    offers,
    security,
    timeline,
    visit_links,
)
from booking.web.calendar_pages import ANOTHER_TIME, wanted_month, wanted_time
from screening import Clearance

bp = Blueprint("visit_changes", __name__, url_prefix="/visit/<token>")

Answered = str | Response | tuple[str, int]


@bp.get("/move")
def move_page(token: str) -> Answered:
    visit = visit_links.look(token)
    if not appointments.can_change(visit, edge.site(), now=edge.now()):
        raise _too_late(visit)
    if screenings.is_stale(visit.screening, edge.site(), now=edge.now()):
        return redirect(url_for("visit_checks.again_page", token=token, stale=1), 303)
    return _move_page(token, visit)


@bp.post("/move")
@security.limiter.limit(security.BOOKINGS)
def move(token: str) -> Answered:
    opened = visit_links.change(token)
    try:
        start, practitioner = wanted_time()
        moved = appointments.move(
            opened.appointment,
            start,
            practitioner,
            now=edge.now(),
            actor=opened.actor,
        )
    except ANOTHER_TIME as refusal:
        # Others may write while this page is drawn.
        db.session.rollback()
        return _move_page(token, visit_links.look(token), refusal), refusal.status
    response = redirect(url_for("visit.show", token=token, moved=1), 303)
    return after.check_records(response, moved.appointment)


@bp.get("/cancel")
def cancel_page(token: str) -> str:
    visit = visit_links.look(token)
    if not appointments.can_cancel(visit, edge.site(), now=edge.now()):
        raise _too_late(visit)
    return render_template("patient/cancel.html", token=token, visit=visit)


@bp.post("/cancel")
@security.limiter.limit(security.BOOKINGS)
def cancel(token: str) -> Response:
    opened = visit_links.change(token)
    appointments.cancel(opened.appointment, now=edge.now(), actor=opened.actor)
    return redirect(url_for("visit.show", token=token), 303)


@bp.get("/change")
def change_page(token: str) -> str:
    visit = visit_links.look(token)
    if visit.status not in UPCOMING:
        raise WrongState
    return render_template("patient/change.html", token=token, visit=visit)


@bp.post("/change")
@security.limiter.limit(security.PUBLIC_WRITES)
def change(token: str) -> Response:
    """Begin the questions anew, with what was answered before filled in."""
    visit = visit_links.change(token).appointment
    if visit.status not in UPCOMING:
        raise WrongState
    return ask_anew(token, visit)


def ask_anew(token: str, visit: Appointment, only: Iterable[str] = ()) -> Response:
    """To the questions, with what was answered before filled in."""
    trip = journey.begin(
        visit.treatment,
        visit.area,
        answers=visit.screening.answers,
        visit=token,
        only=only,
    )
    if not trip.steps:
        return redirect(url_for("visit.show", token=token), 303)
    return redirect(url_for("screening.page", key=trip.key, name=trip.steps[0].id), 303)


def _move_page(
    token: str, visit: Appointment, refusal: BookingError | None = None
) -> str:
    clearance = _clearance(token, visit)
    scope = offers.Scope(
        edge.site(),
        visit.treatment,
        clearance,
        first_visit=visit.first_visit,
        ignoring=visit.id,
    )
    return render_template(
        "patient/move.html",
        token=token,
        visit=visit,
        clearance=clearance,
        month=month.look(scope, wanted_month(), now=edge.now()),
        timeline=timeline.draw(clearance, edge.today()),
        refusal=refusal,
        nearest=offers.nearest_of(scope, refusal),
        sources=rulebooks.current(edge.site()).sources,
    )


def _clearance(token: str, visit: Appointment) -> Clearance:
    """As the move itself will decide: with the records only through a mailed link."""
    mailed = links.open_to_change(token).mailed
    return gate.clearance_for(
        edge.site(),
        visit.treatment,
        visit.area,
        visit.screening.answers,
        now=edge.now(),
        patient_id=visit.patient_id if mailed else None,
        ignoring=visit.id,
    )


def _too_late(visit: Appointment) -> WrongState | TooLateToChange:
    site = edge.site()
    if visit.status not in UPCOMING or visit.starts_at <= edge.now():
        return WrongState()
    return TooLateToChange(
        f"Less than {site.cancel_cutoff_hours} hours before a visit it cannot be "
        f"changed online. Please call us: {site.phone}."
    )
