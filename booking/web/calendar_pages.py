"""From the calendar to the booked visit: choose a time, say who you are, confirm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking import appointments, holds, links, reservations
from booking.clock import local_day
from booking.courses import keeping
from booking.db import db
from booking.errors import (
    BookingError,
    CallUs,
    ClearanceExpired,
    InvalidRequest,
    RefusedByGate,
    ReservationEnded,
    SlotTaken,
)
from booking.models.appointment import Appointment
from booking.requirements import required_for
from booking.web import (
    after,
    edge,
    journey,
    month,
    offers,
    own_visits,
    security,
    timeline,
)
from booking.web.forms import DetailsForm
from booking.web.journey import Journey
from screening import Authority, Clearance, Requirement, Verdict, kinds_lacking

bp = Blueprint("calendar", __name__, url_prefix="/booking/<key>")
bp.before_request(journey.leave_finished)

Answered = str | Response | tuple[str, int]
YEARS = range(2000, 2900)
ANOTHER_TIME = (SlotTaken, InvalidRequest, RefusedByGate, CallUs)
"""Refusals of one time, after which the calendar offers the others."""


@bp.errorhandler(ClearanceExpired)
def expired(refusal: ClearanceExpired) -> Response:
    """The answers are still in the draft: one look at them, and they count anew."""
    flash("Your answers are a day old. Please check that they are still right.", "info")
    return redirect(url_for("screening.review", **(request.view_args or {})), 303)


@bp.get("/calendar")
def month_page(key: str) -> Answered:
    trip = journey.find(key)
    return _calendar(trip)


@bp.get("/time")
def before_time(key: str) -> Response:
    """Only a form lives here; who comes back to it gets the page it was sent from."""
    return redirect(url_for(".month_page", key=key), 303)


@bp.post("/time")
@security.limiter.limit(security.PUBLIC_WRITES)
def choose(key: str) -> Answered:
    trip = journey.find(key)
    before = trip.reservation()
    try:
        start, practitioner = wanted_time()
        reserved = reservations.reserve(
            trip.screening(),
            start,
            practitioner,
            now=edge.now(),
            owner_id=trip.owner_id,
        )
    except ANOTHER_TIME as refusal:
        # Others may write while this page is drawn.
        db.session.rollback()
        return _calendar(trip, refusal), refusal.status
    trip.remember(reserved=reserved.public_id)
    for other in (before, *journey.hoarded(trip)):
        if other is not None:
            reservations.let_go(other, now=edge.now())
    if course := trip.course():
        keeping.let_go(course, now=edge.now())
        trip.remember(course=None)
    return redirect(url_for(".details", key=key), 303)


@bp.route("/details", methods=["GET", "POST"])
@security.limiter.limit(security.BOOKINGS, methods=["POST"])
def details(key: str) -> Answered:
    trip = journey.find(key)
    reserved = trip.reservation()
    if reserved is None:
        return redirect(url_for(".month_page", key=key), 303)
    form = DetailsForm.of(trip.contact, trip.owner)
    if form.validate_on_submit():
        return _book(trip, reserved, form)
    if form.is_submitted():
        trip.save(contact=asdict(form.contact))
    if not reservations.is_live(reserved, now=edge.now()):
        return _ended(trip, reserved)
    status = 422 if form.errors else 200
    return _details(trip, reserved, form), status


@bp.get("/more-time")
def before_more_time(key: str) -> Response:
    return redirect(url_for(".details", key=key), 303)


@bp.post("/more-time")
@security.limiter.limit(security.PUBLIC_WRITES)
def more_time(key: str) -> Answered:
    """Keep the time for longer; what was typed so far travels along and is kept."""
    trip = journey.find(key)
    reserved = trip.reservation()
    if reserved is None:
        return redirect(url_for(".month_page", key=key), 303)
    if "email" in request.form:
        trip.save(contact=asdict(DetailsForm().contact))
    try:
        reserved = reservations.extend(reserved, now=edge.now())
    except ReservationEnded:
        return _ended(trip, reserved)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(seconds=_seconds_left(reserved))
    return redirect(url_for(".details", key=key), 303)


def wanted_time(
    given: Mapping[str, str] | None = None,
) -> tuple[datetime, int | None]:
    """The start and the practitioner that a form asks for, or InvalidRequest."""
    given = request.form if given is None else given
    try:
        start = datetime.fromisoformat(given.get("start", ""))
    except ValueError:
        start = datetime.min  # noqa: DTZ901 - refused below, like every naive one
    if start.utcoffset() is None or start.year not in YEARS:
        raise InvalidRequest.of("start", "Choose one of the offered times.")
    who = given.get("practitioner", "")
    if who and not (who.isascii() and who.isdecimal() and len(who) < 10):
        raise InvalidRequest.of("practitioner", "Choose somebody who works here.")
    return start.astimezone(UTC), int(who) if who else None


def wanted_month() -> month.Wanted:
    """Month, day and practitioner of the page's address."""
    return month.Wanted.of(
        request.args.get("month", ""),
        request.args.get("day", ""),
        request.args.get("with", ""),
    )


