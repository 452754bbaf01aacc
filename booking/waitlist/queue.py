"""The people who wait, in order, and what is in the way of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from booking import patients
from booking.db import db
from booking.diary import treatments
from booking.diary.cells import CELL, instant_of
from booking.errors import InvalidRequest
from booking.models.appointment import UPCOMING, Appointment, Claim, Move, Status
from booking.models.clinic import Site
from booking.models.message import Message
from booking.models.waitlist import (
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)
from booking.waitlist.wishes import Wish

MOST_MISSED = 2
"""Offers missed in a row after which others come first, until they answer one."""
A_DAY = timedelta(days=1)
Span = tuple[datetime, datetime]
_HAS_TIME = (*UPCOMING, Status.ARRIVED)
_GAVE_UP = (Status.CANCELLED, Status.NO_SHOW)


class Kind(NamedTuple):
    """What decides how long a visit takes and what it needs."""

    treatment: str
    first_visit: bool


@dataclass(frozen=True)
class Length:
    """How long a visit of a kind is to its patient, and the buffers around that."""

    lead: timedelta
    shown: timedelta
    rest: timedelta


@dataclass(frozen=True)
class Taken:
    """When somebody has time for nothing, and which places they were offered before."""

    length: Length
    busy: Sequence[Span]
    offered: Sequence[Span]

    def meets(self, start: datetime) -> bool:
        """Whether a visit at *start* would meet any of these.

        A place that was offered counts with all of its buffers: the next quarter of an
        hour of the same free time is not another time to somebody who said no.
        """
        ends = start + self.length.shown
        return _overlaps(self.busy, start, ends) or _overlaps(
            self.offered, start - self.length.lead, ends + self.length.rest
        )


def _overlaps(spans: Sequence[Span], starts: datetime, ends: datetime) -> bool:
    return any(begins < ends and starts < until for begins, until in spans)


@dataclass(frozen=True)
class Candidate:
    """An entry as the search sees it: nothing of it is sealed.

    `before` is the start of the visit that would move, `give_up_by` the last moment at
    which its patient may still do so.
    """

    entry_id: int
    patient_id: int
    screening_id: int
    visit_id: int | None
    kind: Kind
    wish: Wish
    before: datetime | None
    give_up_by: datetime | None
    length: Length


def candidates(
    site: Site, first_day: date, last_day: date, *, now: datetime
) -> Iterator[Candidate]:
    """Everybody who may be offered something on these days, the next one first.

    Longest waiting first; behind them those who missed the last offers, so that one
    unread mailbox does not keep every time from all the others. One by one: the search
    mostly ends with one of the first.
    """
    visit = aliased(Appointment)
    rows = db.session.execute(_waiting(site, first_day, last_day, visit)).all()
    late = {entry for entry, times in missed(site).items() if times >= MOST_MISSED}
    lengths: dict[Kind, Length] = {}
    for row in sorted(rows, key=lambda one: one[0] in late) if late else rows:
        one = _candidate(row, site, lengths)
        # The visit that would move, if there is one, may still be moved.
        if one.give_up_by is None or (
            row.visit_status in UPCOMING and one.give_up_by > now
        ):
            yield one


def _waiting(site: Site, first_day: date, last_day: date, visit: Any) -> Any:
    entry = WaitlistEntry
    has_offer = exists().where(
        WaitlistOffer.entry_id == entry.id, WaitlistOffer.state == OfferState.OPEN
    )
    has_been = exists().where(
        Appointment.patient_id == entry.patient_id,
        Appointment.treatment == entry.treatment,
        Appointment.status == Status.COMPLETED,
    )
    return (
        select(
            entry.id,
            entry.patient_id,
            # The visit's own answers, where there is one: they may be newer.
            func.coalesce(visit.screening_id, entry.screening_id).label("screening_id"),
            entry.appointment_id,
            entry.treatment,
            entry.first_day,
            entry.last_day,
            entry.weekdays,
            entry.from_time,
            entry.until_time,
            entry.practitioners,
            visit.status.label("visit_status"),
            visit.starts_at.label("visit_at"),
            visit.first_visit.label("visit_first"),
            has_been.label("has_been"),
        )
        .outerjoin(visit, visit.id == entry.appointment_id)
        .where(
            entry.site_id == site.id,
            entry.state == WaitState.WAITING,
            entry.first_day <= last_day,
            entry.last_day >= first_day,
            ~has_offer,
        )
        .order_by(entry.joined_at, entry.id)
    )


def _candidate(row: Any, site: Site, lengths: dict[Kind, Length]) -> Candidate:
    # In the order of `_waiting`: to ask a row for each by its name takes longer than
    # all the rest.
    entry_id, patient_id, screening_id, visit_id, treatment = row[:5]
    first_day, last_day, weekdays, from_time, until_time, practitioners = row[5:11]
    _status, visit_at, visit_first, has_been = row[11:]
    give_up_by = None
    if visit_id is not None:
        give_up_by = visit_at - timedelta(hours=site.cancel_cutoff_hours)
    kind = Kind(treatment, not has_been if visit_id is None else visit_first)
    if kind not in lengths:
        lengths[kind] = _length(kind)
    return Candidate(
        entry_id,
        patient_id,
        screening_id,
        visit_id,
        kind,
        Wish(
            first_day,
            last_day,
            tuple(weekdays),
            from_time,
            until_time,
            tuple(practitioners),
        ),
        visit_at,
        give_up_by,
        lengths[kind],
    )


def _length(kind: Kind) -> Length:
    try:
        row = treatments.treatment_of(kind.treatment)
    except InvalidRequest:
        nothing = timedelta()
        return Length(nothing, nothing, nothing)  # none of it will be found free
    plan = treatments.plan_of(row, first_visit=kind.first_visit)
    return Length(
        plan.patient_from * CELL,
        (plan.patient_until - plan.patient_from) * CELL,
        (plan.total_cells - plan.patient_until) * CELL,
    )


def wish_of(row: Any) -> Wish:
    """The wish that an entry (or a row of its columns) stores."""
    return Wish(
        first_day=row.first_day,
        last_day=row.last_day,
        weekdays=tuple(row.weekdays),
        from_time=row.from_time,
        until_time=row.until_time,
        practitioners=tuple(row.practitioners),
    )


def missed(site: Site) -> Counter[int]:
    """Entry → how many offers in a row it missed, last of all.

    Only those count that were read in time to be answered: a mail that left late, or
    for a time that was near, is nobody's fault.
    """
    other = aliased(WaitlistOffer)
    answered = (
        select(func.max(other.id))
        .where(
            other.entry_id == WaitlistOffer.entry_id,
            other.state.in_((OfferState.ACCEPTED, OfferState.DECLINED)),
        )
        .correlate(WaitlistOffer)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(WaitlistOffer.entry_id, WaitlistOffer.answer_by, Message.sent_at)
        .join(WaitlistOffer.entry)
        .join(
            Message,
            and_(
                Message.entry_id == WaitlistOffer.entry_id,
                Message.sequence == WaitlistOffer.id,
            ),
        )
        .where(
            WaitlistEntry.site_id == site.id,
            WaitlistEntry.state == WaitState.WAITING,
            WaitlistOffer.state == OfferState.EXPIRED,
            Message.sent_at.is_not(None),
            or_(answered.is_(None), WaitlistOffer.id > answered),
        )
    )
    whole = timedelta(minutes=site.waitlist_minutes) / 2
    return Counter(
        entry_id
        for entry_id, answer_by, sent_at in rows
        if sent_at is not None and answer_by - sent_at > whole
    )


def taken(candidate: Candidate, first: datetime, last: datetime) -> Taken:
    """What is in the way of this person between two starts: other visits, times that
    they gave up themselves, and places that they were offered before (not: that
    somebody else of a group was faster for)."""
    length = candidate.length
    since, until = first - A_DAY, last + length.shown + A_DAY
    people = patients.rows_of_person(candidate.patient_id)
    visits = select(Appointment.starts_at, Appointment.ends_at).where(
        Appointment.patient_id.in_(people),
        Appointment.status.in_((*_HAS_TIME, *_GAVE_UP)),
        Appointment.id != (candidate.visit_id or 0),
        Appointment.starts_at.between(since, until),
    )
    moves = (
        select(Move.starts_at, Move.ends_at)
        .join(Appointment, Appointment.id == Move.appointment_id)
        .where(Appointment.patient_id.in_(people), Move.starts_at.between(since, until))
    )
    offers = (
        select(func.min(Claim.first_cell), func.max(Claim.until_cell))
        .join(WaitlistOffer, WaitlistOffer.appointment_id == Claim.appointment_id)
        .where(
            WaitlistOffer.entry_id == candidate.entry_id,
            WaitlistOffer.state != OfferState.GONE,
        )
        .group_by(WaitlistOffer.id)
    )
    busy: list[Any] = [*db.session.execute(visits), *db.session.execute(moves)]
    return Taken(
        length,
        busy=[(begins, ends) for begins, ends in busy],
        offered=[
            (instant_of(begins), instant_of(ends))
            for begins, ends in db.session.execute(offers)
        ],
    )
