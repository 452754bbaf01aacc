"""The second half of booking for a caller: the time, a last look, and the visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from booking import appointments
from booking.appointments import Contact
from booking.db import db
from booking.diary.calendar import Slot
from booking.errors import BookingError, InvalidRequest
from booking.models.appointment import Appointment
from booking.models.patient import Patient
from booking.patients import files
from booking.web import access, edge, journey
from booking.web.desk import releases, times
from booking.web.desk.blueprint import attempt, bp, instant_of, page, problems_of
from booking.web.desk.book import caller_of
from booking.web.desk.choices import asked_release, practitioner_of, resource_of
from booking.web.desk.effects import effects_on
from booking.web.desk.telling import words_of
from booking.web.journey import Journey
from screening import Clearance


@bp.get("/book/<key>/times")
def choose_time(key: str) -> ResponseReturnValue:
    trip = journey.find(key)

    def link(slot: Slot) -> str:
        return url_for(
            ".confirm",
            key=key,
            start=slot.start.isoformat(),
            practitioner=slot.practitioner,
        )

    def day_link(first: date, day: date | None = None) -> str:
        values: dict[str, Any] = {"from": first, "day": day}
        return url_for(".choose_time", key=key, **values)

    caller = caller_of(trip)
    if caller is not None:
        # What our records say shows in the days that they block.
        files.note_reading(caller, actor=access.actor(), now=edge.now())
    clearance = trip.clearance()
    return page(
        "desk/book_times.html",
        trip=trip,
        caller=caller,
        course=trip.rulebook.find_course(trip.draft.treatment),
        conflicts=clearance.conflicts,
        said=words_of(trip.screening().answers),
        times=times.offered(
            clearance, first_visit=first_visit_of(trip), link=link, day_link=day_link
        ),
    )


@bp.get("/book/<key>/confirm")
def confirm(key: str) -> ResponseReturnValue:
    return _confirm_page(journey.find(key), request.args)


@bp.post("/book/<key>/confirm")
def confirmed(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    screening_id = trip.screening().id
    result = attempt(lambda: _book(trip, request.form))
    if not isinstance(result, BookingError):
        # The answers stay until the draft expires, so that a second click finds them.
        word = "Held: it waits for a decision." if result.hold else "Confirmed."
        flash(f"Booked. {word}", "done")
        return to_visit(result.appointment.id)
    # The same form sent twice: the first one has booked it.
    if earlier := booked_by(screening_id):
        return to_visit(earlier)
    return _confirm_page(trip, request.form, result), result.status


def _book(trip: Journey, form: Mapping[str, str]) -> appointments.Booked:
    caller = caller_of(trip)
    return appointments.book_at_desk(
        trip.screening(),
        instant_of(form.get("start", ""), "start"),
        practitioner_of(form.get("practitioner", "")),
        contact_of(caller, form),
        now=edge.now(),
        actor=access.actor(),
        patient_id=caller.id if caller else None,
        release=asked_release(),
    )


def contact_of(caller: Patient | None, form: Mapping[str, str]) -> Contact:
    if caller is None:
        contact = Contact(
            form.get("name", ""), form.get("email", ""), form.get("phone", "")
        )
    else:
        contact = Contact(caller.name, caller.email, caller.phone, caller.language)
    return replace(
        contact,
        details_by_mail="details_by_mail" in form,
        booked_by=form.get("booked_by", ""),
        relation=form.get("relation", ""),
    )


def booked_by(screening_id: int) -> int | None:
    return db.session.scalar(
        select(Appointment.id).where(
            Appointment.screening_id == screening_id, Appointment.booked_at.is_not(None)
        )
    )


def to_visit(visit_id: int) -> ResponseReturnValue:
    return redirect(url_for(".visit", visit_id=visit_id), 303)


def _confirm_page(
    trip: Journey, given: Mapping[str, str], refusal: BookingError | None = None
) -> str:
    start = _future(instant_of(given.get("start", ""), "start"))
    clearance: Clearance = trip.clearance()
    return page(
        "desk/book_confirm.html",
        trip=trip,
        caller=caller_of(trip),
        start=start,
        practitioner_id=given.get("practitioner", ""),
        practitioner=resource_of(practitioner_of(given.get("practitioner", ""))),
        decided=times.decided(clearance, start),
        said=words_of(trip.screening().answers),
        effects=effects_on(
            caller_of(trip), trip.draft.treatment, trip.draft.area, [start]
        ),
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
        **releases.choices(),
    )


def _future(start: datetime) -> datetime:
    if start < edge.now():
        raise InvalidRequest.of("start", "Choose a time in the future.")
    return start


def first_visit_of(trip: Journey) -> bool:
    caller = caller_of(trip)
    return appointments.is_first_visit(
        caller.id if caller else None, trip.draft.treatment
    )
