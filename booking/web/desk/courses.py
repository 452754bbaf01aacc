"""Booking a course for a caller: a plan, changed as they wish, past the same gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import flash, request
from flask.typing import ResponseReturnValue

from booking.courses import bookings
from booking.courses.places import Place
from booking.courses.proposals import Asker
from booking.errors import BookingError, InvalidRequest, NotFound
from booking.patients import files
from booking.web import access, course_view, course_wishes, edge, journey, words
from booking.web.desk.blueprint import attempt, bp, page, problems_of
from booking.web.desk.book import caller_of
from booking.web.desk.book_time import booked_by, contact_of, first_visit_of, to_visit
from booking.web.desk.choices import practitioner_of
from booking.web.desk.effects import effects_on
from booking.web.desk.telling import words_of
from booking.web.journey import Journey

Times = list[tuple[str, str]]


@bp.get("/book/<key>/course")
def plan_course(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    caller = caller_of(trip)
    if caller is not None:
        # What our records say shows in the days that they close.
        files.note_reading(caller, actor=access.actor(), now=edge.now())
    return _plan_page(trip)


@bp.post("/book/<key>/course")
def book_course(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    screening_id = trip.screening().id
    caller = caller_of(trip)
    result = attempt(
        lambda: bookings.book_at_desk(
            trip.screening(),
            _places(request.form),
            contact_of(caller, request.form),
            now=edge.now(),
            actor=access.actor(),
            patient_id=caller.id if caller else None,
        )
    )
    if not isinstance(result, BookingError):
        held = sum(visit.status == "held" for visit in result.visits)
        word = f"{held} of them wait for a decision." if held else "All are confirmed."
        flash(f"Booked {len(result.visits)} visits. {word}", "done")
        return to_visit(result.first.id)
    # The same form sent twice: the first one has booked it.
    if earlier := booked_by(screening_id):
        return to_visit(earlier)
    return _plan_page(trip, result), result.status


def _plan_page(trip: Journey, refusal: BookingError | None = None) -> str:
    course = trip.rulebook.find_course(trip.draft.treatment)
    if course is None:
        raise NotFound
    clearance, caller = trip.clearance(), caller_of(trip)
    posted = request.method == "POST"
    given = request.form if posted else request.args
    asker = Asker(first_visit_of(trip), staff=True)
    proposal = course_wishes.propose(given, clearance, course, asker)
    times = _typed(request.form) if posted else _proposed(proposal)
    starts = [words.local(slot.start) for slot in proposal.slots]
    return page(
        "desk/book_course.html",
        trip=trip,
        caller=caller,
        course=course,
        proposal=proposal,
        names=course_view.names(trip.draft.treatment),
        weekdays=course_wishes.WEEKDAYS,
        day_parts=course_wishes.PART_WORDS,
        times=times,
        line=course_view.draw(
            [(start, number, "on") for number, start in enumerate(starts, start=1)]
        )
        if starts
        else None,
        effects=effects_on(
            caller,
            trip.draft.treatment,
            trip.draft.area,
            starts,
        ),
        said=words_of(trip.screening().answers),
        notices=[notice.text for notice in clearance.notices],
        refusal=refusal,
        problems=problems_of(refusal) | proposal.errors,
        form=request.form,
    )


def _proposed(proposal: course_wishes.Proposal) -> Times:
    return [
        (words.local(slot.start).strftime("%Y-%m-%dT%H:%M"), str(slot.practitioner))
        for slot in proposal.slots
    ]


def _typed(form: Mapping[str, str]) -> Times:
    numbers = range(1, course_wishes.MOST_PLACES + 1)
    return [
        (form[f"start-{number}"], form.get(f"with-{number}", ""))
        for number in numbers
        if f"start-{number}" in form
    ]


def _places(form: Mapping[str, str]) -> list[Place]:
    """The times as staff typed them, on the wall clock of the clinic."""
    zone = ZoneInfo(edge.site().timezone)
    places = []
    for number, (text, who) in enumerate(_typed(form), start=1):
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            local = None
        if local is None or local.tzinfo or not 2000 <= local.year < 2900:
            raise InvalidRequest.of(f"start-{number}", "Give the day and the time.")
        places.append(Place(local.replace(tzinfo=zone), practitioner_of(who)))
    return places
