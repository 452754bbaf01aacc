"""Cells, days and masks by hand, above all on the days when the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking.diary import availability
from booking.diary.availability import Horizon

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)
NINE, FIVE = time(9), time(17)


def _utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def _instants(span):
    return tuple(availability.instant_of(cell) for cell in span)


def _starts(mask, horizon):
    """Local time and offset of each start, as a page would show them."""
    return [
        f"{availability.instant_of(cell).astimezone(horizon.zone):%d %H:%M %z}"
        for cell in availability.starts_of(mask, horizon)
    ]


def test_cells_are_numbered_from_1970_in_utc():
    assert availability.cell_of(_utc(1970, 1, 1, 1)) == 12
    assert availability.cell_of(datetime(1970, 1, 1, 1, tzinfo=LONDON)) == 0
    assert availability.instant_of(12) == _utc(1970, 1, 1, 1)


def test_a_cell_and_its_instant_name_each_other():
    instant = _utc(2026, 6, 1, 14, 35)

    assert availability.instant_of(availability.cell_of(instant)) == instant


@given(st.datetimes(timezones=st.just(UTC)))
@example(_utc(2026, 6, 1, 14, 35))
@example(_utc(2026, 6, 1, 14, 35, 0, 1))
def test_the_next_cell_begins_at_an_instant_or_within_five_minutes_after_it(instant):
    begins = availability.instant_of(availability.next_cell(instant))

    assert instant <= begins < instant + availability.CELL


def test_the_hour_that_occurs_twice_has_two_cells_for_each_time():
    earlier = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON)

    first = availability.cell_of(earlier)
    second = availability.cell_of(earlier.replace(fold=1))

    assert second - first == 12


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 6, 1, 14, 35),  # noqa: DTZ001 - the mistake under test
        datetime(2026, 6, 1, 14, 36, tzinfo=UTC),
        datetime(2026, 6, 1, 14, 35, 1, tzinfo=UTC),
        datetime(2026, 6, 1, 14, 35, 0, 1, tzinfo=UTC),
    ],
)
def test_an_instant_without_zone_or_off_the_cells_is_refused(instant):
    with pytest.raises(ValueError, match="has no zone|five-minute boundary"):
        availability.cell_of(instant)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LONDON, SPRING, 23),
        (LONDON, AUTUMN, 25),
        (LONDON, date(2026, 6, 1), 24),
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        (ZoneInfo("Asia/Kolkata"), SPRING, 24),
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4), 23.5),
        # Midnight itself is skipped, or occurs twice.
        (ZoneInfo("Africa/Cairo"), date(2026, 4, 24), 23),
        (ZoneInfo("America/Havana"), date(2026, 11, 1), 25),
        (ZoneInfo("America/Sao_Paulo"), date(2018, 2, 17), 25),
        (ZoneInfo("Pacific/Apia"), date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(zone, day, hours):
    horizon = Horizon(zone, day - timedelta(days=1), 3)

    first, until = horizon.day_span(day)

    assert (until - first) * 5 == hours * 60


def test_the_days_of_a_horizon_follow_each_other_without_gaps():
    horizon = Horizon(LONDON, date(2026, 3, 28), 3)

    assert horizon.day_spans == ((0, 288), (288, 564), (564, 852))
    assert horizon.cells == 852
    assert availability.instant_of(horizon.first_cell) == _utc(2026, 3, 28)
    assert horizon.days_list == (date(2026, 3, 28), SPRING, date(2026, 3, 30))


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 3, 30)])
def test_a_day_outside_the_horizon_has_no_span(day):
    with pytest.raises(ValueError, match="outside the horizon"):
        Horizon(LONDON, SPRING, 1).day_span(day)


def test_a_horizon_without_days_is_refused():
    with pytest.raises(ValueError, match="at least one day"):
        Horizon(LONDON, SPRING, 0)


@pytest.mark.parametrize(
    ("day", "opens", "closes", "from_utc", "until_utc"),
    [
        # An ordinary winter's day, then both changes.
        (date(2026, 3, 28), NINE, FIVE, (3, 28, 9), (3, 28, 17)),
        (SPRING, NINE, FIVE, (3, 29, 8), (3, 29, 16)),
        (AUTUMN, NINE, FIVE, (10, 25, 9), (10, 25, 17)),
        # 01:00 to 02:00 does not exist: 01:30 means 02:00.
        (SPRING, time(1, 30), time(3), (3, 29, 1), (3, 29, 2)),
        (SPRING, time(0), time(1, 30), (3, 29, 0), (3, 29, 1)),
        # 01:00 to 02:00 occurs twice: 01:30 means the first.
        (AUTUMN, time(1, 30), time(2), (10, 25, 0, 30), (10, 25, 2)),
        (AUTUMN, time(1, 30, fold=1), time(2), (10, 25, 0, 30), (10, 25, 2)),
        (AUTUMN, time(0), time(1, 30), (10, 24, 23), (10, 25, 0, 30)),
        # Closing at midnight is the end of the day.
        (SPRING, time(22), time(0), (3, 29, 21), (3, 29, 23)),
        (AUTUMN, time(0), time(0), (10, 24, 23), (10, 26, 0)),
    ],
)
def test_opening_hours_follow_the_clock_on_the_wall(
    day, opens, closes, from_utc, until_utc
):
    span = availability.local_span(LONDON, day, opens, closes)

    assert _instants(span) == (_utc(2026, *from_utc), _utc(2026, *until_utc))


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2026, 6, 1), FIVE, NINE),
        (date(2026, 6, 1), NINE, NINE),
        (SPRING, time(1), time(1, 55)),  # the skipped hour
    ],
)
def test_hours_that_never_begin_are_empty(day, opens, closes):
    first, until = availability.local_span(LONDON, day, opens, closes)

    assert first == until


def test_hours_off_the_five_minutes_are_refused():
    with pytest.raises(ValueError, match="five-minute boundary"):
        availability.local_span(LONDON, SPRING, time(9, 2), FIVE)


def test_exceptions_replace_the_weekly_hours_and_closed_days_win():
    horizon = Horizon(LONDON, date(2026, 6, 1), 3)  # Monday to Wednesday
    weekly = {0: [(NINE, time(10))], 1: [(NINE, time(10))], 2: [(NINE, time(10))]}
    tuesday, wednesday = date(2026, 6, 2), date(2026, 6, 3)
    exceptions = {
        tuesday: [(time(12), time(13)), (time(12, 30), time(13, 30))],
        wednesday: [(time(12), time(13))],
    }

    mask = availability.open_mask(horizon, weekly, exceptions, {wednesday})

    assert mask == availability.span_mask(108, 120) | availability.span_mask(432, 450)


def test_an_exception_without_hours_closes_the_day():
    horizon = Horizon(LONDON, SPRING, 1)

    assert availability.open_mask(horizon, {6: [(NINE, FIVE)]}, {SPRING: []}, ()) == 0


def test_weekdays_counted_from_one_are_refused():
    with pytest.raises(ValueError, match="Monday"):
        availability.open_mask(Horizon(LONDON, SPRING, 1), {7: [(NINE, FIVE)]}, {}, ())


def test_spans_are_clipped_to_the_horizon():
    horizon = Horizon(LONDON, SPRING, 1)
    start, end = horizon.first_cell, horizon.first_cell + 276

    mask = availability.mask_of_spans(
        horizon, [(start - 9, start + 2), (end - 1, end + 400), (start - 5, start)]
    )

    assert list(availability.starts_of(mask, horizon)) == [start, start + 1, end - 1]


def test_an_absence_of_weeks_fills_every_cell():
    horizon = Horizon(LONDON, SPRING, 90)

    everything = availability.mask_of_spans(horizon, [(0, 10**9)])

    assert everything == (1 << horizon.cells) - 1


def test_the_grid_leaves_out_the_skipped_hour():
    horizon = Horizon(LONDON, SPRING, 1)

    starts = _starts(availability.grid_mask(horizon, 30), horizon)

    assert starts[:4] == [
        "29 00:00 +0000",
        "29 00:30 +0000",
        "29 02:00 +0100",
        "29 02:30 +0100",
    ]
    assert len(starts) == 46


def test_the_grid_counts_the_repeated_hour_twice():
    horizon = Horizon(LONDON, AUTUMN, 1)

    starts = _starts(availability.grid_mask(horizon, 30), horizon)

    assert starts[2:6] == [
        "25 01:00 +0100",
        "25 01:30 +0100",
        "25 01:00 +0000",
        "25 01:30 +0000",
    ]
    assert len(starts) == 50


def test_the_grid_begins_anew_at_each_midnight():
    horizon = Horizon(NEW_YORK, date(2026, 3, 7), 3)

    starts = _starts(availability.grid_mask(horizon, 500), horizon)

    assert starts == [
        "07 00:00 -0500",
        "07 08:20 -0500",
        "07 16:40 -0500",
        "08 00:00 -0500",
        "08 08:20 -0400",
        "08 16:40 -0400",
        "09 00:00 -0400",
        "09 08:20 -0400",
        "09 16:40 -0400",
    ]


def test_a_day_that_the_zone_left_out_has_no_starts():
    horizon = Horizon(ZoneInfo("Pacific/Apia"), date(2011, 12, 29), 3)

    starts = _starts(availability.grid_mask(horizon, 720), horizon)

    assert [start[:8] for start in starts] == [
        "29 00:00",
        "29 12:00",
        "31 00:00",
        "31 12:00",
    ]


@pytest.mark.parametrize("minutes", [0, -5, 7])
def test_a_grid_that_is_not_made_of_cells_is_refused(minutes):
    with pytest.raises(ValueError, match="not a grid"):
        availability.grid_mask(Horizon(LONDON, SPRING, 1), minutes)


def test_the_window_runs_from_the_least_notice_to_the_farthest_day():
    horizon = Horizon(LONDON, SPRING, 2)
    notice = availability.cell_of(_utc(2026, 3, 29, 12))
    farthest = availability.cell_of(_utc(2026, 5, 1))

    mask = availability.window_mask(horizon, notice, farthest)

    assert mask == availability.span_mask(144, 564)


def test_days_that_clearance_allows_become_whole_days():
    horizon = Horizon(LONDON, SPRING, 3)
    days = {SPRING, date(2026, 3, 31), date(2027, 1, 1)}

    mask = availability.day_mask(horizon, days)

    assert mask == availability.span_mask(0, 276) | availability.span_mask(564, 852)


def test_a_run_without_cells_is_refused():
    with pytest.raises(ValueError, match="at least one cell"):
        availability.free_runs(0b111, 0)


def test_starts_come_in_order_and_none_from_an_empty_mask():
    horizon = Horizon(LONDON, date(1970, 1, 2), 1)
    first = horizon.first_cell

    assert list(availability.starts_of(0, horizon)) == []
    assert list(availability.starts_of(0b10010001, horizon)) == [
        first,
        first + 4,
        first + 7,
    ]
