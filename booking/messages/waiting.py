"""Messages to people on the waitlist: planned, checked again at sending, and worded.

They are about a place on the list and not about a visit, so they are kept apart from
the plan of a visit's messages.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking import links
from booking.db import db
from booking.messages import letterhead
from booking.messages.wording import spoken, spoken_day
from booking.models.appointment import Status
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.waitlist import (
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)


class Kind(StrEnum):
    """Named as their templates are."""

    CONFIRM = "waitlist_confirm"
    JOINED = "waitlist_joined"
    OFFER = "waitlist_offer"
    OVER = "waitlist_over"


_FITS = {
    Kind.CONFIRM: WaitState.ASKED,
    Kind.JOINED: WaitState.WAITING,
    Kind.OFFER: WaitState.WAITING,
    Kind.OVER: WaitState.OVER,
}


def put(
    entry: WaitlistEntry,
    kind: Kind,
    *,
    now: datetime,
    due_at: datetime,
    offer: WaitlistOffer | None = None,
) -> None:
    """Plan a message. Never commits.

    Urgent, so that nothing holds it back any more: whoever plans an offer has kept the
    quiet hours already, and from `due_at` on its time runs.
    """
    db.session.add(
        Message(
            entry_id=entry.id,
            step=kind,
            channel="mail",
            sequence=offer.id if offer else 0,
            audience="patient",
            urgent=True,
            state=MessageState.PLANNED,
            due_at=due_at,
            created_at=now,
        )
    )


def of_offer(offer: WaitlistOffer) -> Message | None:
    """The message that makes an offer."""
    return db.session.scalar(
        select(Message).where(
            Message.entry_id == offer.entry_id, Message.sequence == offer.id
        )
    )


def void(offer: WaitlistOffer) -> None:
    """An offer that is over is not sent any more. Never commits."""
    message = of_offer(offer)
    if message is not None and message.state == MessageState.PLANNED:
        message.state = MessageState.VOID
        # A worker that holds it now must not mark it.
        message.fence += 1


def fits(message: Message, *, now: datetime) -> bool:
    """Whether what it says still holds: nobody is told of a time that is gone."""
    entry = _entry(message)
    if entry.state != _FITS[Kind(message.step)]:
        return False
    if message.step != Kind.OFFER:
        return True
    offer = db.session.get(WaitlistOffer, message.sequence)
    return (
        offer is not None
        and offer.state == OfferState.OPEN
        and offer.answer_by > now
        and offer.appointment.status == Status.RESERVED
    )


def context(message: Message) -> dict[str, Any]:
    """The values for the template of *message*: when, and never what for."""
    entry = _entry(message)
    site = db.session.get_one(Site, entry.site_id)
    base = letterhead.current().base_url
    values = {
        "site": site,
        "base": base,
        "name": addressee(entry),
        "patient": entry.patient.name if addressee(entry) != entry.patient.name else "",
        "link": f"{base}/waiting/{links.waiting_token(entry)}",
        "first_day": spoken_day(entry.first_day),
        "last_day": spoken_day(entry.last_day),
        "moves": entry.appointment_id is not None,
    }
    if message.step == Kind.OFFER:
        values |= _offered(message, ZoneInfo(site.timezone), base)
    return values


def addressee(entry: WaitlistEntry) -> str:
    """The name of who reads the mails: as those of the visit that would move."""
    return entry.appointment.addressee if entry.appointment else entry.patient.name


def _offered(message: Message, zone: ZoneInfo, base: str) -> dict[str, Any]:
    offer = db.session.get_one(WaitlistOffer, message.sequence)
    return {
        "when": spoken(offer.appointment.starts_at, zone),
        "answer_by": spoken(offer.answer_by, zone),
        "offer": f"{base}/offer/{links.offer_token(offer)}",
        "shared": is_shared(offer),
    }


def is_shared(offer: WaitlistOffer) -> bool:
    """Whether others were asked at the same time, so that the first has it."""
    others = select(WaitlistOffer.id).where(
        WaitlistOffer.appointment_id == offer.appointment_id,
        WaitlistOffer.id != offer.id,
    )
    return db.session.scalar(others.limit(1)) is not None


def _entry(message: Message) -> WaitlistEntry:
    return db.session.get_one(WaitlistEntry, message.entry_id)
