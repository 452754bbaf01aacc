"""Putting the sessions of a course into the diary together, each past the gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from booking import gate
from booking.clock import local_day
from booking.courses import planner
from booking.courses.proposals import check_sessions, get_course
from booking.courses.sessions import horizon_for, records_at
from booking.crypto import new_token
from booking.db import db
from booking.diary import placement
from booking.diary.openings import Search
from booking.errors import InvalidRequest, SessionTaken, SlotTaken
from booking.models.appointment import Status
from booking.models.clinic import Site
from booking.models.course import Course, CourseSession
from booking.models.screening import Screening
from booking.reservations import new_visit
from screening import Clearance

MOST_TRIES = 5
"""How often rivals may be faster, where another room would do, before we give up."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Place:
    """When a session is to be, and with whom."""

    start: datetime
    practitioner: int | None


@dataclass(frozen=True)
class Booking:
    """What the sessions of one course share while they are put into the diary."""

    site: Site
    screening: Screening
    now: datetime
    source: str
    first_visit: bool
    staff: bool = False
    until: datetime | None = None

    def put(self, places: Sequence[Place], *, patient_id: int | None) -> Course:
        """The course with a visit in every place, or SlotTaken. Never commits.

        1. Choose all, so that all resources can be locked at once and in order.
        2. Lock them, so that rivals queue instead of deadlocking.
        3. Claim: the constraint has the last word.
        """
        found = [
            placement.choose(self._search(number, places), at.start, at.practitioner)
            for number, at in enumerate(places, start=1)
        ]
        wanted = [resource for one in found for resource, _, _ in one.claims]
        placement.lock(wanted, now=self.now)
        course = self._course()
        for number, place in enumerate(found, start=1):
            visit = new_visit(
                self.screening,
                place,
                Status.RESERVED if self.until else Status.CONFIRMED,
                now=self.now,
                source=self.source,
                first_visit=self.first_visit and number == 1,
            )
            visit.reserved_until = self.until
            db.session.add(
                CourseSession(
                    course_id=course.id, appointment_id=visit.id, number=number
                )
            )
            db.session.flush()
            try:
                placement.claim(
                    visit, place, patient_id=patient_id, expires_at=self.until
                )
            except SlotTaken:
                raise Overtaken from None
        return course

    def _search(self, number: int, places: Sequence[Place]) -> Search:
        course = get_course(self.site, self.screening.treatment)
        return Search(
            self.site,
            self.screening.treatment,
            self.now,
            self.first_visit and number == 1,
            staff=self.staff,
            horizon_days=horizon_for(len(places), course.greatest_days, self.site),
        )

    def _course(self) -> Course:
        advice = get_course(self.site, self.screening.treatment)
        course = Course(
            public_id=new_token(),
            site_id=self.site.id,
            treatment=self.screening.treatment,
            area=self.screening.area,
            least_days=advice.least_days,
            greatest_days=advice.greatest_days,
            created_at=self.now,
        )
        db.session.add(course)
        db.session.flush()
        return course


class Overtaken(Exception):  # noqa: N818 - a rival was faster; another room may do
    pass


def persistent(once: Callable[[], Result]) -> Result:
    """Try again while a rival was faster and another room may do."""
    for _ in range(MOST_TRIES):
        try:
            return once()
        except Overtaken:
            db.session.rollback()
        except SlotTaken:
            db.session.rollback()
            raise SessionTaken from None
    raise SessionTaken


def check_places(
    site: Site, screening: Screening, places: Sequence[Place], *, known_gaps: bool
) -> None:
    """As many sessions as there may be, one after the other; online also in time."""
    course = get_course(site, screening.treatment)
    check_sessions(course, len(places))
    days = [local_day(place.start, site.timezone) for place in places]
    if days != sorted(set(days)):
        raise InvalidRequest.of("start", "The sessions must follow one another.")
    gaps = planner.Gaps(1, course.greatest_days)
    if known_gaps and planner.breaks(days, gaps):
        raise InvalidRequest.of(
            "start",
            f"Two sessions may lie at most {course.greatest_days} days apart.",
        )


def clearances(
    site: Site,
    screening: Screening,
    places: Sequence[Place],
    patient_id: int | None,
    now: datetime,
) -> list[tuple[Clearance, Place]]:
    """For each session what stands against it, with the others as records."""
    known = gate.records_of(patient_id, site)
    decided = []
    for place in places:
        others = [other.start for other in places if other is not place]
        besides = records_at(screening.treatment, screening.area, others, site)
        clearance = gate.clearance_for(
            site,
            screening.treatment,
            screening.area,
            screening.answers,
            given_on=screening.given_on,
            now=now,
            patient_id=None,
            besides=(*known, *besides),
        )
        decided.append((clearance, place))
    return decided
