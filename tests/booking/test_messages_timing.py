"""When messages are due: around a visit, in the quiet hours, at clock changes.

In London the clocks go forward on 28 March 2027 and back on 31 October.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.messages.timing import Rhythm, due_at
from screening import Step

LONDON = Rhythm(ZoneInfo("Europe/London"), time(20), time(8))
NEW_YORK = Rhythm(ZoneInfo("America/New_York"), time(20), time(8))
KOLKATA = Rhythm(ZoneInfo("Asia/Kolkata"), time(20), time(8))
INSTANTS = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
NEVER_QUIET = Rhythm(ZoneInfo("Europe/London"), time(0), time(0))


def step(days=0, hours=0, *, anchor="visit", urgent=False):
    kind = "prep" if anchor == "visit" else "aftercare"
    return Step("step", kind, anchor, days, hours, urgent, "Title", ())


def utc(month, day, hour, minute=0):
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "starts_at", "due"),
    [
        (-14, utc(3, 24, 10), utc(3, 10, 8)),
        (-7, utc(3, 24, 10), utc(3, 17, 8)),
        (-1, utc(3, 24, 16, 30), utc(3, 23, 8)),
        # The day of the visit: in the morning, two hours before at the latest.
        (0, utc(3, 24, 14), utc(3, 24, 8)),
        (0, utc(3, 24, 10), utc(3, 24, 8)),
        # The morning would be too late: the evening before, ahead of the quiet hours.
        (0, utc(3, 24, 9, 45), utc(3, 23, 19)),
        (0, utc(3, 24, 8, 30), utc(3, 23, 19)),
        # Eight in the morning on the site's clock, before the change and after it.
        (-3, utc(3, 30, 9), utc(3, 27, 8)),
        (-2, utc(3, 30, 9), utc(3, 28, 7)),
        (-1, utc(3, 30, 9), utc(3, 29, 7)),
        (-2, utc(11, 2, 10), utc(10, 31, 8)),
        (-3, utc(11, 2, 10), utc(10, 30, 7)),
    ],
)
def test_prep_is_due_in_the_morning_of_its_day(days, starts_at, due):
    visit = starts_at, starts_at + timedelta(hours=1)

    assert due_at(step(days), *visit, LONDON) == due


@pytest.mark.parametrize(
    ("days", "hours", "ended", "due"),
    [
        (0, 0, utc(3, 24, 11), utc(3, 24, 11)),
        (0, 24, utc(3, 24, 11), utc(3, 25, 11)),
        (0, 72, utc(3, 24, 11), utc(3, 27, 11)),
        (7, 0, utc(3, 20, 11), utc(3, 27, 11)),
        # A week later at the same time on the clock; 72 hours are 72 hours.
        (7, 0, utc(3, 27, 15), utc(4, 3, 14)),
        (0, 72, utc(3, 27, 15), utc(3, 30, 15)),
        # 24 hours after 19:30 is 20:30 of the day on which the clock went forward.
        (0, 24, utc(3, 27, 19, 30), utc(3, 29, 7)),
        (42, 0, utc(3, 24, 11), utc(5, 5, 10)),
    ],
)
def test_aftercare_counts_from_the_end_of_the_visit(days, hours, ended, due):
    after = step(days, hours, anchor="after")

    assert due_at(after, ended - timedelta(hours=1), ended, LONDON) == due


def test_the_first_aftercare_does_not_wait_for_the_morning():
    ended = utc(3, 24, 20, 30)

    assert due_at(step(anchor="after"), utc(3, 24, 19), ended, LONDON) == ended


def test_what_is_urgent_ignores_the_quiet_hours():
    after = step(hours=10, anchor="after", urgent=True)

    assert due_at(after, utc(3, 24, 15), utc(3, 24, 16), LONDON) == utc(3, 25, 2)


@pytest.mark.parametrize(
    ("instant", "quiet"),
    [
        (utc(3, 24, 19, 59), False),
        (utc(3, 24, 20), True),
        (utc(3, 25, 3), True),
        (utc(3, 25, 7, 59), True),
        (utc(3, 25, 8), False),
        (utc(7, 24, 19), True),
        (utc(7, 24, 7), False),
    ],
)
def test_quiet_hours_are_half_open_and_local(instant, quiet):
    assert LONDON.is_quiet(instant) is quiet


def test_a_site_may_have_no_quiet_hours():
    assert not NEVER_QUIET.is_quiet(utc(3, 24, 3))
    visit = utc(3, 24, 10), utc(3, 24, 11)
    assert due_at(step(-1), *visit, NEVER_QUIET) == utc(3, 23, 8)


def test_quiet_hours_may_lie_within_a_day():
    siesta = Rhythm(ZoneInfo("Europe/Madrid"), time(14), time(17))

    assert siesta.awake(utc(3, 24, 14)) == utc(3, 24, 16)
    assert siesta.awake(utc(3, 24, 14), latest=utc(3, 24, 15)) == utc(3, 24, 12)


@given(
    st.sampled_from([LONDON, NEW_YORK, KOLKATA]),
    INSTANTS,
    st.integers(-30, 0),
)
def test_prep_never_comes_at_night_or_too_late(rhythm, starts_at, days):
    due = due_at(step(days), starts_at, starts_at + timedelta(hours=1), rhythm)

    assert not rhythm.is_quiet(due)
    assert due <= starts_at - timedelta(hours=2)
    assert due > starts_at + timedelta(days=days - 1, hours=-14)


@given(
    st.sampled_from([LONDON, NEW_YORK, KOLKATA]),
    INSTANTS,
    st.integers(0, 60),
    st.integers(1, 72),
)
def test_aftercare_comes_by_day_and_not_before_its_time(rhythm, ended, days, hours):
    after = step(days, hours, anchor="after")

    due = due_at(after, ended - timedelta(hours=1), ended, rhythm)

    assert not rhythm.is_quiet(due)
    earliest = ended + timedelta(days=days, hours=hours - 1)
    assert earliest <= due <= earliest + timedelta(hours=15)
