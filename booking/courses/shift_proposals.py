"""What moving a session means for the later ones of its course, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking import gate
from booking.actors import Actor
from booking.clock import local_day
from booking.courses import planner, sessions
from booking.courses import times as course_times
from booking.courses.movers import Mover
from booking.courses.planner import Free, Stuck
from booking.courses.proposals import does_not_fit
from booking.courses.times import Taste
from booking.db import db
from booking.diary.openings import Slot
from booking.errors import CourseDoesNotFit
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.course import Course
from screening import Authority, Clearance, Verdict


@dataclass(frozen=True)
class Step:
    """A later session: where it is, and where it would go (None: it stays)."""

    visit: Appointment
    number: int
    too_soon: bool
    too_late: bool
    to: Slot | None

    @property
    def breaks(self) -> bool:
        return self.too_soon or self.too_late


@dataclass(frozen=True)
class Shift:
    """What moving one session means for the rest.

    `days_before`: since the session before it, if that is longer than planned.
    `can_keep`: the gate lets the rest stay where it is. `refusal` says why no other
    times can be proposed.
    """

    course: Course
    steps: tuple[Step, ...]
    can_keep: bool
    refusal: CourseDoesNotFit | None
    days_before: int | None

    @property
    def moves(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.to is not None)

    @property
    def breaks(self) -> bool:
        """Whether any later session would be too close or too far."""
        return any(step.breaks for step in self.steps)


def propose(
    appointment: Appointment, start: datetime, *, now: datetime, actor: Actor
) -> Shift | None:
    """What becomes of the later sessions if this one moves; None if there are none."""
    course = sessions.find_course_of(appointment)
    if course is None:
        return None
    mover = Mover(db.session.get_one(Site, appointment.site_id), actor, now)
    rest = mover.changeable(sessions.later_than(appointment, course))
    if not rest:
        return None
    zone = mover.site.timezone
    day = local_day(start, zone)
    days = [day, *(local_day(one.starts_at, zone) for one in rest)]
    gaps = sessions.gaps_of(course)
    slots: Sequence[Slot | None] = [None] * len(rest)
    refusal = None
    if planner.breaks(days, gaps):
        try:
            slots = _plan(mover, appointment, rest, day, course)
        except CourseDoesNotFit as stuck:
            refusal = stuck
    steps = []
    for number, (visit, to) in enumerate(zip(rest, slots, strict=True), start=1):
        apart = (days[number] - days[number - 1]).days
        numbered = sessions.number_of(visit)
        steps.append(
            Step(visit, numbered, apart < gaps.least, apart > gaps.greatest, to)
        )
    can_keep = _can_keep(mover, appointment, day)
    before = _days_before(appointment, rest, day, mover.site)
    late = before if before is not None and before > gaps.greatest else None
    return Shift(course, tuple(steps), can_keep, refusal, late)


def clearance_before_shift(
    appointment: Appointment, site: Site, *, now: datetime, actor: Actor
) -> Clearance:
    """What stands against a new day of this visit, if later sessions may follow it."""
    course = sessions.find_course_of(appointment)
    later = sessions.later_than(appointment, course) if course else []
    mover = Mover(site, actor, now)
    return mover.clearance(appointment, [appointment, *mover.changeable(later)])


def _plan(
    mover: Mover,
    appointment: Appointment,
    rest: Sequence[Appointment],
    day: date,
    course: Course,
) -> list[Slot | None]:
    """Where each of *rest* would go, None for one that stays; or CourseDoesNotFit."""
    zone, gaps = ZoneInfo(mover.site.timezone), sessions.gaps_of(course)
    moving = [appointment, *rest]
    spots = [
        course_times.spot_of(one.starts_at, one.practitioner_id, zone) for one in rest
    ]
    first_day = day + timedelta(days=gaps.least)
    diaries, free = [], []
    for number, (visit, spot) in enumerate(zip(rest, spots, strict=True), start=1):
        last_day = day + timedelta(days=gaps.greatest * number)
        diary = course_times.load(mover.search(visit, moving), first_day, last_day)
        times = course_times.free(diary, mover.clearance(visit, moving), Taste())
        diaries.append(diary)
        free.append(_with(times, spot))
    found = planner.shift(free, gaps, after=day, current=spots)
    if isinstance(found, Stuck):
        number = sessions.number_of(rest[found.number - 1])
        raise does_not_fit(Stuck(number, found.first_day, found.last_day), Taste())
    return [
        None
        if new == now_at
        else Slot(
            course_times.start_of(new, zone),
            course_times.start_of(new, zone) + diary.length,
            new.who,
        )
        for new, now_at, diary in zip(found, spots, diaries, strict=True)
    ]


def _with(free: Free, spot: planner.Spot) -> Free:
    """The session's own place is free to it, whatever else the day says."""
    times = dict(free.get(spot.day, {}))
    times[spot.minute] = times.get(spot.minute, frozenset()) | {spot.who}
    return {**free, spot.day: times}


def _days_before(
    appointment: Appointment, rest: Sequence[Appointment], day: date, site: Site
) -> int | None:
    """Since the last session that stays in front of it; None if it is the first."""
    moving = {one.id for one in rest}
    days = [
        local_day(one.starts_at, site.timezone)
        for one in sessions.siblings(appointment)
        if one.id not in moving
    ]
    return min(((day - one).days for one in days if one < day), default=None)


def _can_keep(mover: Mover, appointment: Appointment, day: date) -> bool:
    """Whether the gate could let the session go there with the rest as it is."""
    decision = gate.decide(mover.clearance(appointment, [appointment]), day)
    if decision.owner is Authority.NOBODY:
        return False
    is_clinician = Authority.CLINICIAN in mover.actor.authorities
    return decision.verdict is not Verdict.REFUSE or is_clinician
