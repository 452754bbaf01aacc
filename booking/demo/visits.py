"""Two weeks of visits either side of today, made through the same gate as real ones."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select, update

from booking import appointments, screenings
from booking.clock import local_day
from booking.db import begin_write, db
from booking.demo.holds import CLINICIAN, RECEPTION, release_or_decline
from booking.demo.people import Person
from booking.diary import calendar
from booking.errors import BookingError
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.records.visit_notes import NEEDS_LOT

DAYS = 14
A_DAY, TODAY = 7, 12
BOOKED_AHEAD = timedelta(days=15)
# Due so shortly before now, a message is left for the worker to send.
FRESH = timedelta(hours=2)
TREATMENTS = (
    ("microneedling", ("face", "face", "neck")),
    ("microneedling", ("face", "decolletage")),
    ("botulinum_toxin", ("face",)),
    ("filler", ("face",)),
    ("superficial_peel", ("face", "hands")),
    ("facial", ("face",)),
    ("facial", ("face",)),
    ("waxing", ("face",)),
    ("laser", ("face", "neck")),
    ("ablative_laser", ("face",)),
    ("medium_peel", ("face",)),
    ("rf_microneedling", ("face",)),
    ("prp", ("face",)),
    ("consultation", ("face",)),
)
DEPTHS_MM = {"microneedling": 1.0, "rf_microneedling": 2.0}


@dataclass
class _Diary:
    """Books the demo's visits one by one.

    `people` counts who has come so far, `files` finds their patient rows again.
    """

    site: Site
    now: datetime
    # Made-up people need no secure randomness, but the same clinic every time.
    dice: random.Random
    people: int = 0
    files: dict[Person, int] = field(default_factory=dict)

    def someone(self) -> Person:
        """Somebody new, or now and then somebody who has been here before."""
        if self.people > 20 and self.dice.random() < 0.2:
            return Person(self.dice.randrange(self.people))
        self.people += 1
        return Person(self.people - 1)


def add_visits(site: Site, *, now: datetime) -> None:
    """Past visits with aftercare under way, today's as far as they have got, and the
    next two weeks, which leave room for new patients on every day."""
    book = _Diary(site, now, random.Random(19))  # noqa: S311
    today = local_day(now, site.timezone)
    for offset in range(-DAYS, DAYS + 1):
        day = today + timedelta(days=offset)
        for visit in _add_day(book, day):
            _go_on(book, visit)
    _count_as_sent(before=now - FRESH)


def _add_day(book: _Diary, day: date) -> list[Appointment]:
    """The visits of one day, which leave a start for a new patient if there was one."""
    had_room = _has_room(book, day)
    is_today = day == local_day(book.now, book.site.timezone)
    tries = range(TODAY if is_today else A_DAY)
    made = [visit for _ in tries if (visit := _add_visit(book, day))]
    made.sort(key=lambda visit: visit.starts_at)
    while had_room and made and not _has_room(book, day):
        appointments.cancel(made.pop(), now=book.now, actor=RECEPTION, reason="ill")
    return made


def _has_room(book: _Diary, day: date) -> bool:
    search = calendar.Search(book.site, "microneedling", now=book.now)
    found = calendar.load(search, day, 1)
    return any(found.free().values())


def _add_visit(book: _Diary, day: date) -> Appointment | None:
    """A visit on *day* for somebody, if there is a slot and the gate lets them."""
    treatment, areas = book.dice.choice(TREATMENTS)
    area = book.dice.choice(areas)
    ten = datetime.combine(day, time(10), ZoneInfo(book.site.timezone))
    minutes = timedelta(minutes=book.dice.randrange(600))
    booked_at = min(book.now, ten) - BOOKED_AHEAD - minutes
    slots = _free_slots(book.site, treatment, day, now=booked_at)
    if not slots:
        return None
    person, slot = book.someone(), book.dice.choice(slots)
    screened = screenings.screen(
        site=book.site,
        treatment=treatment,
        area=area,
        answers=person.clear_answers(book.site, treatment, area),
        now=booked_at,
        answered_by="staff",
    )
    try:
        booked = appointments.book_at_desk(
            screened.screening,
            slot.start,
            slot.practitioner,
            person.contact,
            now=booked_at,
            actor=RECEPTION,
            patient_id=book.files.get(person),
        )
    except BookingError:
        return None  # the gate refuses this person on that day, as it should
    if booked.appointment.patient_id is not None:
        book.files[person] = booked.appointment.patient_id
    if booked.hold is not None:
        decided_at = booked_at + timedelta(hours=3)
        if not release_or_decline(booked.hold, now=decided_at):
            return None
    return booked.appointment


def _free_slots(
    site: Site, treatment: str, day: date, *, now: datetime
) -> list[calendar.Slot]:
    search = calendar.Search(site, treatment, now=now, first_visit=True, staff=True)
    found = calendar.load(search, day, 1)
    return found.slots_in(found.free())


def _go_on(book: _Diary, visit: Appointment) -> None:
    """Let the visit take its course up to now."""
    starts_at, ends_at = visit.starts_at, visit.ends_at
    luck = book.dice.random()
    gave_up_at = starts_at - timedelta(days=2)
    late_at = starts_at + timedelta(minutes=20)
    came_at = starts_at - timedelta(minutes=4)
    if luck < 0.05 and gave_up_at < book.now:
        appointments.cancel(visit, now=gave_up_at, actor=RECEPTION, reason="by phone")
    elif luck > 0.95 and late_at < book.now:
        appointments.no_show(visit, now=late_at, actor=RECEPTION)
    elif came_at < book.now:
        appointments.arrive(visit, now=came_at, actor=RECEPTION)
        if ends_at < book.now:
            _complete(book, visit, ends_at)


def _complete(book: _Diary, visit: Appointment, ends_at: datetime) -> None:
    lot = f"LOT-{book.dice.randrange(1000, 9999)}"
    appointments.complete(
        visit,
        now=ends_at,
        actor=CLINICIAN,
        depth_mm=DEPTHS_MM.get(visit.treatment),
        lot=lot if visit.treatment in NEEDS_LOT else None,
    )


def _count_as_sent(*, before: datetime) -> None:
    """What a running clinic would have sent by then is not sent again.

    That includes the preparation that was voided only because the visit was over.
    """
    over_at = (
        select(func.coalesce(Appointment.ended_at, Appointment.arrived_at))
        .where(Appointment.id == Message.appointment_id)
        .scalar_subquery()
    )
    begin_write()
    db.session.execute(
        update(Message)
        .where(
            Message.due_at < before,
            or_(
                Message.state == MessageState.PLANNED,
                and_(Message.state == MessageState.VOID, Message.due_at < over_at),
            ),
        )
        .values(state=MessageState.SENT, sent_at=Message.due_at)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
