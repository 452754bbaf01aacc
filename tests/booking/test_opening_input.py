"""What is wrong with hours as they were typed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking.errors import Problems
from booking.models import AuditEvent
from booking.opening import spans
from booking.opening.changing import CLINIC
from tests.booking.opening import (
    DAY,
    away,
    close,
    other_day,
    practitioner_of,
    problems_of,
    set_week,
    week,
)
from tests.builders import make_clinic


@pytest.fixture
def site(session):
    """One practitioner and one room, open from nine to five on every day."""
    return make_clinic(practitioners=1, rooms=1)


@pytest.fixture
def cleo(site):
    return practitioner_of(site)


# What is wrong with what was typed


SPANS = [
    ("12:00-09:00", "ends before it begins"),
    ("09:00-09:00", "ends before it begins"),
    ("09:00-24:00", "no span of hours"),
    ("09:00-13:00, 12:00-18:00", "overlap at 12:00"),
    ("09:02-13:00", "09:02 is not a multiple of 5 minutes"),
    ("nine to five", "no span of hours"),
    ("09:00", "no span of hours"),
    ("25:00-26:00", "no span of hours"),
    ("09:00-12:00,", "no span of hours"),
    ("9" * 5000, "no span of hours"),
]


@pytest.mark.parametrize(("hours", "words"), SPANS)
def test_a_mistake_in_the_hours_is_told_in_words(hours, words):
    problems = Problems()

    assert spans.read(hours, "hours", problems) == ()

    [problem] = problems.found
    assert problem.field == "hours"
    assert words in problem.message


@pytest.mark.parametrize(
    "typed", ["9-12, 13-18", "09:00 – 12:00; 13:00 to 18:00", "13:00-18:00 and 9-12"]
)
def test_hours_are_read_as_people_write_them(typed):
    found = spans.read(typed, "hours", Problems())

    assert spans.write(found) == "09:00-12:00, 13:00-18:00"


def test_a_mistake_in_a_week_names_its_day(site, cleo):
    wanted = week(day2="12:00-09:00", day4="soon")

    found = problems_of(lambda: set_week(site, cleo, wanted))

    assert found["day-2"].startswith("Wednesday: 12:00-09:00 ends before it begins.")
    assert found.keys() == {"day-2", "day-4"}


def test_an_empty_week_is_refused(site, cleo):
    assert (
        "at least one day"
        in problems_of(lambda: set_week(site, cleo, week("")))["day-0"]
    )


MISTAKES = [
    (lambda s, c: away(s, "99"), "who", "Choose who"),
    (lambda s, c: away(s, "x"), "who", "Choose who"),
    (lambda s, c: away(s, c, -1, 2), "first_day", "over"),
    (lambda s, c: away(s, c, 4, 3), "last_day", "before it begins"),
    (lambda s, c: away(s, c, 0, 0, ("08:00", "09:00")), "last_time", "over"),
    (lambda s, c: away(s, c, 3, 3, ("12:00", "11:00")), "last_time", "before"),
    (lambda s, c: away(s, c, 3, 3, ("12:01", "")), "first_time", "multiple"),
    (lambda s, c: away(s, c, 3, 3, ("noon", "")), "first_time", "like 09:30"),
    (lambda s, c: away(s, c, 3, 999), "last_day", "two years"),
    (lambda s, c: away(s, c, reason="x" * 300), "reason", "at most"),
    (lambda s, c: close(s, -1), "first_day", "over"),
    (lambda s, c: close(s, 5, 4), "last_day", "before it begins"),
    (lambda s, c: close(s, name="  "), "name", "why"),
    (lambda s, c: other_day(s, ["99"], "09:00-12:00"), "who", "Choose"),
    (lambda s, c: other_day(s, [], "09:00-12:00"), "who", "Choose"),
    (lambda s, c: other_day(s, [c], "09:00-12:00", -1), "day", "over"),
    (lambda s, c: other_day(s, [c], ""), "hours", "Give the hours"),
]


def test_a_mistake_names_its_field_and_changes_nothing(site, cleo, session):
    for change, field, words in MISTAKES:
        found = problems_of(lambda: change(site, cleo))  # noqa: B023 - called at once
        session.rollback()
        assert words in found.get(field, ""), (field, words, found)

    assert session.scalars(select(AuditEvent)).all() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda s, c: away(s, c), "first_day"),
        (lambda s, c: close(s, DAY + 1), "first_day"),
        (lambda s, c: other_day(s, [c], "10:00-12:00", DAY + 2), "day"),
    ],
)
def test_a_form_sent_twice_counts_once(site, cleo, change, field):
    change(site, cleo)

    assert "already" in problems_of(lambda: change(site, cleo))[field]


def test_no_other_hours_on_a_closed_day(site, cleo):
    close(site)

    found = problems_of(lambda: other_day(site, [CLINIC, cleo], "10:00-12:00"))

    assert "closed on this day" in found["day"]
