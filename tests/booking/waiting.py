"""People on the waitlist for the tests, and what they were offered."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from booking import waitlist
from booking.db import db
from booking.models import Message, WaitlistEntry, WaitlistOffer
from booking.patients import Contact
from booking.waitlist import Wish
from tests.builders import ADA, RECEPTION, TODAY, screen
from tests.clock import NOW


def days(first=1, last=30, **others) -> Wish:
    """From so many days after today to so many."""
    return Wish(_day(first), _day(last), **others)


def _day(number: int) -> date:
    return TODAY + timedelta(days=number)


def wait(
    site,
    contact: Contact = ADA,
    wish: Wish | None = None,
    *,
    treatment="microneedling",
    area="face",
    now=NOW,
    **changes,
) -> WaitlistEntry:
    """Put on the list by the desk, with clear answers but for *changes*."""
    screened = screen(site, treatment, area, now=now, **changes)
    return waitlist.join_at_desk(
        screened.screening, contact, wish or days(), now=now, actor=RECEPTION
    )


def offers(state: str | None = None) -> list[WaitlistOffer]:
    rows = select(WaitlistOffer).order_by(WaitlistOffer.id)
    if state:
        rows = rows.where(WaitlistOffer.state == state)
    return list(db.session.scalars(rows))


def names(state: str | None = None) -> list[str]:
    """Who was offered something, in order."""
    return [offer.entry.patient.name for offer in offers(state)]


def sent(offer: WaitlistOffer, *, at=NOW) -> None:
    """As if the mail of an offer had left then."""
    row = db.session.scalar(
        select(Message).where(
            Message.entry_id == offer.entry_id, Message.sequence == offer.id
        )
    )
    row.state, row.sent_at = "sent", at
    db.session.commit()