def _calendar(trip: Journey, refusal: BookingError | None = None) -> str:
    clearance = trip.clearance()
    scope = _scope(trip)
    wanted = month.look(scope, wanted_month(), now=edge.now())
    return render_template(
        "patient/calendar.html",
        trip=trip,
        clearance=clearance,
        month=wanted,
        course=trip.rulebook.find_course(trip.draft.treatment),
        own=own_visits.in_the_way(clearance, wanted.chosen, trip.owner),
        timeline=timeline.draw(clearance, edge.today()),
        refusal=refusal,
        nearest=offers.nearest_of(scope, refusal),
        sources=trip.rulebook.sources,
        required=_required(trip, clearance),
    )


def _required(trip: Journey, clearance: Clearance) -> list[Requirement]:
    """What has to come first and is not known to have taken place."""
    missing = kinds_lacking(clearance.windows)
    asked = required_for(trip.draft.treatment)
    return [one for one in asked if one.kind in missing]


def _book(trip: Journey, reserved: Appointment, form: DetailsForm) -> Answered:
    contact = form.contact
    wish = [reserved.public_id, asdict(contact)]
    try:
        booked = appointments.book(
            trip.screening(),
            reserved.starts_at,
            reserved.practitioner_id,
            contact,
            now=edge.now(),
            source="online",
            owner_id=trip.owner_id,
            key=f"page:{request.form.get('idem', '')[:64] or trip.kept['idem']}",
            body=json.dumps(wish, sort_keys=True),
            reservation=reserved,
        )
    except ReservationEnded:
        trip.save(contact=asdict(contact))
        return _ended(trip, reserved), 409
    token = token_of(trip, booked.appointment)
    trip.finish(token)
    then = trip.kept.get("then")
    response = redirect(url_for("visit.show", token=token, new=1, then=then), 303)
    return after.check_records(response, booked.appointment)


def token_of(trip: Journey, visit: Appointment) -> str:
    """The link of a new visit; whoever came by a mailed one has proven the address."""
    return links.mailed_token(visit) if trip.owner else links.visit_token(visit)


def _scope(trip: Journey) -> offers.Scope:
    first_visit = appointments.is_first_visit(trip.owner_id, trip.draft.treatment)
    return offers.Scope(
        edge.site(), trip.draft.treatment, trip.clearance(), first_visit=first_visit
    )


def _details(trip: Journey, reserved: Appointment, form: DetailsForm) -> str:
    site, now = edge.site(), edge.now()
    day = local_day(reserved.starts_at, site.timezone)
    held = trip.clearance().verdict_on(day) is Verdict.HOLD
    return render_template(
        "patient/details.html",
        trip=trip,
        visit=reserved,
        form=form,
        practitioner=offers.practitioners(site, reserved.treatment).get(
            reserved.practitioner_id or 0, ""
        ),
        seconds_left=_seconds_left(reserved),
        answer_by=holds.deadline(site, reserved.starts_at, now=now) if held else None,
        owner=trip.owner,
        effects=own_visits.effects_of(trip, [reserved.starts_at]),
        by_answer=trip.clearance().release_authority_on(day) is Authority.ANSWER,
    )


def _ended(trip: Journey, reserved: Appointment) -> str:
    """The reservation is over: what was typed is kept, the nearest times offered."""
    scope = _scope(trip)
    return render_template(
        "patient/time_ended.html",
        trip=trip,
        visit=reserved,
        nearest=offers.nearest(scope, reserved.starts_at, now=edge.now()),
    )


def _seconds_left(reserved: Appointment) -> int:
    if reserved.reserved_until is None:
        return 0
    return round((reserved.reserved_until - edge.now()).total_seconds())
