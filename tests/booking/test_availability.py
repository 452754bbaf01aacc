"""Plans, search and assignment by hand: small masks whose bits can be counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from booking.diary import availability
from booking.diary.availability import Horizon, Need, Phase, Plan, Resource

CLEO = Need("practitioner", "practitioner", "needling")
ROOM = Need("room", "room", "treatment")
PEN = Need("pen", "device", "pen")

# 10 minutes to prepare the room, 30 of numbing, 45 of needling, 15 of cleaning.
NEEDLING = Plan(
    (
        Phase("preparation", 2, (ROOM,), patient=False),
        Phase("numbing", 6, (ROOM,)),
        Phase("needling", 9, (ROOM, CLEO, PEN)),
        Phase("cleaning", 3, (ROOM, PEN), patient=False),
    )
)
TALK = Plan((Phase("consultation", 2, (CLEO,)),))


def _free(first, until):
    return availability.span_mask(first, until)


def _practitioner(number, free, *capabilities):
    return Resource(
        number, "practitioner", frozenset(capabilities or ["needling"]), free
    )


def _room(number, free):
    return Resource(number, "room", frozenset(["treatment"]), free)


def _pen(number, free):
    return Resource(number, "device", frozenset(["pen"]), free)


def _bits(mask):
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def test_a_plan_knows_when_it_uses_what():
    assert NEEDLING.total_cells == 20
    assert NEEDLING.spans_by_key() == {
        "room": [(0, 20)],
        "practitioner": [(8, 9)],
        "pen": [(8, 12)],
    }


def test_the_patient_sees_no_buffers():
    assert (NEEDLING.patient_from, NEEDLING.patient_until) == (2, 17)
    assert availability.patient_span(NEEDLING, 1000) == (1000, 1015)


def test_a_resource_used_twice_is_free_in_between():
    plan = Plan(
        (
            Phase("consultation", 2, (CLEO,)),
            Phase("numbing", 6, (ROOM,)),
            Phase("needling", 4, (CLEO, ROOM)),
        )
    )

    assert plan.spans_by_key()["practitioner"] == [(0, 2), (8, 4)]
    assert _bits(
        availability.starts_for(plan, "practitioner", _free(10, 12) | _free(18, 22))
    ) == [10]


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ((), "with the patient"),
        ((Phase("cleaning", 3, (ROOM,), patient=False),), "with the patient"),
        ((Phase("needling", 0, (ROOM,)),), "at least one cell"),
        (
            (Phase("needling", 3, (CLEO, Need("nurse", "practitioner", "numbing"))),),
            "two of a kind",
        ),
        ((Phase("needling", 3, (ROOM, ROOM)),), "two of a kind"),
        (
            (
                Phase("numbing", 3, (ROOM,)),
                Phase("needling", 3, (Need("room", "room", "theatre"),)),
            ),
            "two different needs",
        ),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(phases, words):
    with pytest.raises(ValueError, match=words):
        Plan(phases)


def test_starts_are_shown_starts_and_the_buffer_lies_before():
    starts = availability.starts_for(NEEDLING, "room", _free(10, 31))

    assert _bits(starts) == [12, 13]


def test_numbing_needs_the_practitioner_only_afterwards():
    starts = availability.starts_for(NEEDLING, "practitioner", _free(20, 30))

    assert _bits(starts) == [14, 15]


def test_search_gives_each_practitioner_their_own_starts():
    resources = [
        _practitioner(1, _free(0, 30)),
        _practitioner(2, _free(20, 60)),
        _practitioner(3, _free(0, 60), "peel"),
        _room(4, _free(0, 50)),
        _pen(5, _free(0, 60)),
    ]

    found = availability.search(NEEDLING, resources, _free(0, 60))

    assert {number: _bits(mask) for number, mask in found.items()} == {
        1: list(range(2, 16)),
        2: list(range(14, 33)),
    }


def test_a_room_for_needling_is_no_practitioner():
    room = Resource(1, "room", frozenset(["needling"]), _free(0, 60))

    assert availability.search(TALK, [room], _free(0, 60)) == {}
    assert availability.assign(TALK, [room], 10, None) is None


def test_search_stays_inside_what_is_allowed():
    resources = [_practitioner(1, _free(0, 60))]

    found = availability.search(TALK, resources, 0b1000_0010_0000)

    assert _bits(found[1]) == [5, 11]


def test_one_room_cannot_be_made_of_two():
    resources = [
        _practitioner(1, _free(0, 60)),
        _room(4, _free(0, 15)),
        _room(5, _free(15, 30)),
        _pen(6, _free(0, 60)),
    ]

    assert availability.search(NEEDLING, resources, _free(0, 60)) == {1: 0}


def test_a_plan_without_a_practitioner_is_found_under_nobody():
    plan = Plan((Phase("light", 4, (ROOM,)),))

    found = availability.search(plan, [_room(4, _free(3, 8))], _free(0, 60))

    assert {number: _bits(mask) for number, mask in found.items()} == {0: [3, 4]}
    assert availability.assign(plan, [_room(4, _free(3, 8))], 3, 0) == {"room": 4}
    assert availability.assign(plan, [_room(4, _free(3, 8))], 3, None) == {"room": 4}
    assert availability.assign(plan, [_room(4, _free(3, 8))], 3, 7) is None


def test_the_first_practitioner_needed_is_the_one_chosen():
    nurse = Need("nurse", "practitioner", "numbing")
    plan = Plan((Phase("needling", 2, (CLEO,)), Phase("recovery", 2, (nurse,))))
    resources = [
        _practitioner(1, _free(0, 10)),
        _practitioner(2, _free(0, 10), "numbing"),
    ]

    assert plan.practitioner_key == "practitioner"
    assert availability.search(plan, resources, _free(0, 60)) == {1: _free(0, 7)}
    assert availability.assign(plan, resources, 0, 1) == {
        "practitioner": 1,
        "nurse": 2,
    }


def test_assign_takes_whoever_has_most_time_left_that_day():
    resources = [
        _practitioner(1, _free(100, 160)),
        _practitioner(2, _free(100, 190)),
        # More free time altogether, but not on this day.
        _practitioner(3, _free(100, 150) | _free(400, 600)),
    ]

    assert availability.assign(TALK, resources, 110, None) == {"practitioner": 2}


def test_equals_are_settled_by_the_lowest_number_in_any_order():
    resources = [_practitioner(number, _free(0, 60)) for number in (8, 3, 5)]

    assert availability.assign(TALK, resources, 10, None) == {"practitioner": 3}
    assert availability.assign(TALK, resources[::-1], 10, None) == {"practitioner": 3}


def test_assign_gives_the_practitioner_asked_for_or_nobody():
    resources = [_practitioner(1, _free(0, 60)), _practitioner(2, _free(30, 60))]

    assert availability.assign(TALK, resources, 40, 2) == {"practitioner": 2}
    assert availability.assign(TALK, resources, 10, 2) is None
    assert availability.assign(TALK, resources, 40, 9) is None


@pytest.mark.parametrize("bit", [-1, 59, 60, 10_000])
def test_nothing_is_assigned_beyond_the_free_time(bit):
    resources = [_practitioner(1, _free(0, 60))]

    assert availability.assign(TALK, resources, bit, None) is None


def test_claims_cover_the_buffers_in_the_order_of_locking():
    assignment = {"room": 7, "practitioner": 2, "pen": 9}

    claims = availability.claims_of(NEEDLING, 1002, assignment)

    assert claims == [(2, 1008, 1017), (7, 1000, 1020), (9, 1008, 1020)]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 3, 28), (3, 28, 9), (3, 28, 11, 45)),
        (date(2026, 3, 29), (3, 29, 8), (3, 29, 10, 45)),
        (date(2026, 10, 24), (10, 24, 8), (10, 24, 10, 45)),
        (date(2026, 10, 25), (10, 25, 9), (10, 25, 11, 45)),
    ],
)
def test_a_morning_is_as_long_on_the_day_the_clock_changes(day, first, last):
    horizon = Horizon(ZoneInfo("Europe/London"), day, 1)
    morning = {day.weekday(): [(time(9), time(12))]}
    cleo = _practitioner(1, availability.open_mask(horizon, morning, {}, ()))
    short = Plan((Phase("check", 3, (CLEO,)),))

    found = availability.search(short, [cleo], availability.grid_mask(horizon, 15))

    starts = list(
        map(availability.instant_of, availability.starts_of(found[1], horizon))
    )
    assert len(starts) == 12
    assert starts[0] == datetime(2026, *first, tzinfo=UTC)
    assert starts[-1] == datetime(2026, *last, tzinfo=UTC)


def test_a_visit_across_the_change_takes_its_real_length():
    # 90 minutes from 00:30 on the wall, when 01:00 becomes 02:00.
    horizon = Horizon(ZoneInfo("Europe/London"), date(2026, 3, 29), 1)
    cleo = _practitioner(
        1, availability.open_mask(horizon, {6: [(time(0), time(3))]}, {}, ())
    )
    long = Plan((Phase("needling", 18, (CLEO,)),))

    found = availability.search(long, [cleo], availability.grid_mask(horizon, 30))

    assert [
        f"{availability.instant_of(cell).astimezone(horizon.zone):%H:%M}"
        for cell in availability.starts_of(found[1], horizon)
    ] == ["00:00", "00:30"]
