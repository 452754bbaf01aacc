"""Dates as people type them."""

from __future__ import annotations

from datetime import date

import pytest

from booking.web.dates import BadDate, Typed


@pytest.mark.parametrize(
    ("day", "month", "year", "read"),
    [
        ("3", "3", "1990", date(1990, 3, 3)),
        ("03", "03", "1990", date(1990, 3, 3)),
        ("3", "Mar", "1990", date(1990, 3, 3)),
        ("3", "march", "1990", date(1990, 3, 3)),
        ("3", "Sept", "1990", date(1990, 9, 3)),
        ("3", "Sep.", "1990", date(1990, 9, 3)),
        ("29", "2", "2024", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_as_people_write_it(day, month, year, read):
    assert Typed(day, month, year).as_day() == read


@pytest.mark.parametrize(
    ("day", "month", "year", "part", "words"),
    [
        ("", "", "", "day", "Enter the date: day, month and year."),
        ("3", "", "1990", "month", "Enter the month as well."),
        ("", "3", "", "day", "Enter the day and the year as well."),
        ("30", "2", "2026", "day", "There is no 30 February in 2026. Check the day."),
        ("31", "Apr", "2026", "day", "There is no 31 April in 2026. Check the day."),
        ("29", "2", "2026", "day", "There is no 29 February in 2026. Check the day."),
        ("0", "1", "1990", "day", "The day must be a number from 1 to 31."),
        ("32", "1", "1990", "day", "The day must be a number from 1 to 31."),
        ("one", "1", "1990", "day", "The day must be a number from 1 to 31."),
        ("-3", "1", "1990", "day", "The day must be a number from 1 to 31."),
        ("99999999999999999999", "1", "1990", "day", "The day must be a number"),
        ("3", "13", "1990", "month", "The month must be a number from 1 to 12"),
        ("3", "Ma", "1990", "month", "The month must be a number from 1 to 12"),
        ("3", "Foo", "1990", "month", "The month must be a number from 1 to 12"),
        ("3", "3", "90", "year", "Enter the year with 4 numbers, for example 1990."),
        ("3", "3", "0001", "year", "Check the year: 0001 cannot be right."),
        ("3", "3", "9999", "year", "Check the year: 9999 cannot be right."),
        ("3", "3", "19x0", "year", "Enter the year with 4 numbers"),
        ("3", "\x00", "1990", "month", "The month must be a number from 1 to 12"),
    ],
)
def test_a_bad_date_names_the_first_wrong_box(day, month, year, part, words):
    with pytest.raises(BadDate) as bad:
        Typed(day, month, year).as_day()

    assert bad.value.part == part
    assert bad.value.message.startswith(words)


@pytest.mark.parametrize(
    ("month", "year", "answer"),
    [("3", "2026", "2026-03"), ("", "2026", "2026"), ("December", "2025", "2025-12")],
)
def test_a_month_or_a_year_alone_will_do(month, year, answer):
    assert Typed(month=month, year=year).as_month() == answer


@pytest.mark.parametrize(
    ("answer", "boxes"),
    [
        ("2026-03-05", Typed("5", "3", "2026")),
        ("2026-03", Typed("", "3", "2026")),
        ("2026", Typed("", "", "2026")),
        ("never", Typed()),
        ("", Typed()),
    ],
)
def test_a_stored_answer_fills_the_boxes_again(answer, boxes):
    assert Typed.from_answer(answer) == boxes
