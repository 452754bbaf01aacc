"""The planner of courses against one that tries every plan there is."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from booking.courses import planner
from booking.courses.planner import BEGINS_WITHIN, Gaps, Spot, Stuck

FIRST = date(2027, 3, 1)  # a Monday
CLEO, DAN = 1, 2


def day(number):
    return FIRST + timedelta(days=number)


def free(spots):
    """Free times from (day, minute, practitioner)."""
    found = {}
    for number, minute, who in spots:
        times = found.setdefault(day(number), {})
        times[minute] = times.get(minute, frozenset()) | {who}
    return found


def spots_of(one):
    return [
        Spot(on, minute, who)
        for on, times in one.items()
        for minute, there in times.items()
        for who in there
    ]


def every_plan(sessions, gaps):
    """All plans that keep the gaps, in no order: slow, and sure."""
    return [
        chosen
        for chosen in product(*(spots_of(one) for one in sessions))
        if all(
            gaps.least <= (later.day - sooner.day).days <= gaps.greatest
            for sooner, later in zip(chosen, chosen[1:], strict=False)
        )
    ]


def badness(plan):
    """As the head of the module says it: the best rhythm that the plan can be given."""
    times = {(spot.day.weekday(), spot.minute) for spot in plan}
    everybody = {spot.who for spot in plan}
    return min(
        (
            sum((s.day.weekday(), s.minute) != (weekday, minute) for s in plan),
            sum(s.day.weekday() != weekday for s in plan),
            sum(s.who != who for s in plan),
            sum(s.minute != minute for s in plan),
            plan,
        )
        for weekday, minute in times
        for who in everybody
    )


def oracle(sessions, gaps):
    plans = every_plan(sessions, gaps)
    if not plans:
        return None
    first = min(plan[0].day for plan in plans)
    soon = [p for p in plans if (p[0].day - first).days < BEGINS_WITHIN]
    return min(soon, key=badness)


one_session = st.lists(
    st.tuples(
        st.integers(0, 45), st.sampled_from((600, 630)), st.sampled_from((CLEO, DAN))
    ),
    max_size=6,
).map(free)
some_gaps = st.tuples(st.integers(1, 9), st.integers(0, 8)).map(
    lambda pair: Gaps(pair[0], pair[0] + pair[1])
)


@settings(max_examples=150)
@given(st.lists(one_session, min_size=2, max_size=4), some_gaps)
@example([free([(0, 600, CLEO)]), free([])], Gaps(1, 1))
def test_the_plan_is_the_best_of_all_there_are(sessions, gaps):
    found = planner.plan(sessions, gaps)

    expected = oracle(sessions, gaps)
    if expected is None:
        assert isinstance(found, Stuck)
    else:
        assert found == expected


@settings(max_examples=80)
@given(one_session, st.integers(2, 4), some_gaps)
def test_sessions_that_share_their_times_are_planned_alike(shared, number, gaps):
    found = planner.plan([shared] * number, gaps)

    expected = oracle([shared] * number, gaps)
    assert found == expected if expected else isinstance(found, Stuck)


@settings(max_examples=150)
@given(st.data(), st.lists(one_session, min_size=1, max_size=3), some_gaps)
def test_a_shift_moves_as_few_sessions_as_it_can(data, sessions, gaps):
    current = [
        Spot(
            day(data.draw(st.integers(0, 45))),
            600,
            data.draw(st.sampled_from((CLEO, DAN))),
        )
        for _ in sessions
    ]
    # Where a session is now, nobody else can be.
    sessions = [
        {**one, spot.day: {**one.get(spot.day, {}), 600: frozenset({spot.who})}}
        for one, spot in zip(sessions, current, strict=True)
    ]
    after = day(data.draw(st.integers(-9, 40)))

    found = planner.shift(sessions, gaps, after=after, current=current)

    plans = [
        plan
        for plan in every_plan(sessions, gaps)
        if gaps.least <= (plan[0].day - after).days <= gaps.greatest
    ]
    if not plans:
        assert isinstance(found, Stuck)
        return
    assert found in plans
    fewest = min(_moved(plan, current) for plan in plans)
    assert _moved(found, current) == fewest


def _moved(plan, current):
    return sum(spot != now for spot, now in zip(plan, current, strict=True))


@given(st.lists(one_session, min_size=2, max_size=4), some_gaps)
def test_who_is_stuck_cannot_be_reached_and_who_came_before_can(sessions, gaps):
    found = planner.plan(sessions, gaps)

    if isinstance(found, Stuck):
        assert every_plan(sessions[: found.number - 1], gaps)
        assert not every_plan(sessions[: found.number], gaps)
        assert found.first_day <= found.last_day


def test_a_rhythm_is_worth_waiting_some_days_for():
    mondays = [(n, 600, CLEO) for n in (7, 42, 77)]
    sooner = [(0, 630, DAN), (33, 645, CLEO), (70, 600, DAN)]

    found = planner.plan([free(mondays + sooner)] * 3, Gaps(30, 42))

    assert found == tuple(Spot(day(n), 600, CLEO) for n in (7, 42, 77))


def test_a_rhythm_is_not_worth_waiting_months_for():
    mondays = [(n, 600, CLEO) for n in (70, 105, 140)]
    sooner = [(0, 630, DAN), (33, 645, CLEO), (69, 600, DAN)]

    found = planner.plan([free(mondays + sooner)] * 3, Gaps(30, 42))

    assert [spot.day for spot in found] == [day(0), day(33), day(70)]


def test_an_earlier_session_gives_way_to_a_later_one():
    first = free([(0, 600, CLEO), (4, 600, CLEO)])
    second = free([(30, 600, CLEO), (40, 600, CLEO)])
    third = free([(80, 600, CLEO)])

    found = planner.plan([first, second, third], Gaps(30, 42))

    assert [spot.day for spot in found] == [day(0), day(40), day(80)]


def test_the_session_without_a_time_is_named_with_its_days():
    times = [free([(0, 600, CLEO)]), free([(31, 600, CLEO)]), free([(99, 600, CLEO)])]

    found = planner.plan(times, Gaps(30, 42))

    assert found == Stuck(3, day(61), day(73))


@pytest.mark.parametrize(
    ("days", "broken"),
    [((0, 30, 72), []), ((0, 29, 60), [1]), ((0, 43, 80), [1]), ((0, 30, 90), [2])],
)
def test_broken_gaps_are_counted_by_the_later_session(days, broken):
    assert planner.breaks([day(n) for n in days], Gaps(30, 42)) == broken
