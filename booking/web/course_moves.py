"""Moving a session of a course by its link: what it means for the later ones."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking.courses import sessions, shift_proposals, shifting
from booking.courses.places import Place
from booking.courses.shift_proposals import Shift
from booking.courses.shifting import Target
from booking.errors import BookingError, InvalidRequest, RefusedByGate, SessionTaken
from booking.links import OpenedVisit
from booking.models.appointment import Appointment
from booking.web import after, course_view, edge
from booking.web.course_wishes import place_of, value_of

Answered = str | Response | tuple[str, int]


def proposal_for(
    token: str, opened: OpenedVisit, start: datetime, practitioner: int | None
) -> Response | None:
    """The way to the page about the later sessions, if this move would touch them."""
    found = _propose(opened, start)
    if found is None or not found.breaks:
        return None
    where = url_for(
        "visit_changes.shift_page",
        token=token,
        start=start.isoformat(),
        practitioner=practitioner,
    )
    return redirect(where, 303)


def shift_page(
    token: str,
    opened: OpenedVisit,
    start: datetime,
    practitioner: int | None,
    refusal: BookingError | None = None,
) -> Answered:
    """What would break, and the new times for it."""
    found = _propose(opened, start)
    if found is None or (not found.breaks and refusal is None):
        return redirect(url_for("visit_changes.move_page", token=token), 303)
    visit = opened.appointment
    return render_template(
        "patient/shift.html",
        token=token,
        visit=visit,
        start=start,
        practitioner=practitioner,
        shift=found,
        names=course_view.names(visit.treatment),
        value_of=value_of,
        refusal=refusal,
    )


def move(
    token: str, opened: OpenedVisit, start: datetime, practitioner: int | None
) -> Answered:
    """Move the session, and the later ones with it if that was chosen."""
    visit, now, actor = opened.appointment, edge.now(), opened.actor
    rest = []
    if request.form.get("how") == "all":
        rest = targets_of(visit, request.form.getlist("rest"))
    try:
        place = Place(start, practitioner)
        shifting.move_together(visit, place, rest, now=now, actor=actor)
    except (SessionTaken, RefusedByGate) as refusal:
        page = shift_page(token, opened, start, practitioner, refusal)
        return (page, refusal.status) if isinstance(page, str) else page
    response = redirect(url_for("visit.show", token=token, moved=1), 303)
    for moved in sessions.all_with(visit):
        if moved.records_checked_at is None:
            response = after.check_records(response, moved)
    return response


def targets_of(visit: Appointment, texts: list[str]) -> list[Target]:
    """The later sessions and their new places, as a form names them."""
    own = {one.public_id: one.id for one in sessions.all_with(visit)}
    found = []
    for text in texts:
        public_id, _, place = text.partition("|")
        if public_id not in own:
            raise InvalidRequest.of("rest", "Choose one of the offered times.")
        found.append(Target(own[public_id], place_of(place)))
    return found


def _propose(opened: OpenedVisit, start: datetime) -> Shift | None:
    return shift_proposals.propose(
        opened.appointment, start, now=edge.now(), actor=opened.actor
    )
