"""Bit arithmetic against the slow and obvious answer, around both clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.diary import availability
from booking.diary.availability import Horizon, Need, Phase, Plan, Resource
from tests.booking import naive_availability as naive

# Each horizon begins on the day before the clock changes, if it changes at all.
HORIZONS = [
    Horizon(ZoneInfo(zone), first_day, 3)
    for zone, first_day in [
        ("Europe/London", date(2026, 3, 28)),
        ("Europe/London", date(2026, 10, 24)),
        ("America/New_York", date(2026, 3, 7)),
        ("America/New_York", date(2026, 10, 31)),
        ("Asia/Kolkata", date(2026, 3, 28)),
    ]
]
LEAD = Need("lead", "practitioner", "needling")
SECOND = Need("second", "practitioner", "numbing")
ROOM = Need("room", "room", "treatment")
QUIET_ROOM = Need("quiet", "room", "quiet")
DEVICE = Need("device", "device", "pen")
CAPABILITIES = {
    "practitioner": ["needling", "numbing"],
    "room": ["treatment", "quiet"],
    "device": ["pen", "laser"],
}

moderate = settings(max_examples=50, deadline=None)


@dataclass(frozen=True)
class Clinic:
    horizon: Horizon
    resources: list[Resource]
    free: dict[int, set]


wall_times = st.integers(0, 287).map(lambda n: time(n // 12, n % 12 * 5))
hours = st.lists(st.tuples(wall_times, wall_times), max_size=2)
# Long shifts, so that most clinics have something to offer.
shifts = st.lists(
    st.tuples(
        st.integers(0, 8).map(time),
        st.integers(14, 24).map(lambda hour: time(hour % 24)),
    ),
    min_size=1,
    max_size=1,
)


@st.composite
def _phases(draw):
    needs = [
        draw(st.sampled_from([None, LEAD, LEAD, SECOND])),
        draw(st.sampled_from([None, ROOM, ROOM, QUIET_ROOM])),
        draw(st.sampled_from([None, None, DEVICE])),
    ]
    return Phase(
        draw(st.sampled_from(["numbing", "needling", "recovery", "cleaning"])),
        draw(st.integers(1, 12)),
        tuple(need for need in needs if need),
        patient=draw(st.booleans()),
    )


plans = st.lists(_phases(), min_size=1, max_size=5).filter(
    lambda phases: any(phase.patient for phase in phases)
)


@st.composite
def _spans(draw, horizon, longest, max_size):
    """Absolute cells, some of them beyond the ends of the horizon."""
    lengths = st.integers(1, longest)
    starts = st.integers(-20, horizon.cells + 5)
    pairs = draw(st.lists(st.tuples(starts, lengths), max_size=max_size))
    first = horizon.first_cell
    return [(first + start, first + start + length) for start, length in pairs]


@st.composite
def _resource(draw, horizon, number, kind):
    weekly = draw(st.dictionaries(st.integers(0, 6), hours, max_size=2))
    usual = draw(shifts)
    weekly = {weekday: weekly.get(weekday, usual) for weekday in range(7)}
    days = st.sampled_from(horizon.days_list)
    exceptions = draw(st.dictionaries(days, hours, max_size=1))
    closed_days = draw(st.sets(days, max_size=1))
    claims = draw(_spans(horizon, 18, 6)) + draw(_spans(horizon, 150, 1))
    free = availability.open_mask(horizon, weekly, exceptions, closed_days)
    free &= ~availability.mask_of_spans(horizon, claims)
    some = st.sets(st.sampled_from(CAPABILITIES[kind]), min_size=1)
    resource = Resource(number, kind, frozenset(draw(some)), free)

    zone, days = horizon.zone, (horizon.first_day, horizon.days)
    hours_on = naive.hours_on(weekly, exceptions, closed_days)
    opening = naive.opening_hours(zone, *days, hours_on)
    return resource, opening - naive.within(opening, _instants(claims))


def _instants(spans):
    as_instant = availability.instant_of
    return [(as_instant(first), as_instant(until)) for first, until in spans]


@st.composite
def _clinics(draw):
    horizon = draw(st.sampled_from(HORIZONS))
    kinds = ["practitioner", "practitioner", "room", "room", "device"]
    kinds += draw(st.lists(st.sampled_from(["practitioner", "room"]), max_size=2))
    made = [draw(_resource(horizon, n, kind)) for n, kind in enumerate(kinds, 1)]
    return Clinic(
        horizon,
        [resource for resource, _ in made],
        {resource.id: free for resource, free in made},
    )


@st.composite
def _allowed(draw, horizon):
    """Grid, least notice and clear days, as a mask and as a set of instants."""
    minutes = draw(st.sampled_from([5, 10, 15, 20, 30, 50]))
    notice = horizon.first_cell + draw(st.integers(-50, 200))
    end = horizon.first_cell + draw(st.integers(500, 1000))
    clear = draw(st.sets(st.sampled_from(horizon.days_list), min_size=1))
    mask = (
        availability.grid_mask(horizon, minutes)
        & availability.window_mask(horizon, notice, end)
        & availability.day_mask(horizon, clear)
    )

    begins, ends = map(availability.instant_of, (notice, end))
    instants = {
        instant
        for instant in naive.instants_of(horizon.zone, horizon.first_day, horizon.days)
        if naive.is_on_grid(instant, horizon.zone, minutes)
        and begins <= instant < ends
        and instant.astimezone(horizon.zone).date() in clear
    }
    return mask, instants


def _as_instants(mask, horizon):
    return {
        availability.instant_of(cell) for cell in availability.starts_of(mask, horizon)
    }


@moderate
@given(st.data())
def test_search_finds_what_the_slow_way_finds(data):
    clinic = data.draw(_clinics())
    plan = Plan(tuple(data.draw(plans)))
    allowed, allowed_instants = data.draw(_allowed(clinic.horizon))

    found = availability.search(plan, clinic.resources, allowed)

    assert {
        practitioner: _as_instants(mask, clinic.horizon)
        for practitioner, mask in found.items()
    } == naive.search(plan, clinic.resources, clinic.free, allowed_instants)


@moderate
@given(st.data())
def test_assign_agrees_with_search_and_takes_only_free_time(data):
    clinic = data.draw(_clinics())
    plan = Plan(tuple(data.draw(plans)))
    horizon = clinic.horizon
    found = availability.search(
        plan, clinic.resources, availability.grid_mask(horizon, 5)
    )
    practitioner = data.draw(st.sampled_from(sorted(found) or [1]))
    starts = list(availability.starts_of(found.get(practitioner, 0), horizon))
    anywhere = st.integers(0, horizon.cells - 1).map(horizon.first_cell.__add__)
    cell = data.draw(st.sampled_from(starts) | anywhere if starts else anywhere)

    chosen = availability.assign(
        plan, clinic.resources, cell - horizon.first_cell, practitioner
    )

    assert (chosen is not None) == (cell in starts)
    if chosen is not None:
        _assert_takes_exactly_what_the_plan_uses(clinic, plan, cell, chosen)


def _assert_takes_exactly_what_the_plan_uses(clinic, plan, cell, chosen):
    used = naive.used_instants(plan, availability.instant_of(cell))
    assert chosen.keys() == used.keys()
    for key, id_ in chosen.items():
        able = naive.candidates(plan, key, clinic.resources, clinic.free)
        assert used[key] <= able[id_]
    taken = [
        (id_, number)
        for id_, first, until in availability.claims_of(plan, cell, chosen)
        for number in range(first, until)
    ]
    assert len(taken) == len(set(taken))
    assert {(id_, availability.instant_of(number)) for id_, number in taken} == {
        (chosen[key], instant) for key, instants in used.items() for instant in instants
    }


@moderate
@given(st.data())
def test_opening_hours_are_what_the_clock_on_the_wall_says(data):
    horizon = data.draw(st.sampled_from(HORIZONS))
    weekly = data.draw(st.dictionaries(st.integers(0, 6), hours))
    days = st.sampled_from(horizon.days_list)
    exceptions = data.draw(st.dictionaries(days, hours, max_size=2))
    closed_days = data.draw(st.sets(days, max_size=2))

    mask = availability.open_mask(horizon, weekly, exceptions, closed_days)

    assert _as_instants(mask, horizon) == naive.opening_hours(
        horizon.zone,
        horizon.first_day,
        horizon.days,
        naive.hours_on(weekly, exceptions, closed_days),
    )


@moderate
@given(st.data())
def test_a_mask_of_spans_holds_their_cells_and_no_others(data):
    horizon = data.draw(st.sampled_from(HORIZONS))
    spans = data.draw(_spans(horizon, 900, 12))

    mask = availability.mask_of_spans(horizon, spans)

    cells = {cell for first, until in spans for cell in range(first, until)}
    horizon_cells = range(horizon.first_cell, horizon.first_cell + horizon.cells)
    assert list(availability.starts_of(mask, horizon)) == sorted(
        cells & set(horizon_cells)
    )


@moderate
@given(st.integers(0, 2**80), st.integers(1, 70))
def test_a_free_run_is_free_in_each_of_its_cells(mask, cells):
    runs = availability.free_runs(mask, cells)

    assert [runs >> bit & 1 for bit in range(90)] == [
        int(all(mask >> bit + n & 1 for n in range(cells))) for bit in range(90)
    ]


@moderate
@given(st.sampled_from(HORIZONS), st.integers(0, 863))
def test_each_cell_of_a_day_reads_as_that_day_on_the_wall(horizon, bit):
    bit = min(bit, horizon.cells - 1)
    instant = availability.instant_of(horizon.first_cell + bit)
    day = instant.astimezone(horizon.zone).date()

    first, until = horizon.day_span(day)

    assert first <= bit < until
