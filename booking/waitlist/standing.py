"""How somebody stands on the list: for the desk, and for whoever asks about their
place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from booking import screenings
from booking.clock import local_day
from booking.db import db
from booking.deciding import clearance_of
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.waitlist import (
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)
from booking.waitlist.entries import ON_LIST
from booking.waitlist.queue import MOST_MISSED, missed, wish_of
from screening import Verdict

MOST_SHOWN = 50


@dataclass(frozen=True)
class Standing:
    """An entry, with why nothing was offered (or what was), in one plain sentence.

    `at` or `day` belongs behind the sentence, where there is one.
    """

    entry: WaitlistEntry
    why: str
    at: datetime | None = None
    day: date | None = None
    needs_call: bool = False
    earlier: Counter[str] | None = None


def waiting_at(site: Site, *, skip: int = 0) -> Sequence[WaitlistEntry]:
    """Who is on the list, the longest waiting first; one more than a page holds."""
    return db.session.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.site_id == site.id, WaitlistEntry.state.in_(ON_LIST))
        .options(
            joinedload(WaitlistEntry.patient),
            joinedload(WaitlistEntry.appointment),
            joinedload(WaitlistEntry.screening),
        )
        .order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        .offset(skip)
        .limit(MOST_SHOWN + 1)
    ).all()


def standing_of(entry: WaitlistEntry, site: Site, *, now: datetime) -> Standing:
    """What is in the way: the first thing that somebody could do something about."""
    if entry.state == WaitState.ASKED:
        return Standing(entry, "The link in our e-mail has not been used yet.")
    earlier = _earlier(entry)
    return (
        _offered(entry, earlier)
        or _unreachable(entry, earlier)
        or _bound(entry, site, earlier, now=now)
        or _not_clear(entry, site, earlier, now=now)
        or _silent(entry, site, earlier)
        or Standing(entry, "Nothing that fits has come free yet.", earlier=earlier)
    )


def _earlier(entry: WaitlistEntry) -> Counter[str]:
    states = select(WaitlistOffer.state).where(WaitlistOffer.entry_id == entry.id)
    return Counter(db.session.scalars(states))


def _offered(entry: WaitlistEntry, earlier: Counter[str]) -> Standing | None:
    offer = db.session.scalar(
        select(WaitlistOffer).where(
            WaitlistOffer.entry_id == entry.id, WaitlistOffer.state == OfferState.OPEN
        )
    )
    if offer is None:
        return None
    why = "Has an offer, and can answer until"
    return Standing(entry, why, at=offer.answer_by, earlier=earlier)


def _unreachable(entry: WaitlistEntry, earlier: Counter[str]) -> Standing | None:
    failed = exists().where(
        Message.entry_id == entry.id, Message.state == MessageState.FAILED
    )
    if not db.session.scalar(select(failed)):
        return None
    why = "An e-mail to them could not be delivered. Please call."
    return Standing(entry, why, needs_call=True, earlier=earlier)


def _bound(
    entry: WaitlistEntry, site: Site, earlier: Counter[str], *, now: datetime
) -> Standing | None:
    """Whether the visit that would move is too near to be moved."""
    visit = entry.appointment
    cut_off = timedelta(hours=site.cancel_cutoff_hours)
    if visit is None or visit.starts_at - cut_off > now:
        return None
    why = "Their own visit is too near to be moved online."
    return Standing(entry, why, earlier=earlier)


def _not_clear(
    entry: WaitlistEntry, site: Site, earlier: Counter[str], *, now: datetime
) -> Standing | None:
    if screenings.is_stale(entry.answered, site, now=now):
        why = "Their answers are too old. Please ask the questions again."
        return Standing(entry, why, needs_call=True, earlier=earlier)
    clearance = clearance_of(
        site,
        entry.answered,
        now=now,
        patient_id=entry.patient_id,
        ignoring=entry.appointment_id,
    )
    today = local_day(now, site.timezone)
    days = [day for day in wish_of(entry).days if day >= today]
    if any(clearance.verdict_on(day) is Verdict.CLEAR for day in days):
        return None
    first = clearance.first_clear_day(today)
    if first is None:
        why = "No day is clear for them as things are."
        return Standing(entry, why, needs_call=True, earlier=earlier)
    why = "None of their days is clear. The first clear day is"
    return Standing(entry, why, day=first, needs_call=True, earlier=earlier)


def _silent(entry: WaitlistEntry, site: Site, earlier: Counter[str]) -> Standing | None:
    if missed(site)[entry.id] < MOST_MISSED:
        return None
    why = "Did not answer the last offers, so others are asked first. Please call."
    return Standing(entry, why, needs_call=True, earlier=earlier)
