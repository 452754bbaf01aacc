"""A proven patient's other visits: what stands in their way, and what they stand in.

For nobody else: whoever has not proven the address never learns of them (I-9b).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from booking import links, patients, rulebooks, what_if
from booking.clock import local_day
from booking.db import db
from booking.models.appointment import UPCOMING, Appointment
from booking.models.patient import Patient
from booking.web import edge
from booking.web.journey import Journey
from booking.web.month import DayView
from screening import Clearance, Window


@dataclass(frozen=True)
class OwnVisit:
    """One of the patient's visits; `reasons` is what a new one would do to it."""

    visit: Appointment
    what: str
    token: str
    reasons: tuple[str, ...] = ()


def in_the_way(
    clearance: Clearance, chosen: DayView | None, owner: Patient | None
) -> tuple[OwnVisit, ...]:
    """The owner's visits to come that close the chosen day."""
    if chosen is None or owner is None:
        return ()
    return behind(clearance.windows_on(chosen.day), owner)


def behind(windows: Iterable[Window], owner: Patient) -> tuple[OwnVisit, ...]:
    """The owner's visits to come that these windows rest on."""
    own = set(patients.rows_of_person(owner.id))
    found = []
    for number in sorted({n for window in windows for n in _visits_in(window)}):
        visit = db.session.get(Appointment, number)
        if visit is not None and visit.patient_id in own and visit.status in UPCOMING:
            found.append(_shown(visit))
    return tuple(found)


def effects_of(
    trip: Journey, starts: Sequence[datetime]
) -> tuple[OwnVisit, ...] | None:
    """What the new visits do to the owner's others; None where nobody may know."""
    owner = trip.owner
    if owner is None:
        return None
    site = edge.site()
    days = [local_day(start, site.timezone) for start in starts]
    thought_of = what_if.plan_for(trip.draft.treatment, trip.draft.area, days)
    situation = what_if.of_patient(owner.id, site, now=edge.now())
    return tuple(
        _shown(
            db.session.get_one(Appointment, effect.visit.visit_id),
            tuple(dict.fromkeys(window.reason for window in effect.windows)),
        )
        for effect in what_if.effects(situation, thought_of)
    )


def _visits_in(window: Window) -> list[int]:
    names = (ref.partition(" ") for ref in window.refs)
    return [
        int(number)
        for kind, _, number in names
        if kind == "appointment" and number.isdecimal()
    ]


def _shown(visit: Appointment, reasons: tuple[str, ...] = ()) -> OwnVisit:
    rulebook = rulebooks.current(edge.site())
    name = rulebook.treatments[visit.treatment].name
    area = rulebook.areas[visit.area].name.lower()
    return OwnVisit(visit, f"{name}, {area}", links.mailed_token(visit), reasons)
