"""Booking a course online: a plan for all visits, who comes, and all of them booked."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

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
from booking.web import details as who
from booking.web.calendar_pages import expired, token_of
from booking.web.details import Answered
from booking.web.forms import DetailsForm
from booking.web.journey import Journey

bp = Blueprint("course", __name__, url_prefix="/booking/<key>/course")
bp.before_request(journey.leave_finished)
bp.register_error_handler(ClearanceExpired, expired)


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
    kept = _kept(journey.find(key))
    return who.ask(kept) if kept else _to_plan(key)


@bp.get("/more-time")
def before_more_time(key: str) -> Response:
    return redirect(url_for(".details", key=key), 303)


@bp.post("/more-time")
@security.limiter.limit(security.PUBLIC_WRITES)
def more_time(key: str) -> Answered:
    kept = _kept(journey.find(key))
    return who.keep_longer(kept) if kept else _to_plan(key)


def _let_go(trip: Journey) -> None:
    now = edge.now()
    for course in (trip.course(), *journey.hoarded_courses(trip)):
        if course is not None:
            keeping.let_go(course, now=now)
    for reserved in (trip.reservation(), *journey.hoarded(trip)):
        if reserved is not None:
            reservations.let_go(reserved, now=now)


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


def _course_of(trip: Journey) -> screening.Course:
    course = trip.rulebook.find_course(trip.draft.treatment)
    if course is None:
        raise NotFound
    return course


class _KeptCourse(who.Kept):
    several = True

    def __init__(self, trip: Journey, course: Course) -> None:
        super().__init__(trip)
        self.course = course
        self.visits = sessions.visits_of(course)

    @property
    def until(self) -> datetime:
        return min(visit.reserved_until or edge.now() for visit in self.visits)

    @property
    def is_live(self) -> bool:
        return keeping.is_kept(self.course, now=edge.now())

    def extend(self) -> None:
        keeping.extend(self.course, now=edge.now())

    def book(self, form: DetailsForm) -> Answered:
        trip, contact = self.trip, form.contact
        wish = [self.course.public_id, asdict(contact)]
        try:
            booked = bookings.book(
                self.course,
                trip.screening(),
                contact,
                now=edge.now(),
                key=self.key,
                body=json.dumps(wish, sort_keys=True),
                owner_id=trip.owner_id,
            )
        except RefusedByGate as refusal:
            raise ReservationEnded from refusal
        token = token_of(trip, booked.first)
        trip.finish(token)
        response = redirect(url_for("visit.show", token=token, new=1), 303)
        for visit in booked.visits:
            response = after.check_records(response, visit)
        return response

    def page(self, form: DetailsForm) -> str:
        starts = [visit.starts_at for visit in self.visits]
        return render_template(
            "patient/course_details.html",
            kept=self,
            trip=self.trip,
            visits=self.visits,
            form=form,
            names=course_view.names(self.trip.draft.treatment),
            line=course_view.draw([(at, n, "on") for n, at in enumerate(starts, 1)]),
            effects=own_visits.effects_of(self.trip, starts),
        )

    def ended(self, status: int = 303) -> Answered:
        """A new plan is made, so that there is no page of its own to answer with."""
        flash(
            "We could not keep these times any longer. What you typed is still here: "
            "please look at the new plan.",
            "error",
        )
        self.trip.remember(course=None)
        return _to_plan(self.trip.key)


def _kept(trip: Journey) -> _KeptCourse | None:
    course = trip.course()
    return _KeptCourse(trip, course) if course else None


def _to_plan(key: str) -> Response:
    return redirect(url_for(".plan", key=key), 303)
