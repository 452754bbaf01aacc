"""Changing a booked visit by its link: another time, a cancellation, a new answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking import appointments, links, rulebooks, screenings
from booking.clock import local_day
from booking.courses import sessions, shift_proposals
from booking.db import db
from booking.errors import BookingError, TooLateToChange, WrongState
from booking.models.appointment import UPCOMING, Appointment
from booking.web import (
    after,
    course_moves,
    course_view,
    edge,
    journey,
    month,
    offers,
    own_visits,
    security,
    timeline,
    visit_links,
)
from booking.web.calendar_pages import ANOTHER_TIME, wanted_month, wanted_time

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
        if proposal := course_moves.proposal_for(token, opened, start, practitioner):
            return proposal
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


@bp.get("/move/rest")
def shift_page(token: str) -> Answered:
    """The later sessions of a course, if this one moves there."""
    opened = links.open_to_change(token)
    start, practitioner = wanted_time(request.args)
    return course_moves.shift_page(token, opened, start, practitioner)


@bp.post("/move/rest")
@security.limiter.limit(security.BOOKINGS)
def shift(token: str) -> Answered:
    start, practitioner = wanted_time()
    return course_moves.move(token, visit_links.change(token), start, practitioner)


@bp.get("/cancel")
def cancel_page(token: str) -> str:
    visit = visit_links.look(token)
    if not appointments.can_cancel(visit, edge.site(), now=edge.now()):
        raise _too_late(visit)
    return render_template(
        "patient/cancel.html",
        token=token,
        visit=visit,
        gap=course_view.gap_without(visit),
    )


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
    opened = links.open_to_change(token)
    # Later sessions of its course may follow it, so they close no day here.
    clearance = shift_proposals.clearance_before_shift(
        visit, edge.site(), now=edge.now(), actor=opened.actor
    )
    scope = offers.Scope(
        edge.site(),
        visit.treatment,
        clearance,
        first_visit=visit.first_visit,
        ignoring=visit.id,
        horizon_days=sessions.horizon_of(visit, edge.site()),
    )
    looked = month.look(scope, _month_of(visit), now=edge.now())
    owner = visit.patient if opened.mailed else None
    return render_template(
        "patient/move.html",
        token=token,
        visit=visit,
        clearance=clearance,
        month=looked,
        own=own_visits.in_the_way(clearance, looked.chosen, owner),
        timeline=timeline.draw(clearance, edge.today()),
        refusal=refusal,
        nearest=offers.nearest_of(scope, refusal),
        sources=rulebooks.current(edge.site()).sources,
    )


def _month_of(visit: Appointment) -> month.Wanted:
    """The month that was asked for; for a session of a course, else its own."""
    wanted = wanted_month()
    if wanted.month or wanted.day or sessions.find_course_of(visit) is None:
        return wanted
    day = local_day(visit.starts_at, edge.site().timezone)
    return replace(wanted, month=day.replace(day=1), day=day)


def _too_late(visit: Appointment) -> WrongState | TooLateToChange:
    site = edge.site()
    if visit.status not in UPCOMING or visit.starts_at <= edge.now():
        return WrongState()
    return TooLateToChange(
        f"Less than {site.cancel_cutoff_hours} hours before a visit it cannot be "
        f"changed online. Please call us: {site.phone}."
    )
