"""The hold queue for other software: staff tokens, and the same rules as the page."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Response, g, request

from booking import accounts, holds
from booking.actors import Actor
from booking.api import bodies, edge, schemas, shown
from booking.api.edge import Calls, answer, refusing
from booking.api.inputs import MOST_ID
from booking.api.problems import NotSignedIn, NotThere
from booking.db import db
from booking.models.appointment import Appointment, Hold
from booking.models.clinic import Site
from booking.patients import files

calls = Calls("holds", __name__, description="The hold queue (staff)")


def staff_only(view: Callable[..., Response]) -> Callable[..., Response]:
    """Ask for a staff token before anything else is looked at."""

    @functools.wraps(view)
    def guarded(*arguments: Any, **named: Any) -> Response:
        header = request.headers.get("Authorization")
        user = accounts.user_of_bearer(header, now=edge.now())
        if user is None:
            raise NotSignedIn
        g.staff = accounts.actor_of(user)
        return view(*arguments, **named)

    return calls.doc(security=[{"staff": []}])(guarded)


@calls.route("/holds")
@staff_only
@calls.arguments(bodies.HoldsQuery, location="query")
@refusing(calls, 401, 403, 422)
@calls.response(200, schemas.Hold(many=True))
def queue(query: dict[str, Any]) -> Response:
    """The open holds, the nearest deadline first. Who read them is kept."""
    actor = _actor()
    site = edge.site_of(query.get("site"))
    found = holds.queue(site, actor)
    if found:
        files.note_readings(found, actor=actor, now=edge.now())
    return answer([_hold(one, site) for one in found])


@calls.route("/holds/<int:number>/release", methods=["POST"])
@staff_only
@calls.arguments(bodies.ReleaseRequest)
@refusing(calls, 400, 401, 403, 404, 409, 413, 415, 422)
@calls.response(200, schemas.Decided)
def release(body: dict[str, Any], number: int) -> Response:
    """Confirm the visit by overriding what it waits for."""
    hold = _hold_of(number)
    visit = holds.release(hold, now=edge.now(), actor=_actor(), **body)
    return _decided(number, visit)


@calls.route("/holds/<int:number>/decline", methods=["POST"])
@staff_only
@calls.arguments(bodies.DeclineRequest)
@refusing(calls, 400, 401, 403, 404, 409, 413, 415, 422)
@calls.response(200, schemas.Decided)
def decline(body: dict[str, Any], number: int) -> Response:
    """Free the slot and tell the patient."""
    hold = _hold_of(number)
    visit = holds.decline(hold, now=edge.now(), actor=_actor(), **body)
    return _decided(number, visit)


def _actor() -> Actor:
    actor: Actor = g.staff
    return actor


def _hold_of(number: int) -> Hold:
    hold = db.session.get(Hold, number) if number <= MOST_ID else None
    if hold is None:
        raise NotThere("There is no such hold.", field="id")
    return hold


def _decided(number: int, visit: Appointment) -> Response:
    return answer(
        {"id": number, "appointment": visit.public_id, "status": str(visit.status)}
    )


def _hold(one: Hold, site: Site) -> dict[str, Any]:
    visit = one.appointment
    return {
        "id": one.id,
        "appointment": visit.public_id,
        "patient": {"name": visit.patient.name if visit.patient else ""},
        "treatment": visit.treatment,
        "area": visit.area,
        "start": shown.moment(visit.starts_at, site.timezone),
        "practitioner": visit.practitioner_id,
        "decide_by": shown.moment(one.decide_by, site.timezone),
        "windows": [shown.window(window) for window in holds.windows_of(one)],
        "conflicts": list(one.conflicts or ()),
    }
