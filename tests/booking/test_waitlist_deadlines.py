"""Until when an offer can be answered: never lost in the quiet hours, never too late.

The site is quiet from 20:00 to 08:00; an answer may take 120 minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.messages.timing import Rhythm
from booking.models.clinic import Site
from booking.waitlist import deadlines
from tests.builders import at
from tests.clock import NOW


def site(**changes) -> Site:
    values = {
        "timezone": "Europe/London",
        "least_notice_minutes": 120,
        "waitlist_minutes": 120,
        "quiet_from": at(0, 20).time(),
        "quiet_until": at(0, 8).time(),
    }
    return Site(**(values | changes))


def terms(now: datetime, starts_at: datetime, **changes):
    found = deadlines.terms(site(**changes), starts_at, now=now)
    return found and (found.mail_at, found.answer_by)


@pytest.mark.parametrize(
    ("now", "starts_at", "expected"),
    [
        # in the middle of the day: at once, and two hours
        (at(0), at(6), (at(0), at(0, 12))),
        # the quiet hours do not count: an hour tonight and one tomorrow
        (at(0, 19), at(6), (at(0, 19), at(1, 9))),
        # at night: the mail waits, and the two hours begin with it
        (at(0, 23), at(6), (at(1, 8), at(1, 10))),
        (at(1, 3), at(6), (at(1, 8), at(1, 10))),
        # freed at nine in the evening, for tomorrow at seven in the evening
        (at(0, 21), at(1, 19), (at(1, 8), at(1, 10))),
        # two hours before the visit at the latest
        (at(0, 10), at(0, 13), (at(0, 10), at(0, 11))),
        (at(0, 21), at(1, 11), (at(1, 8), at(1, 9))),
        # tomorrow at nine: tonight is the last moment at which anybody is awake
        (at(0, 19), at(1, 9), (at(0, 19), at(0, 20))),
        # no time left to ask: nobody is asked, and the time stays for all
        (at(0, 21), at(1, 9), None),
        (at(0, 19, 45), at(1, 9), None),
        (at(0, 10), at(0, 12), None),
        (at(0, 10), at(0, 9), None),
    ],
)
def test_the_terms_of_an_offer(now, starts_at, expected):
    assert terms(now, starts_at) == expected


def test_a_clinic_may_have_no_quiet_hours():
    never = {"quiet_from": at(0, 0).time(), "quiet_until": at(0, 0).time()}

    assert terms(at(0, 23), at(6), **never) == (at(0, 23), at(1, 1))


def test_a_clinic_may_want_quick_answers():
    assert terms(at(0), at(6), waitlist_minutes=15) == (at(0), at(0, 10, 15))


def test_an_earlier_visit_has_to_be_given_up_in_time():
    found = deadlines.terms(site(), at(6), now=at(0), no_later=at(0, 11))

    assert found is not None
    assert found.answer_by == at(0, 11)


@given(
    st.integers(0, 400 * 24 * 60),
    st.integers(1, 60 * 24 * 60),
    st.integers(5, 48 * 60),
)
def test_nobody_loses_a_time_while_asleep(now, ahead, wait):
    now = NOW + timedelta(minutes=now)
    starts_at = now + timedelta(minutes=ahead)
    clinic = site(waitlist_minutes=wait)

    found = deadlines.terms(clinic, starts_at, now=now)

    if found is None:
        return
    rhythm = Rhythm.of(clinic)
    assert not rhythm.is_quiet(found.mail_at)
    # The very moment at which the quiet begins is still an end that people see.
    assert not rhythm.is_quiet(found.answer_by - timedelta(seconds=1))
    assert now <= found.mail_at < found.answer_by <= starts_at - timedelta(hours=2)
    assert found.answer_by - found.mail_at >= timedelta(minutes=min(wait, 30))
