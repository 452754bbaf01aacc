"""Moving a session of a course, and later ones with it: all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from booking import changes, gate
from booking.actors import Actor
from booking.clock import local_day
from booking.courses import sessions
from booking.courses.movers import Mover
from booking.courses.places import MOST_TRIES, Overtaken, Place
from booking.db import begin_write, db
from booking.deciding import Booked, authority_at_desk, override
from booking.diary import placement
from booking.errors import InvalidRequest, SessionTaken, SlotTaken
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.overrides import ReleaseNote
from booking.rescreening import decisions
from screening import Clearance, Verdict

TAKEN = (
    "Somebody else has just taken one of these times. Nothing was moved. Please look "
    "at the new plan."
)
Decided = dict[int, tuple[Clearance, gate.Decision]]


@dataclass(frozen=True)
class Target:
    """A later session and its new place."""

    visit_id: int
    place: Place


def move_together(  # noqa: PLR0913 - one request, every part of it named
    appointment: Appointment,
    place: Place,
    rest: Sequence[Target],
    *,
    now: datetime,
    actor: Actor,
    release: ReleaseNote | None = None,
) -> Booked:
    """Move a session and later ones of its course, or raise and leave all in place.

    1. Lock the visits in the order of their numbers.
    2. Ask the gate about each, with the others where they are going to be.
    3. Book all the new places before the old ones are freed, in one transaction.
    """
    places = {target.visit_id: target.place for target in rest}
    places[appointment.id] = place
    main_id = appointment.id
    for _ in range(MOST_TRIES):
        try:
            return _move_once(main_id, places, now=now, actor=actor, release=release)
        except Overtaken:
            db.session.rollback()
        except SlotTaken:
            db.session.rollback()
            break
    raise SessionTaken(TAKEN)


def _move_once(
    main_id: int,
    places: dict[int, Place],
    *,
    now: datetime,
    actor: Actor,
    release: ReleaseNote | None,
) -> Booked:
    begin_write()
    visits = _locked(places)
    main = visits[main_id]
    mover = Mover(db.session.get_one(Site, main.site_id), actor, now)
    _check_course(main, visits.values())
    mover.check(list(visits.values()))
    decided = {
        number: _decide(mover, visit, visits, places)
        for number, visit in visits.items()
    }
    authority = _admit(mover, main, decided, places, release)
    _replace(mover, visits, places)
    clearance, decision = decided[main_id]
    decision = override(main, decision, authority, release, actor=actor, now=now)
    decided[main_id] = clearance, decision
    holds = {
        number: changes.after_move(
            visit, mover.site, *decided[number], now=now, actor=actor
        )
        for number, visit in visits.items()
    }
    for visit in visits.values():
        if not actor.knows_records:
            visit.records_checked_at = None
    if main.patient_id is not None:
        # What lies between the old places and the new ones may be safe no more.
        decisions.note(mover.site, main.patient_id, "move", now=now)
    db.session.commit()
    return Booked(main, clearance, holds[main_id])


def _locked(places: Collection[int]) -> dict[int, Appointment]:
    return {
        number: db.session.get_one(
            Appointment,
            number,
            with_for_update={"key_share": True},
            populate_existing=True,
        )
        for number in sorted(places)
    }


def _check_course(main: Appointment, visits: Collection[Appointment]) -> None:
    own = {one.id for one in sessions.all_with(main)}
    if not own.issuperset(one.id for one in visits):
        raise InvalidRequest.of("rest", "These visits are not of one course.")


def _decide(
    mover: Mover,
    visit: Appointment,
    visits: dict[int, Appointment],
    places: dict[int, Place],
) -> tuple[Clearance, gate.Decision]:
    """What the gate says of the new day, with the others where they are going."""
    others = [places[number].start for number in visits if number != visit.id]
    besides = sessions.records_at(visit.treatment, visit.area, others, mover.site)
    clearance = mover.clearance(visit, list(visits.values()), besides)
    day = local_day(places[visit.id].start, mover.site.timezone)
    return clearance, gate.decide(clearance, day)


def _admit(
    mover: Mover,
    main: Appointment,
    decided: Decided,
    places: dict[int, Place],
    release: ReleaseNote | None,
) -> str | None:
    """The session itself as any visit that moves; the rest only to clear days."""
    site, now = mover.site, mover.now
    for number, (clearance, decision) in decided.items():
        if number != main.id and decision.verdict is not Verdict.CLEAR:
            raise gate.refusal(clearance, decision, now=now, site=site)
    clearance, decision = decided[main.id]
    if mover.actor.kind == "staff":
        return authority_at_desk(
            site, clearance, decision, release, actor=mover.actor, now=now
        )
    gate.admit_online(site, clearance, places[main.id].start, now=now)
    return None


def _replace(
    mover: Mover, visits: dict[int, Appointment], places: dict[int, Place]
) -> None:
    """New claims instead of the old ones, or SlotTaken. Never commits."""
    moving = list(visits.values())
    found = {
        number: placement.choose(
            mover.search(visit, moving),
            places[number].start,
            places[number].practitioner,
        )
        for number, visit in visits.items()
    }
    wanted = [r for place in found.values() for r, _, _ in place.claims]
    placement.lock(wanted, now=mover.now)
    for visit in moving:
        placement.free(visit, now=mover.now)
    known = mover.actor.knows_records
    for number, visit in visits.items():
        try:
            placement.claim(
                visit, found[number], patient_id=visit.patient_id if known else None
            )
        except SlotTaken:
            raise Overtaken from None
        changes.put(visit, found[number], now=mover.now, actor=mover.actor)
