"""Moving a visit at the desk, and the rest of its course along with it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import appointments
from booking.courses import sessions, shift_proposals, shifting
from booking.courses.places import Place
from booking.diary.calendar import Slot
from booking.errors import BookingError
from booking.models.appointment import Appointment
from booking.patients import files
from booking.web import access, course_moves, course_view, course_wishes, edge
from booking.web.desk import releases, times
from booking.web.desk.blueprint import (
    attempt,
    bp,
    instant_of,
    page,
    problems_of,
)
from booking.web.desk.choices import asked_release, practitioner_of, resource_of
from booking.web.desk.effects import effects_on
from booking.web.desk.telling import words_of
from screening import Clearance


@bp.get("/visits/<int:visit_id>/move")
def choose_move(visit_id: int) -> ResponseReturnValue:
    found = files.get_visit(visit_id)
    files.note_reading(found, actor=access.actor(), now=edge.now())
    clearance = _clearance(found)

    def link(slot: Slot) -> str:
        return url_for(
            ".move",
            visit_id=visit_id,
            start=slot.start.isoformat(),
            practitioner=slot.practitioner,
        )

    def day_link(first: date, day: date | None = None) -> str:
        values: dict[str, Any] = {"from": first, "day": day}
        return url_for(".choose_move", visit_id=visit_id, **values)

    return page(
        "desk/move.html",
        visit=found,
        said=words_of(found.screening.answers),
        times=times.offered(
            clearance,
            first_visit=found.first_visit,
            link=link,
            day_link=day_link,
            ignoring=found.id,
            horizon_days=sessions.horizon_of(found, edge.site()),
        ),
    )


@bp.get("/visits/<int:visit_id>/move/to")
def move(visit_id: int) -> ResponseReturnValue:
    return _move_page(visit_id, request.args)


@bp.post("/visits/<int:visit_id>/move/to")
def do_move(visit_id: int) -> ResponseReturnValue:
    found = files.get_visit(visit_id)

    def act() -> appointments.Booked:
        start = instant_of(request.form.get("start", ""), "start")
        who = practitioner_of(request.form.get("practitioner", ""))
        asked = asked_release()
        now, actor = edge.now(), access.actor()
        if request.form.get("rest_how") != "all":
            return appointments.move(
                found, start, who, now=now, actor=actor, release=asked
            )
        rest = course_moves.targets_of(found, request.form.getlist("rest"))
        return shifting.move_together(
            found, Place(start, who), rest, now=now, actor=actor, release=asked
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _move_page(visit_id, request.form, result), result.status
    held = "It is held now." if result.hold else "It is confirmed."
    flash(f"Moved. {held} The patient is told by e-mail.", "done")
    return redirect(url_for(".visit", visit_id=visit_id), 303)


def _move_page(visit_id: int, given: Any, refusal: BookingError | None = None) -> str:
    found = files.get_visit(visit_id)
    start = instant_of(given.get("start", ""), "start")
    clearance = _clearance(found)
    shift = shift_proposals.propose(found, start, now=edge.now(), actor=access.actor())
    going = [step.visit.id for step in shift.steps] if shift else []
    return page(
        "desk/move_to.html",
        visit=found,
        shift=shift,
        names=course_view.names(found.treatment),
        value_of=course_wishes.value_of,
        effects=effects_on(
            found.patient,
            found.treatment,
            found.area,
            [start],
            leaving_out=[found.id, *going],
        ),
        said=words_of(found.screening.answers),
        start=start,
        practitioner_id=given.get("practitioner", ""),
        practitioner=resource_of(practitioner_of(given.get("practitioner", ""))),
        decided=times.decided(clearance, start),
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
        **releases.choices(),
    )


def _clearance(found: Appointment) -> Clearance:
    """Later sessions of its course may follow it, so they close no day."""
    return shift_proposals.clearance_before_shift(
        found, edge.site(), now=edge.now(), actor=access.actor()
    )
