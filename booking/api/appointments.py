"""Booking by programs, and what a patient's token opens."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from flask import Response
from werkzeug import Response as AnyResponse

from booking import appointments, idempotency, links, patients
from booking.api import bodies, edge, schemas, shown
from booking.api.edge import Calls, answer, refusing
from booking.api.problems import nearest_at
from booking.appointments import Contact
from booking.clock import local_day
from booking.db import db
from booking.errors import ClearanceExpired, FieldProblem, InvalidRequest
from booking.links import OpenedVisit
from booking.messages import invitations
from booking.models.clinic import Site
from booking.models.screening import Screening
from booking.web import after, security

calls = Calls("appointments", __name__, description="Book a visit, and change it")


@calls.route("/appointments", methods=["POST"])
@security.limiter.limit(security.BOOKINGS)
@calls.arguments(bodies.BookingHeaders, location="headers")
@calls.arguments(bodies.BookingRequest)
@refusing(calls, 400, 409, 413, 415, 422, on_409=schemas.Taken, on_422=schemas.Refused)
@calls.alt_response(202, schema=schemas.Request, description="Held: we will answer")
@calls.alt_response(200, schema=schemas.Booking, description="Booked before")
@calls.response(201, schemas.Booking)
def create(headers: dict[str, Any], body: dict[str, Any]) -> AnyResponse:
    """Book, or request where somebody has to decide first."""
    site = edge.site_of(body["site"])
    contact = _contact(body)
    text = json.dumps(body, sort_keys=True, default=str)
    screening = _screening_of(body["clearance"], site, headers["key"], text)
    with nearest_at(site):
        booked = appointments.book(
            screening,
            body["start"],
            body.get("practitioner"),
            contact,
            now=edge.now(),
            source="api",
            key=headers["key"],
            body=text,
        )
    visit = booked.appointment
    status = 200 if booked.replayed else 202 if booked.hold else 201
    token = links.visit_token(visit)
    form = shown.booking(visit, token, booked.hold, site=site, mailed=False)
    return after.check_records(answer(form, status), visit)


@calls.route("/appointments/<token>")
@refusing(calls, 404)
@calls.response(200, schemas.Visit)
def read(token: str) -> Response:
    """The visit as its patient sees it."""
    opened = links.open_visit(token)
    return answer(shown.visit(opened, token, site=_site(opened)))


@calls.route("/appointments/<token>/calendar.ics")
@refusing(calls, 404)
@calls.response(200, content_type="text/calendar", description="iCalendar")
def calendar_file(token: str) -> Response:
    """The visit for a calendar; it says nothing about health."""
    opened = links.open_visit(token)
    text = invitations.calendar_file(opened.appointment, now=edge.now(), token=token)
    return Response(text, content_type="text/calendar; charset=utf-8; method=PUBLISH")


@calls.route("/appointments/<token>/move", methods=["POST"])
@security.limiter.limit(security.PUBLIC_WRITES)
@calls.arguments(bodies.MoveRequest)
@refusing(
    calls, 400, 404, 409, 413, 415, 422, on_409=schemas.Taken, on_422=schemas.Refused
)
@calls.alt_response(202, schema=schemas.Request, description="Held: we will answer")
@calls.response(200, schemas.Booking)
def move(body: dict[str, Any], token: str) -> AnyResponse:
    """Give the visit another time, through the same gate; a refusal moves nothing."""
    opened = _opened_to_change(token)
    site = _site(opened)
    with nearest_at(site):
        moved = appointments.move(
            opened.appointment,
            body["start"],
            body.get("practitioner"),
            now=edge.now(),
            actor=opened.actor,
        )
    visit, hold = moved.appointment, moved.hold
    form = shown.booking(visit, token, hold, site=site, mailed=opened.mailed)
    return after.check_records(answer(form, 202 if hold else 200), visit)


@calls.route("/appointments/<token>/cancel", methods=["POST"])
@security.limiter.limit(security.PUBLIC_WRITES)
@calls.arguments(bodies.Nothing, required=False)
@refusing(calls, 400, 404, 409, 413, 415, 422)
@calls.response(200, schemas.Visit)
def cancel(_body: dict[str, Any], token: str) -> Response:
    """Cancel the visit and free its time."""
    opened = _opened_to_change(token)
    appointments.cancel(opened.appointment, now=edge.now(), actor=opened.actor)
    return answer(shown.visit(opened, token, site=_site(opened)))


@calls.route("/appointments/<token>/answers", methods=["POST"])
@security.limiter.limit(security.PUBLIC_WRITES)
@calls.arguments(bodies.AnswersRequest)
@refusing(calls, 400, 404, 409, 413, 415, 422)
@calls.response(200, schemas.Rescreening)
def answers(body: dict[str, Any], token: str) -> AnyResponse:
    """Something has changed: merge these answers with the stored ones, decide again."""
    opened = _opened_to_change(token)
    decided = appointments.change_answers(
        opened.appointment, body["answers"], now=edge.now(), actor=opened.actor
    )
    found = decided.clearance
    if not opened.mailed:
        found = replace(found, windows=tuple(shown.own(found.windows)))
    today = local_day(edge.now(), _site(opened).timezone)
    form = {
        "status": str(decided.status),
        "windows": [shown.window(one) for one in found.windows],
        "first_clear_day": shown.day(found.first_clear_day(today)),
    }
    return after.check_records(answer(form), decided.appointment)


def _screening_of(clearance: str, site: Site, key: str, body: str) -> Screening:
    """What was answered. A repeat is answered even after its clearance has expired."""
    try:
        return edge.screening_of(clearance, site)
    except ClearanceExpired:
        earlier = idempotency.find(idempotency.request_of(key, body))
        if earlier is None:
            raise
        return earlier.screening


def _opened_to_change(token: str) -> OpenedVisit:
    """The visit of a token; acting through the mailed one proves the address."""
    opened = links.open_to_change(token)
    if opened.mailed:
        appointments.prove(opened.appointment, now=edge.now())
    return opened


def _site(opened: OpenedVisit) -> Site:
    return db.session.get_one(Site, opened.appointment.site_id)


def _contact(body: dict[str, Any]) -> Contact:
    given, proxy = body["patient"], body.get("booked_by") or {}
    contact = Contact(
        name=given["name"],
        email=given["email"],
        phone=given.get("phone"),
        language=body.get("language", "en"),
        booked_by=proxy.get("name", ""),
        relation=proxy.get("relation", ""),
    )
    try:
        return patients.checked(contact)
    except InvalidRequest as bad:
        raise InvalidRequest(
            [
                FieldProblem(_path(problem.field), problem.message)
                for problem in bad.problems
            ]
        ) from None


def _path(name: str) -> str:
    """Where the body of the request has what the contact calls *name*."""
    own = {
        "language": "language",
        "booked_by": "booked_by.name",
        "relation": "booked_by.relation",
    }
    return own.get(name, f"patient.{name}")
