"""One change of when the clinic is open: weighed, agreed to, put down as a whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from booking import audit, freed
from booking.actors import Actor
from booking.db import begin_write, db
from booking.diary.cells import Horizon
from booking.errors import HoursChanged, InvalidRequest, NotAllowed, VisitsOutside
from booking.models.clinic import PRACTITIONER, Resource, Site
from booking.opening import capacity, outside

CLINIC = "clinic"
"""How a form names the clinic itself, whose hours rooms and devices follow."""


@dataclass(frozen=True)
class Agreed:
    """What a manager says of the visits in the way: which they saw, how many."""

    stamp: str = ""
    number: str = ""


@dataclass
class Change:
    """What is being changed; `before` is what could be booked until now."""

    site: Site
    actor: Actor
    now: datetime
    horizon: Horizon
    before: capacity.Masks = field(repr=False)


def begin(site: Site, *, actor: Actor, now: datetime) -> Change:
    """Begin to write, one manager at a time. NotAllowed for everybody else.

    The resources are locked too: a booking that has chosen its place is either seen
    here, or waits and is found by the worker.
    """
    if "manager" not in actor.authorities:
        raise NotAllowed("Only a manager may change when the clinic is open.")
    number = site.id
    begin_write()
    for rows in (
        select(Site.id).where(Site.id == number),
        select(Resource.id).where(Resource.site_id == number).order_by(Resource.id),
    ):
        db.session.execute(rows.with_for_update(key_share=True)).all()
    site = db.session.get_one(Site, number, populate_existing=True)
    horizon = capacity.horizon_of(site, now=now)
    return Change(site, actor, now, horizon, capacity.read(site, horizon))


def finish(
    change: Change, action: str, subject: Any, detail: Any, agreed: Agreed
) -> int:
    """Commit what was changed since `begin`; how many visits became tasks by it.

    VisitsOutside, and nothing is changed, if visits lie in what would be closed and the
    manager has not agreed to just these.
    """
    db.session.flush()
    site, now, horizon = change.site, change.now, change.horizon
    after = capacity.read(site, horizon)
    closing = capacity.lost(change.before, after, horizon, now=now)
    numbers = outside.visits_in(closing, horizon) if closing else []
    if numbers:
        _check_agreed(numbers, agreed)
    outside.open_tasks(numbers, site, now=now)
    outside.close_settled(
        site, capacity.closed(after, horizon, now=now), horizon, now=now
    )
    opening = capacity.lost(after, change.before, horizon, now=now)
    claims = [
        (number, first, until)
        for number, mask in opening.items()
        for first, until in capacity.runs(mask, horizon)
    ]
    freed.note_claims(site.id, claims, now=now)
    if numbers:
        detail = {**detail, "visits": numbers}
    audit.record(change.actor, action, subject, now=now, detail=detail)
    db.session.commit()
    return len(numbers)


def _check_agreed(numbers: list[int], agreed: Agreed) -> None:
    visits = outside.told(numbers)
    stamp = outside.stamp(visits)
    if agreed.stamp != stamp:
        raise VisitsOutside(visits=visits, stamp=stamp)
    if agreed.number.strip() != str(len(numbers)):
        raise VisitsOutside(visits=visits, stamp=stamp, wrong=True)


def stamp(*said: Any) -> str:
    """What a form shows, as one word; it brings back the one that it was shown."""
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:20]


def check_seen(seen: str, stamp_now: str) -> None:
    """HoursChanged unless what was shown still stands."""
    if seen != stamp_now:
        raise HoursChanged


def owner_of(site: Site, who: str, name: str = "who") -> Resource | None:
    """Whose hours: None for the clinic's own; InvalidRequest unless it is one of its
    practitioners."""
    if who == CLINIC:
        return None
    found = find_resource(site, who)
    if found is None or found.kind != PRACTITIONER:
        raise InvalidRequest.of(name, "Choose the clinic or one of its practitioners.")
    return found


def find_resource(site: Site, who: str) -> Resource | None:
    """The resource that a form names, if it is in use here."""
    return next(
        (one for one in site.resources if str(one.id) == who and one.active), None
    )
