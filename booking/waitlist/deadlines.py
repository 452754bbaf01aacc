"""Until when an offer can be answered. Pure.

Nobody loses a time while they are asleep: the mail waits for the end of the quiet
hours, and only waking time counts against its reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.messages.timing import LEAST_LEAD, Rhythm
from booking.models.clinic import Site

LEAST_ANSWER = timedelta(minutes=30)
"""An offer that leaves less time than this is not made: the time stays for all."""


@dataclass(frozen=True)
class Terms:
    """When an offer is mailed, and until when it can be accepted."""

    mail_at: datetime
    answer_by: datetime


def terms(
    site: Site, starts_at: datetime, *, now: datetime, no_later: datetime | None = None
) -> Terms | None:
    """The terms of an offer of this start, or None if there is no time left to ask.

    The answer must come before the least notice of the site and two hours before the
    visit, and by *no_later*: until then an earlier visit may be given up.
    """
    rhythm = Rhythm.of(site)
    notice = timedelta(minutes=site.least_notice_minutes)
    latest = starts_at - max(LEAST_LEAD, notice)
    if no_later is not None:
        latest = min(latest, no_later)
    wait = timedelta(minutes=site.waitlist_minutes)
    mail_at = rhythm.awake(now)
    answer_by = min(_waking(rhythm, mail_at, wait), _last_awake(rhythm, latest))
    if answer_by - mail_at < min(wait, LEAST_ANSWER):
        return None
    return Terms(mail_at, answer_by)


def _waking(rhythm: Rhythm, begin: datetime, wait: timedelta) -> datetime:
    """The instant by which *wait* of waking time has passed since *begin*."""
    moment = begin
    while True:
        evening = _next_quiet(rhythm, moment)
        if evening is None or moment + wait <= evening:
            return moment + wait
        wait -= evening - moment
        moment = rhythm.awake(evening)


def _last_awake(rhythm: Rhythm, instant: datetime) -> datetime:
    """*instant*, or when it is quiet the moment at which the quiet began."""
    if not rhythm.is_quiet(instant):
        return instant
    day = instant.astimezone(rhythm.zone).date()
    began = rhythm.at(day, rhythm.quiet_from)
    if began > instant:
        began = rhythm.at(day - timedelta(days=1), rhythm.quiet_from)
    return began


def _next_quiet(rhythm: Rhythm, instant: datetime) -> datetime | None:
    if rhythm.quiet_from == rhythm.quiet_until:
        return None
    day = instant.astimezone(rhythm.zone).date()
    today = rhythm.at(day, rhythm.quiet_from)
    if today > instant:
        return today
    return rhythm.at(day + timedelta(days=1), rhythm.quiet_from)
