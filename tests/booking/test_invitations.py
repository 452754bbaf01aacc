"""Calendar files: what they say, and that strict receivers take them in every zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.messages import invitations
from tests.booking import itip_check
from tests.booking.mailing import REQUEST, make_visit
from tests.builders import make_clinic
from tests.clock import NOW

ZONES = (
    "Europe/London",
    "America/New_York",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Auckland",
    "Pacific/Apia",
    "UTC",
)


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def visit(site):
    return make_visit(site, datetime(2027, 3, 24, 14, 30, tzinfo=UTC))


def test_a_request_says_only_that_there_is_an_appointment(visit):
    content = invitations.invitation(visit, "REQUEST", now=NOW, token="TOKEN")

    assert content.decode().replace("\r\n", "\n") == REQUEST


def test_a_move_raises_the_sequence_and_keeps_the_uid(visit):
    before = _event(invitations.invitation(visit, "REQUEST", now=NOW, token="T"))
    visit.starts_at += timedelta(days=1)
    visit.ends_at += timedelta(days=1)
    visit.sequence += 1
    after = _event(invitations.invitation(visit, "REQUEST", now=NOW, token="T"))

    assert (before.uid, before["SEQUENCE"]) == (visit.uid, 0)
    assert (after.uid, after["SEQUENCE"]) == (visit.uid, 1)
    assert after.start == before.start + timedelta(days=1)


def test_a_cancel_names_the_same_event(visit):
    visit.status, visit.sequence = "cancelled", 1
    content = invitations.invitation(visit, "CANCEL", now=NOW, token="T")

    event = _event(content)
    assert (event.uid, event["SEQUENCE"], event.status) == (visit.uid, 1, "CANCELLED")
    assert b"METHOD:CANCEL" in content
    assert b"VALARM" not in content


def test_a_held_visit_is_tentative(visit):
    visit.status = "held"

    content = invitations.invitation(visit, "REQUEST", now=NOW, token="T")

    assert _event(content).status == "TENTATIVE"


def test_the_file_to_download_is_published_without_an_attendee(visit):
    content = invitations.calendar_file(visit, now=NOW, token="T")

    assert b"METHOD:PUBLISH" in content
    assert b"ATTENDEE" not in content
    assert _event(content).uid == visit.uid
    assert itip_check.calendar_problems(content) == []


def test_a_quote_in_a_name_cannot_break_the_line(visit):
    visit.patient.name = 'Ada "Fair"; X-EVIL=1:mailto:eve@example.org'

    content = invitations.invitation(visit, "REQUEST", now=NOW, token="T")

    assert itip_check.calendar_problems(content) == []
    assert _event(content).attendees == ["mailto:ada@example.com"]


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    day=st.integers(0, 3650),
    minute=st.integers(6 * 12, 22 * 12).map(lambda cell: cell * 5),
    minutes=st.sampled_from([15, 45, 60, 240]),
    method=st.sampled_from(["REQUEST", "CANCEL", "PUBLISH"]),
    name=names,
    clinic=names,
    sequence=st.integers(0, 40),
)
def test_every_calendar_takes_every_file(
    visit, site, zone, day, minute, minutes, method, name, clinic, sequence
):
    midnight = datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
    site.timezone, site.name, visit.patient.name = zone, clinic, name
    visit.starts_at = (midnight + timedelta(minutes=minute)).astimezone(UTC)
    visit.ends_at = visit.starts_at + timedelta(minutes=minutes)
    visit.sequence = sequence

    if method == "PUBLISH":
        content = invitations.calendar_file(visit, now=NOW, token="T")
    else:
        content = invitations.invitation(visit, method, now=NOW, token="T")

    assert itip_check.calendar_problems(content) == []
    event = _event(content)
    assert event.start == visit.starts_at
    assert event.end == visit.ends_at


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_is_right_around_every_change(zone):
    """In the file's own words, hour by hour, over ten years."""
    real = ZoneInfo(zone)
    midnights = [
        datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(3650)
    ]
    for midnight in midnights:
        hours = [midnight + timedelta(hours=hour) for hour in range(24)]
        offsets = [hour.astimezone(real).utcoffset() for hour in hours]
        if len(set(offsets)) == 1 and midnight.day != 1:
            continue
        component = invitations._timezone(zone, midnight.date(), midnight.date())
        rules = sorted(
            (part.DTSTART - part.TZOFFSETFROM, part.TZOFFSETTO)
            for part in component.subcomponents
        )
        for hour, offset in zip(hours, offsets, strict=True):
            past = [to for onset, to in rules if onset <= hour.replace(tzinfo=None)]
            assert past[-1] == offset


def test_a_zone_that_never_changes_gets_no_summer_time():
    day = NOW.date()

    component = invitations._timezone("Asia/Kolkata", day, day)

    assert [part.name for part in component.subcomponents] == ["STANDARD"]


def _event(content: bytes) -> icalendar.Event:
    return icalendar.Calendar.from_ical(content).events[0]
