"""What to do now about the signs that were reported, and what we can promise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from booking.diary import hours
from booking.models.appointment import Appointment
from booking.models.checkin import SymptomReport
from booking.models.clinic import Site
from booking.symptoms import reports
from booking.symptoms.reports import DAYS, EMERGENCY, NONE, TODAY, URGENCY
from screening import RedFlag

WHAT_NOW = {
    "emergency": "Call the emergency number now",
    "urgent": "Get medical help now",
    "same_day": "Call us today",
    "within_2_days": "We should see this within two days",
    "within_3_days": "We should see this within three days",
    "within_7_days": "We should see this within a week",
    "none": "This is usual",
}
CLOSED_SAME_DAY = "We are closed: do not wait for us if it gets worse"
NIGHT = (
    "If it gets worse, or if you are worried, do not wait for us: call your medical "
    "helpline (in the UK: 111). If you feel very ill, call the emergency number."
)
LEAST_TO_CALL = timedelta(minutes=30)
"""A desk that closes sooner than this promises no call for today."""


@dataclass(frozen=True)
class Part:
    """What to do about some signs, the most urgent part first."""

    action: str
    what: str
    flags: tuple[RedFlag, ...]


@dataclass(frozen=True)
class Advice:
    """`call_by` is when we will have called; None where nobody is there to promise it.

    `is_there`: whether somebody is, for long enough; `opens_at`: when again, if not.
    """

    urgency: str
    parts: tuple[Part, ...]
    is_there: bool
    call_by: datetime | None
    opens_at: datetime | None

    @property
    def is_emergency(self) -> bool:
        return self.urgency == EMERGENCY

    @property
    def is_fine(self) -> bool:
        return self.urgency == NONE

    @property
    def sentence(self) -> str:
        """In one sentence: what comes first."""
        if self.parts:
            return self.parts[0].what
        return "Thank you for telling us" if self.is_fine else _today(self.is_there)


def about(
    row: SymptomReport, appointment: Appointment, site: Site, *, now: datetime
) -> Advice:
    """What the patient does now, and by when we call."""
    known = reports.flags_of(appointment, site)
    flags = [known[sign] for sign in row.signs if sign in known]
    closes = hours.open_until(site, now)
    is_there = closes is not None and closes - now >= LEAST_TO_CALL
    due = reports.due_at(flags, site, now=now)
    return Advice(
        urgency=row.urgency,
        parts=tuple(_parts(flags, is_there=is_there)),
        is_there=is_there,
        call_by=_promised(row.urgency, due, closes, site, now=now)
        if is_there
        else None,
        opens_at=None if is_there else hours.opens_next(site, now),
    )


def _promised(
    urgency: str,
    due: datetime,
    closes: datetime | None,
    site: Site,
    *,
    now: datetime,
) -> datetime | None:
    """A call in time, and while somebody is there; none instead of an ambulance."""
    if urgency == TODAY and closes is not None:
        return min(due, closes)
    return hours.closed_by(site, now, due) if urgency == DAYS else None


def _parts(flags: Iterable[RedFlag], *, is_there: bool) -> Iterable[Part]:
    order = list(URGENCY)
    in_order = sorted(flags, key=lambda flag: order.index(flag.action))
    for action, some in groupby(in_order, key=lambda flag: flag.action):
        what = _today(is_there) if action == "same_day" else WHAT_NOW[action]
        yield Part(action, what, tuple(some))


def _today(is_there: bool) -> str:  # noqa: FBT001 - the one fact that it words
    return WHAT_NOW["same_day"] if is_there else CLOSED_SAME_DAY
