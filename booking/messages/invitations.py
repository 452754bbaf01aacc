"""Calendar files: the invitation in a mail (iTIP) and the file on the manage page.

They say that there is an appointment at the clinic, never what for. REQUEST and CANCEL
go to one attendee; PUBLISH has none. All of a visit's files share its UID.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import (
    CLASS,
    STATUS,
    Calendar,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
)

from booking.db import db
from booking.messages import letterhead
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
PRODUCT = "-//Clearslot//Clearslot//EN"
_STATUS = {Status.HELD: STATUS.TENTATIVE} | dict.fromkeys(
    (Status.CANCELLED, Status.DECLINED, Status.EXPIRED, Status.NO_SHOW),
    STATUS.CANCELLED,
)
# No clock has been changed twice within an hour, and seldom twice within a week.
_STEP, _EXACT = timedelta(days=1), timedelta(seconds=1)
_A_YEAR = timedelta(days=370)


def invitation(
    appointment: Appointment, method: str, *, now: datetime, token: str
) -> bytes:
    """The REQUEST or CANCEL that travels in a mail to the patient.

    A receiver takes it if `appointment.sequence` is higher than what it has, or is the
    same and *now* is later.
    """
    patient = appointment.patient
    if patient is None:
        raise ValueError("an invitation needs a patient")
    event = _event(appointment, now=now, token=token)
    event.attendees = [
        vCalAddress.new(
            patient.email,
            cn=_parameter(appointment.addressee),
            cutype="INDIVIDUAL",
            role="REQ-PARTICIPANT",
            partstat="NEEDS-ACTION",
            rsvp=False,
        )
    ]
    if method == CANCEL:
        event.status = STATUS.CANCELLED
    return _file([event], method, [appointment])


def calendar_file(appointment: Appointment, *, now: datetime, token: str) -> bytes:
    """What "add to calendar" gives: the same event, published, without an attendee."""
    event = _event(appointment, now=now, token=token)
    return _file([event], PUBLISH, [appointment])


def course_file(
    visits: Sequence[Appointment], *, now: datetime, tokens: Sequence[str]
) -> bytes:
    """All sessions of a course as one file to take: a REQUEST is about one visit only.

    Each keeps its own UID, so that what is sent later about one of them finds it.
    """
    events = [
        _event(visit, now=now, token=token)
        for visit, token in zip(visits, tokens, strict=True)
    ]
    return _file(events, PUBLISH, visits)


def _event(appointment: Appointment, *, now: datetime, token: str) -> Event:
    site = db.session.get_one(Site, appointment.site_id)
    zone = ZoneInfo(site.timezone)
    paper = letterhead.current()
    return Event.new(
        uid=appointment.uid,
        stamp=now.astimezone(UTC).replace(microsecond=0),
        sequence=appointment.sequence,
        start=appointment.starts_at.astimezone(zone),
        end=appointment.ends_at.astimezone(zone),
        summary=f"Appointment at {site.name}",
        location=f"{site.name}, {site.address}",
        description=f"See, move or cancel: {paper.base_url}/visit/{token}",
        organizer=vCalAddress.new(paper.sender, cn=_parameter(site.name)),
        status=_STATUS.get(Status(appointment.status), STATUS.CONFIRMED),
        classification=CLASS.PRIVATE,
    )


def _file(events: Sequence[Event], method: str, visits: Sequence[Appointment]) -> bytes:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("method", method)
    zone = events[0]["DTSTART"].params.get("TZID")  # none in UTC
    if zone:
        starts_on = min(visit.starts_at for visit in visits).date()
        ends_on = max(visit.ends_at for visit in visits).date()
        calendar.add_component(_timezone(zone, starts_on, ends_on))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _parameter(text: str) -> str:
    """A parameter's value cannot hold a double quote, not even an escaped one."""
    return text.replace('"', "'")


@functools.lru_cache(maxsize=512)
def _timezone(key: str, starts_on: date, ends_on: date) -> Timezone:
    """The zone as it is over these days and the year before; no rule for all time.

    Each change of the clock is an observance of its own, and a zone that has none gets
    a single one: some calendars refuse a whole invitation over anything cleverer.
    """
    zone = ZoneInfo(key)
    first = datetime.combine(starts_on, time(), UTC) - _A_YEAR
    until = datetime.combine(ends_on, time(), UTC) + 2 * _STEP
    component = Timezone()
    component.add("tzid", key)
    changes = _changes(zone, first, until)
    starts_at = datetime.combine(starts_on, time(), UTC)
    if not changes or changes[0] > starts_at - _STEP:
        component.add_component(_observance(zone, first, TimezoneStandard()))
    for change in changes:
        forward = _offset(zone, change) > _offset(zone, change - _EXACT)
        kind = TimezoneDaylight() if forward else TimezoneStandard()
        component.add_component(_observance(zone, change, kind))
    return component


def _observance(
    zone: ZoneInfo,
    onset: datetime,
    component: TimezoneStandard | TimezoneDaylight,
) -> TimezoneStandard | TimezoneDaylight:
    before = _offset(zone, onset - _EXACT)
    # The wall clock at the onset, as it was still going before.
    component.add("dtstart", (onset + before).replace(tzinfo=None))
    component.add("tzoffsetfrom", before)
    component.add("tzoffsetto", _offset(zone, onset))
    component.add("tzname", onset.astimezone(zone).tzname())
    return component


def _changes(zone: ZoneInfo, first: datetime, until: datetime) -> list[datetime]:
    """The instants at which the zone's offset changes, to the second."""
    found = []
    instant = first
    while instant < until:
        low, high = instant, instant + _STEP
        if _offset(zone, low) != _offset(zone, high):
            while high - low > _EXACT:
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if _offset(zone, middle) == _offset(zone, low):
                    low = middle
                else:
                    high = middle
            found.append(high)
        instant += _STEP
    return found


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
