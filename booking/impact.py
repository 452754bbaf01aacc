"""Which booked visits another rulebook would decide otherwise. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

import screening
from booking import gate, requirements, rulebooks
from booking.clock import local_day
from booking.db import db
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from screening import Rulebook

NOT_OFFERED = "no longer offered"


@dataclass(frozen=True)
class Change:
    """A visit to come, its day's verdict before and after, and the rules afterwards."""

    visit: Appointment
    day: date
    before: str
    after: str
    rules: tuple[str, ...]

    def __str__(self) -> str:
        visit = self.visit
        rules = f" ({', '.join(self.rules)})" if self.rules else ""
        return (
            f"visit {visit.id} on {self.day}, {visit.treatment} on {visit.area}: "
            f"{self.before} -> {self.after}{rules}"
        )


def upcoming(site: Site, *, now: datetime) -> list[Appointment]:
    """The visits that another rulebook may change, in order of time."""
    return list(
        db.session.scalars(
            select(Appointment)
            .where(
                Appointment.site_id == site.id,
                Appointment.status.in_(UPCOMING),
                Appointment.starts_at > now,
            )
            .order_by(Appointment.starts_at, Appointment.id)
        )
    )


def of(other: Rulebook, site: Site, *, now: datetime) -> list[Change]:
    """Decide every visit to come by both rulebooks, with records and releases."""
    current = rulebooks.current(site)
    changes = []
    for visit in upcoming(site, now=now):
        before, _ = _verdict(current, visit, site, now=now)
        after, rules = _verdict(other, visit, site, now=now)
        if before != after:
            day = local_day(visit.starts_at, site.timezone)
            changes.append(Change(visit, day, before, after, rules))
    return changes


def _verdict(
    rulebook: Rulebook, visit: Appointment, site: Site, *, now: datetime
) -> tuple[str, tuple[str, ...]]:
    treatment = rulebook.treatments.get(visit.treatment)
    if treatment is None or visit.area not in treatment.areas:
        return NOT_OFFERED, ()
    clearance = screening.clearance(
        rulebook,
        visit.treatment,
        visit.area,
        # A question that this rulebook no longer asks says nothing to it.
        {k: v for k, v in visit.screening.answers.items() if k in rulebook.questions},
        today=local_day(now, site.timezone),
        records=gate.records_of(visit.patient_id, site, ignoring=visit.id),
        requirements=requirements.required_for(visit.treatment),
    )
    day = local_day(visit.starts_at, site.timezone)
    decision = gate.decide(clearance, day, gate.released_windows(visit.id))
    rules = tuple(sorted({window.rule for window in decision.windows}))
    return decision.verdict.word, rules
