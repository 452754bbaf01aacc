"""From the calendar to the booked visit: choose a time, say who you are, confirm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
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
from booking.web import details as who
from booking.web.details import Answered
from booking.web.forms import DetailsForm
from booking.web.journey import Journey
from screening import Authority, Clearance, Requirement, Verdict, kinds_lacking

bp = Blueprint("calendar", __name__, url_prefix="/booking/<key>")
bp.before_request(journey.leave_finished)

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
    return _calendar(journey.find(key))


@bp.get("/time")
def before_time(key: str) -> Response:
    """Only a form lives here; who comes back to it gets the page it was sent from."""
    return _to_calendar(key)


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
    kept = _kept(journey.find(key))
    return who.ask(kept) if kept else _to_calendar(key)


@bp.get("/more-time")
def before_more_time(key: str) -> Response:
    return redirect(url_for(".details", key=key), 303)


@bp.post("/more-time")
@security.limiter.limit(security.PUBLIC_WRITES)
def more_time(key: str) -> Answered:
    kept = _kept(journey.find(key))
    return who.keep_longer(kept) if kept else _to_calendar(key)


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


def token_of(trip: Journey, visit: Appointment) -> str:
    """The link of a new visit; whoever came by a mailed one has proven the address."""
    return links.mailed_token(visit) if trip.owner else links.visit_token(visit)


def _scope(trip: Journey) -> offers.Scope:
    first_visit = appointments.is_first_visit(trip.owner_id, trip.draft.treatment)
    return offers.Scope(
        edge.site(), trip.draft.treatment, trip.clearance(), first_visit=first_visit
    )


class _KeptVisit(who.Kept):
    def __init__(self, trip: Journey, reserved: Appointment) -> None:
        super().__init__(trip)
        self.reserved = reserved

    @property
    def until(self) -> datetime:
        return self.reserved.reserved_until or edge.now()

    @property
    def is_live(self) -> bool:
        return reservations.is_live(self.reserved, now=edge.now())

    def extend(self) -> None:
        self.reserved = reservations.extend(self.reserved, now=edge.now())

    def book(self, form: DetailsForm) -> Answered:
        trip, contact = self.trip, form.contact
        wish = [self.reserved.public_id, asdict(contact)]
        booked = appointments.book(
            trip.screening(),
            self.reserved.starts_at,
            self.reserved.practitioner_id,
            contact,
            now=edge.now(),
            source="online",
            owner_id=trip.owner_id,
            key=self.key,
            body=json.dumps(wish, sort_keys=True),
            reservation=self.reserved,
        )
        token = token_of(trip, booked.appointment)
        trip.finish(token)
        then = trip.kept.get("then")
        response = redirect(url_for("visit.show", token=token, new=1, then=then), 303)
        return after.check_records(response, booked.appointment)

    def page(self, form: DetailsForm) -> str:
        trip, visit = self.trip, self.reserved
        site, now = edge.site(), edge.now()
        day = local_day(visit.starts_at, site.timezone)
        held = trip.clearance().verdict_on(day) is Verdict.HOLD
        names = offers.practitioners(site, visit.treatment)
        return render_template(
            "patient/details.html",
            kept=self,
            trip=trip,
            visit=visit,
            form=form,
            practitioner=names.get(visit.practitioner_id or 0, ""),
            answer_by=holds.deadline(site, visit.starts_at, now=now) if held else None,
            effects=own_visits.effects_of(trip, [visit.starts_at]),
            by_answer=trip.clearance().release_authority_on(day) is Authority.ANSWER,
        )

    def ended(self, status: int = 200) -> Answered:
        nearest = offers.nearest(
            _scope(self.trip), self.reserved.starts_at, now=edge.now()
        )
        page = render_template(
            "patient/time_ended.html", trip=self.trip, nearest=nearest
        )
        return page, status


def _kept(trip: Journey) -> _KeptVisit | None:
    reserved = trip.reservation()
    return _KeptVisit(trip, reserved) if reserved else None


def _to_calendar(key: str) -> Response:
    return redirect(url_for(".month_page", key=key), 303)
