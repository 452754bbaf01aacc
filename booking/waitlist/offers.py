"""Offers: a freed time kept for whoever is next, until they have answered.

Locks are taken in one order everywhere: visits by number, then entries by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from booking import audit, reservations
from booking.actors import SYSTEM, Actor
from booking.crypto import new_token
from booking.db import begin_write, db
from booking.diary import placement
from booking.diary.calendar import Search
from booking.errors import InvalidRequest, SlotTaken, WrongState
from booking.messages import waiting
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.message import MessageState
from booking.models.waitlist import (
    FreedSlot,
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)
from booking.waitlist import matching
from booking.waitlist.deadlines import Terms

MOST_TRIES = 25
"""How often a rival may take what was found free, before the next pass looks again."""


def deal_with_freed(*, now: datetime) -> int:
    """Offer every time that has come free to those who wait for it; how many offers."""
    freed = db.session.scalars(select(FreedSlot.id).order_by(FreedSlot.id)).all()
    return sum(deal_with(number, now=now) for number in freed)


def deal_with(freed_id: int, *, now: datetime) -> int:
    """Fill one freed time, place by place; its row goes once nobody is left to ask.

    Each place is a transaction of its own: what was offered stays offered.
    """
    offered = tries = 0
    while tries < MOST_TRIES:
        try:
            found = _offer_next(freed_id, now=now)
        except (SlotTaken, IntegrityError):
            # A rival took the place, or another worker made this person an offer.
            db.session.rollback()
            tries += 1
            continue
        if not found:
            break
        offered += found
    return offered


def _offer_next(freed_id: int, *, now: datetime) -> int:
    begin_write()
    slot = db.session.scalar(
        select(FreedSlot)
        .where(FreedSlot.id == freed_id)
        .with_for_update(skip_locked=True)
    )
    if slot is None:
        db.session.rollback()
        return 0
    site = db.session.get_one(Site, slot.site_id)
    match = matching.find(slot, site, now=now)
    if match is None:
        db.session.delete(slot)
        db.session.commit()
        return 0
    made = _reserve(match, site, slot, now=now)
    db.session.commit()
    return made


def _reserve(
    match: matching.Match, site: Site, slot: FreedSlot, *, now: datetime
) -> int:
    """Keep the place, and write the offers with their mails. Never commits."""
    entries = _locked_entries([person.entry_id for person in match.people])
    first = entries[0]
    kind = match.people[0].kind
    try:
        place = placement.find(
            Search(site, kind.treatment, now, kind.first_visit),
            match.start,
            match.practitioner,
        )
    except InvalidRequest:
        raise SlotTaken from None  # the clinic has just closed then
    reserved = reservations.new_visit(
        first.answered,
        place,
        Status.RESERVED,
        now=now,
        source="waitlist",
        first_visit=kind.first_visit,
    )
    reserved.reserved_until = match.terms.answer_by
    # The gate was asked with the records, in this very transaction.
    reserved.records_checked_at = now
    placement.claim(reserved, place, patient_id=None, expires_at=match.terms.answer_by)
    for entry in entries:
        _add(entry, reserved, match.terms, slot.claims, now=now)
    return len(entries)


def _locked_entries(wanted: Sequence[int]) -> list[WaitlistEntry]:
    """Entries in the order wanted, locked; SlotTaken if one has changed meanwhile."""
    has_offer = exists().where(
        WaitlistOffer.entry_id == WaitlistEntry.id,
        WaitlistOffer.state == OfferState.OPEN,
    )
    rows = db.session.scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.id.in_(wanted),
            WaitlistEntry.state == WaitState.WAITING,
            ~has_offer,
        )
        .order_by(WaitlistEntry.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) < len(wanted):
        raise SlotTaken
    return sorted(rows, key=lambda entry: wanted.index(entry.id))


def _add(
    entry: WaitlistEntry,
    reserved: Appointment,
    terms: Terms,
    freed: list[Any],
    *,
    now: datetime,
) -> None:
    offer = WaitlistOffer(
        public_id=new_token(),
        entry_id=entry.id,
        appointment_id=reserved.id,
        freed=freed,
        offered_at=now,
        answer_by=terms.answer_by,
    )
    db.session.add(offer)
    db.session.flush()
    waiting.put(entry, waiting.Kind.OFFER, now=now, due_at=terms.mail_at, offer=offer)
    audit.record(SYSTEM, "waitlist.offer", offer, now=now)


def decline(offer: WaitlistOffer, *, now: datetime, actor: Actor) -> None:
    """No, thank you: the place in the list stays, and the next person is asked.

    A second "no" changes nothing; after a "yes" it is too late, the visit has to be
    cancelled.
    """
    offer = locked(offer.id)
    if offer.state == OfferState.ACCEPTED:
        raise WrongState("You have taken this time. You can still cancel the visit.")
    if offer.state == OfferState.OPEN:
        end(offer, OfferState.DECLINED, now=now)
        audit.record(actor, "waitlist.decline", offer, now=now)
    db.session.commit()


def expire_due(*, now: datetime) -> int:
    """End the offers whose time has passed; how many."""
    due = db.session.scalars(
        select(WaitlistOffer.id)
        .where(WaitlistOffer.state == OfferState.OPEN, WaitlistOffer.answer_by <= now)
        .order_by(WaitlistOffer.answer_by, WaitlistOffer.id)
    ).all()
    return sum(_expire(number, now=now) for number in due)


def _expire(offer_id: int, *, now: datetime) -> bool:
    offer = locked(offer_id)
    is_due = offer.state == OfferState.OPEN and offer.answer_by <= now
    if is_due:
        message = waiting.of_offer(offer)
        was_told = message is not None and message.state == MessageState.SENT
        # Whom no mail reached was not offered anything.
        state = OfferState.EXPIRED if was_told else OfferState.GONE
        end(offer, state, now=now)
        audit.record(SYSTEM, "waitlist.expire", offer, now=now)
    db.session.commit()
    return is_due


def end(offer: WaitlistOffer, state: OfferState, *, now: datetime) -> None:
    """Close an open offer; the place is free again once nobody is asked any more.

    Never commits; the offer is `locked`.
    """
    close(offer, state, now=now)
    db.session.flush()
    others = exists().where(
        WaitlistOffer.appointment_id == offer.appointment_id,
        WaitlistOffer.state == OfferState.OPEN,
    )
    reserved = offer.appointment
    if reserved.status == Status.RESERVED and not db.session.scalar(select(others)):
        reservations.end(reserved, now=now, since=offer.freed)


def close(offer: WaitlistOffer, state: OfferState, *, now: datetime) -> None:
    """Mark an offer, and stop its mail. Never commits."""
    offer.state, offer.ended_at = state, now
    waiting.void(offer)


def locked(offer_id: int) -> WaitlistOffer:
    """Begin to write, with the offer's visits and then its entry locked and fresh."""
    begin_write()
    offer = db.session.get_one(WaitlistOffer, offer_id)
    lock_visits([offer.appointment_id, offer.entry.appointment_id])
    db.session.get_one(
        WaitlistEntry, offer.entry_id, with_for_update=True, populate_existing=True
    )
    db.session.refresh(offer)
    return offer


def lock_visits(numbers: Sequence[int | None]) -> None:
    """Lock visits in the order of their numbers, and read them anew."""
    wanted = sorted({number for number in numbers if number is not None})
    db.session.scalars(
        select(Appointment)
        .where(Appointment.id.in_(wanted))
        .order_by(Appointment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
