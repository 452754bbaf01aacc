"""Booking a course online: a plan for all visits, who comes, and all of them booked."""

from __future__ import annotations

import json
from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import screening
from booking import appointments, reservations
from booking.courses import bookings, keeping, sessions
from booking.courses.proposals import Asker
from booking.errors import (
    ClearanceExpired,
    NotFound,
    RefusedByGate,
    ReservationEnded,
    SessionTaken,
)
from booking.models.appointment import Appointment
from booking.models.course import Course
from booking.web import (
    after,
    course_view,
    course_wishes,
    edge,
    journey,
    own_visits,
    security,
)
from booking.web.calendar_pages import expired, token_of
from booking.web.forms import DetailsForm
from booking.web.journey import Journey

bp = Blueprint("course", __name__, url_prefix="/booking/<key>/course")
bp.before_request(journey.leave_finished)
bp.register_error_handler(ClearanceExpired, expired)

Answered = str | Response | tuple[str, int]


@bp.get("")
def plan(key: str) -> Answered:
    return _plan_page(journey.find(key))


@bp.post("")
@security.limiter.limit(security.PUBLIC_WRITES)
def keep(key: str) -> Answered:
    trip = journey.find(key)
    places = course_wishes.places_of(request.form.getlist("place"))
    # The times that this browser keeps already must not stand in its own way.
    _let_go(trip)
    try:
        course = bookings.reserve(
            trip.screening(), places, now=edge.now(), owner_id=trip.owner_id
        )
    except (SessionTaken, RefusedByGate) as refusal:
        return _plan_page(trip, refusal), refusal.status
    trip.remember(course=course.public_id, reserved=None)
    return redirect(url_for(".details", key=key), 303)


@bp.route("/details", methods=["GET", "POST"])
@security.limiter.limit(security.BOOKINGS, methods=["POST"])
def details(key: str) -> Answered:
    trip = journey.find(key)
    course = trip.course()
    if course is None:
        return redirect(url_for(".plan", key=key), 303)
    form = DetailsForm.of(trip.contact, trip.owner)
    if form.validate_on_submit():
        return _book(trip, course, form)
    if form.is_submitted():
        trip.save(contact=asdict(form.contact))
    if not keeping.is_kept(course, now=edge.now()):
        return _ended(trip)
    return _details(trip, course, form), 422 if form.errors else 200


@bp.post("/more-time")
@security.limiter.limit(security.PUBLIC_WRITES)
def more_time(key: str) -> Answered:
    """Keep all times for longer; what was typed so far travels along and is kept."""
    trip = journey.find(key)
    course = trip.course()
    if course is None:
        return redirect(url_for(".plan", key=key), 303)
    if "email" in request.form:
        trip.save(contact=asdict(DetailsForm().contact))
    try:
        keeping.extend(course, now=edge.now())
    except ReservationEnded:
        return _ended(trip)
    if request.accept_mimetypes.best == "application/json":
        return {"seconds": _seconds_left(course)}  # type: ignore[return-value]
    return redirect(url_for(".details", key=key), 303)


def _let_go(trip: Journey) -> None:
    now = edge.now()
    for course in (trip.course(), *journey.hoarded_courses(trip)):
        if course is not None:
            keeping.let_go(course, now=now)
    for reserved in (trip.reservation(), *journey.hoarded(trip)):
        if reserved is not None:
            reservations.let_go(reserved, now=now)


def _book(trip: Journey, course: Course, form: DetailsForm) -> Answered:
    contact = form.contact
    body = json.dumps([course.public_id, asdict(contact)], sort_keys=True)
    try:
        booked = bookings.book(
            course,
            trip.screening(),
            contact,
            now=edge.now(),
            key=f"page:{request.form.get('idem', '')[:64] or trip.kept['idem']}",
            body=body,
            owner_id=trip.owner_id,
        )
    except (ReservationEnded, RefusedByGate):
        trip.save(contact=asdict(contact))
        return _ended(trip)
    token = token_of(trip, booked.first)
    trip.finish(token)
    response = redirect(url_for("visit.show", token=token, new=1), 303)
    for visit in booked.visits:
        response = after.check_records(response, visit)
    return response


def _ended(trip: Journey) -> Answered:
    """The times are no longer kept: what was typed stays, and a new plan is made."""
    flash(
        "We could not keep these times any longer. What you typed is still here: "
        "please look at the new plan.",
        "error",
    )
    trip.remember(course=None)
    return redirect(url_for(".plan", key=trip.key), 303)


def _plan_page(
    trip: Journey, refusal: SessionTaken | RefusedByGate | None = None
) -> str:
    course = _course_of(trip)
    clearance = trip.clearance()
    first_visit = appointments.is_first_visit(trip.owner_id, trip.draft.treatment)
    given = request.form if request.method == "POST" else request.args
    proposal = course_wishes.propose(given, clearance, course, Asker(first_visit))
    slots = proposal.slots
    names = course_view.names(trip.draft.treatment)
    return render_template(
        "patient/course_plan.html",
        trip=trip,
        course=course,
        proposal=proposal,
        problems=proposal.problems,
        refusal=refusal,
        names=names,
        weekdays=course_wishes.WEEKDAYS,
        parts=course_wishes.PART_WORDS,
        value_of=course_wishes.value_of,
        line=course_view.draw(
            [(slot.start, n, "on") for n, slot in enumerate(slots, start=1)]
        )
        if slots
        else None,
        effects=own_visits.effects_of(trip, [slot.start for slot in slots]),
        notices=[notice.text for notice in clearance.notices],
    )


def _details(trip: Journey, course: Course, form: DetailsForm) -> str:
    visits = sessions.visits_of(course)
    return render_template(
        "patient/course_details.html",
        trip=trip,
        visits=visits,
        form=form,
        owner=trip.owner,
        names=course_view.names(trip.draft.treatment),
        line=course_view.draw(
            [(visit.starts_at, n, "on") for n, visit in enumerate(visits, start=1)]
        ),
        effects=own_visits.effects_of(trip, [visit.starts_at for visit in visits]),
        kept_until=_first_to_end(course).reserved_until,
        seconds_left=_seconds_left(course),
    )


def _course_of(trip: Journey) -> screening.Course:
    course = trip.rulebook.find_course(trip.draft.treatment)
    if course is None:
        raise NotFound
    return course


def _first_to_end(course: Course) -> Appointment:
    visits = sessions.visits_of(course)
    return min(visits, key=lambda visit: visit.reserved_until or edge.now())


def _seconds_left(course: Course) -> int:
    until = _first_to_end(course).reserved_until or edge.now()
    return round((until - edge.now()).total_seconds())
