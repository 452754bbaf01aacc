"""Who moves sessions of a course, and what the gate and the diary say to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import screening
from booking import changes, gate
from booking.actors import Actor
from booking.courses import sessions
from booking.diary.openings import Search
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from screening import Clearance


@dataclass(frozen=True)
class Mover:
    """Somebody who moves visits of a site, at an instant."""

    site: Site
    actor: Actor
    now: datetime

    def clearance(
        self,
        visit: Appointment,
        moving: Sequence[Appointment],
        besides: Sequence[screening.Record] = (),
    ) -> Clearance:
        """From the answers, what this actor may know, and the sessions that stay.

        *moving* do not count where they are now; *besides* is where they will be.
        """
        gone = {f"appointment {one.id}" for one in moving}
        if self.actor.knows_records:
            known = gate.records_of(visit.patient_id, self.site)
        else:
            stay = sessions.siblings(visit)
            known = list(sessions.records_of(stay, self.site))
        return gate.clearance_for(
            self.site,
            visit.treatment,
            visit.area,
            visit.screening.answers,
            given_on=visit.screening.given_on,
            now=self.now,
            patient_id=None,
            besides=[*(one for one in known if one.ref not in gone), *besides],
        )

    def search(self, visit: Appointment, moving: Sequence[Appointment]) -> Search:
        """The diary as it will be once the *moving* ones have left their places."""
        return Search(
            self.site,
            visit.treatment,
            self.now,
            visit.first_visit,
            staff=self.actor.kind == "staff",
            ignoring=tuple(one.id for one in moving),
            horizon_days=sessions.horizon_of(visit, self.site),
        )

    def changeable(self, visits: Sequence[Appointment]) -> list[Appointment]:
        """Those that this actor may still move."""
        if self.actor.kind == "patient":
            return [
                one
                for one in visits
                if changes.can_change(one, self.site, now=self.now)
            ]
        return [one for one in visits if one.starts_at > self.now]

    def check(self, visits: Sequence[Appointment]) -> None:
        """Raise as a move of any of them would."""
        for visit in visits:
            changes.check_changeable(visit, self.site, self.actor, now=self.now)
            if self.actor.kind == "patient":
                changes.check_fresh(visit, self.site, now=self.now)
