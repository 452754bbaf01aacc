"""Putting a visit into the diary: choose resources, lock them in order, claim them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from booking import freed
from booking.clock import local_day
from booking.db import db
from booking.diary import availability, calendar, cells
from booking.diary.calendar import Diary, Search, Slot
from booking.errors import InvalidRequest, SlotTaken
from booking.models import overlap
from booking.models.appointment import Appointment, Claim
from booking.models.clinic import Resource
from booking.opening import outside
from screening import Clearance

NEAREST = 3


@dataclass(frozen=True)
class Place:
    """Where and when a visit would be: shown times (UTC) and the claims it needs."""

    starts_at: datetime
    ends_at: datetime
    practitioner_id: int | None
    claims: tuple[tuple[int, int, int], ...]
    patient_span: tuple[int, int]


def find(search: Search, start: datetime, practitioner: int | None) -> Place:
    """A free place at this start, its resources locked.

    Raises as `choose` does.
    """
    place = choose(search, start, practitioner)
    lock([resource for resource, _, _ in place.claims], now=search.now)
    return place


def choose(search: Search, start: datetime, practitioner: int | None) -> Place:
    """A free place at this start, for the caller to lock before it is claimed.

    Raises InvalidRequest for a start that is never possible, SlotTaken for one that
    somebody else has.
    """
    found = _open_diary(search, start, practitioner)
    cell = cells.cell_of(start)
    bit = cell - found.horizon.first_cell
    chosen = availability.assign(found.plan, found.resources, bit, practitioner)
    if chosen is None:
        raise SlotTaken
    key = found.plan.practitioner_key
    claims = availability.claims_of(found.plan, cell, chosen)
    return Place(
        starts_at=cells.instant_of(cell),
        ends_at=cells.instant_of(cell) + found.length,
        practitioner_id=chosen[key] if key else None,
        claims=tuple(claims),
        patient_span=availability.patient_span(found.plan, cell),
    )


def _open_diary(search: Search, start: datetime, practitioner: int | None) -> Diary:
    """The diary of that day, once the start is one that could be offered at all."""
    site, now = search.site, search.now
    if start.second or start.microsecond or start.minute % 5:
        raise InvalidRequest.of("start", "Choose one of the offered times.")
    if start < now:
        raise InvalidRequest.of("start", "Choose a time in the future.")
    day = local_day(start, site.timezone)
    if day >= search.closed_from:
        raise InvalidRequest.of(
            "start", "Choose an earlier day: this one is not open yet."
        )
    found = calendar.load(search, day, 1)
    if practitioner is not None and practitioner not in found.practitioners:
        raise InvalidRequest.of(
            "practitioner", "Choose somebody who offers this treatment here."
        )
    cell = cells.cell_of(start)
    if not found.bookable >> (cell - found.horizon.first_cell) & 1:
        raise InvalidRequest.of("start", "Choose a later time: this one is too soon.")
    if not found.open_at(cell, practitioner):
        raise InvalidRequest.of(
            "start", "Choose one of the offered times: the clinic cannot start then."
        )
    return found


def lock(resources: Sequence[int], *, now: datetime) -> None:
    """Lock resources in id order, and free what expired reservations still claim of
    them.

    The bare constraint would deadlock under a rush; the locks make rivals queue (I-1).
    """
    wanted = sorted(set(resources))
    db.session.execute(
        select(Resource.id)
        .where(Resource.id.in_(wanted))
        .order_by(Resource.id)
        # Weaker than FOR UPDATE: a row that refers to a resource does not wait for it.
        .with_for_update(key_share=True)
    ).all()
    db.session.execute(
        update(Claim)
        .where(
            Claim.live,
            Claim.resource_id.in_(wanted),
            Claim.expires_at <= int(now.timestamp()),
        )
        .values(live=False)
        .execution_options(synchronize_session=False)
    )


def claim(
    appointment: Appointment,
    place: Place,
    *,
    patient_id: int | None,
    expires_at: datetime | None = None,
) -> None:
    """Claim a place for a stored visit, or SlotTaken (the caller rolls back)."""
    expires = int(expires_at.timestamp()) if expires_at else None
    shared = {"appointment_id": appointment.id, "live": True, "expires_at": expires}
    rows = [
        shared
        | {
            "resource_id": resource,
            "patient_id": None,
            "first_cell": first,
            "until_cell": until,
        }
        for resource, first, until in place.claims
    ]
    if patient_id is not None:
        first, until = place.patient_span
        rows.append(
            shared
            | {
                "resource_id": None,
                "patient_id": patient_id,
                "first_cell": first,
                "until_cell": until,
            }
        )
    try:
        db.session.execute(insert(Claim), rows)
    except IntegrityError as error:
        if not overlap.is_overlap(error):
            raise
        raise SlotTaken from None


def claim_patient(appointment: Appointment) -> bool:
    """Add the patient's own claim of a live visit; False if it overlaps another
    visit."""
    has_one = select(Claim.id).where(
        Claim.appointment_id == appointment.id,
        Claim.patient_id.is_not(None),
        Claim.live,
    )
    if appointment.patient_id is None or db.session.scalar(has_one):
        return True
    first_cell, until_cell = _shown_span(appointment)
    try:
        with db.session.begin_nested():
            db.session.execute(
                insert(Claim).values(
                    appointment_id=appointment.id,
                    patient_id=appointment.patient_id,
                    first_cell=first_cell,
                    until_cell=until_cell,
                    live=True,
                )
            )
    except IntegrityError as error:
        if not overlap.is_overlap(error):
            raise
        return False
    return True


def free(
    appointment: Appointment,
    *,
    now: datetime,
    but: Sequence[int] = (),
    since: Sequence[freed.Claimed] | None = None,
) -> None:
    """Give back everything the visit occupies, and note what came free by that.

    The claims *but* stay: those of the place to which it has just moved. With *since*
    only that part is noted: the rest was free before it was kept for somebody.
    """
    rows = db.session.execute(
        update(Claim)
        .where(Claim.appointment_id == appointment.id, Claim.live, Claim.id.not_in(but))
        .values(live=False)
        .returning(Claim.resource_id, Claim.first_cell, Claim.until_cell)
        .execution_options(synchronize_session=False)
    ).all()
    given_back: list[freed.Claimed] = [
        (resource, first, until)
        for resource, first, until in rows
        if resource is not None
    ]
    if since is not None:
        given_back = freed.within(given_back, since)
    freed.note_claims(appointment.site_id, given_back, now=now)
    outside.close_given_up(appointment, now=now)


def _shown_span(appointment: Appointment) -> tuple[int, int]:
    return cells.cell_of(appointment.starts_at), cells.cell_of(appointment.ends_at)


def hand_over(reserved: Appointment, appointment: Appointment) -> list[int]:
    """Make the live claims of one visit another's, for good; their ids."""
    return list(
        db.session.scalars(
            update(Claim)
            .where(Claim.appointment_id == reserved.id, Claim.live)
            .values(appointment_id=appointment.id, expires_at=None)
            .returning(Claim.id)
            .execution_options(synchronize_session=False)
        )
    )


def nearest(search: Search, clearance: Clearance, start: datetime) -> list[Slot]:
    """The free slots closest to a start, on days that are clear or can be requested."""
    zone = search.site.timezone
    first_day = max(
        local_day(search.now, zone), local_day(start, zone) - timedelta(days=3)
    )
    near = calendar.load(search, first_day, 14)
    offered, _, _ = calendar.offer(near, clearance, now=search.now, staff=search.staff)
    slots = near.slots_in(offered)
    slots.sort(
        key=lambda slot: (abs(slot.start - start), slot.start, slot.practitioner)
    )
    return slots[:NEAREST]
