"""Random answers and records: the engine's day is the oracle's day, every day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from screening import clearance, load
from tests.screening.oracle import (
    AREA_SPECIFIC,
    ASKED,
    FOLLOW_UPS,
    Known,
    clear_answers,
    marks,
    verdict,
)
from tests.screening.oracle_compare import (
    as_records,
    by_engine,
    by_oracle,
    differences,
)
from tests.screening.oracle_days import CODES
from tests.screening.oracle_values import ALL_QUESTIONS, random_value

TODAYS = st.one_of(
    st.sampled_from(
        [
            date(2028, 2, 29),
            date(2027, 2, 28),
            date(2026, 12, 31),
            date(2027, 1, 1),
            date(2026, 3, 29),
            date(2026, 10, 25),
        ]
    ),
    st.dates(date(2025, 1, 1), date(2031, 12, 31)),
)
PARENTS = set(FOLLOW_UPS.values())
AREAS = ("face", "neck", "decolletage", "scalp", "hands", "abdomen", "body")
SLOW = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def people(draw):
    """A treatment, an area, mostly clear answers, a day and what is on record."""
    today = draw(TODAYS)
    treatment = draw(st.sampled_from(sorted(CODES)))
    area = draw(st.sampled_from(load().treatments[treatment].areas))
    answers = clear_answers(treatment, area)
    count = draw(st.integers(1, 4))
    usual = [q for q in ALL_QUESTIONS if q in answers or q in FOLLOW_UPS]
    relevant = [*usual, *usual, *ALL_QUESTIONS]  # some that nobody asked
    changed = draw(st.lists(st.sampled_from(relevant), min_size=count, max_size=count))
    for question in changed:
        _change(draw, answers, question, today)
        follow = next((f for f, p in FOLLOW_UPS.items() if p == question), None)
        if follow and draw(st.booleans()):
            _change(draw, answers, follow, today)
    known = draw(st.lists(records(today), max_size=3))
    _mend_trip(answers)
    return treatment, area, answers, known, today


def _change(draw, answers, question, today):
    value = draw(random_value(question, today))
    if value is None:
        answers.pop(question, None)
    else:
        answers[question] = value


def _mend_trip(answers):
    """A trip does not end before it starts: such an end is left out."""
    start, end = str(answers.get("sun_trip")), str(answers.get("sun_trip_end"))
    if start == "now" or end in ("None", "never", "unsure"):
        return
    width = min(len(start), len(end))
    if not start[:1].isdigit() or end == "now" or end[:width] < start[:width]:
        answers.pop("sun_trip_end")


@st.composite
def records(draw, today):
    kind = draw(st.sampled_from(["treatment"] * 6 + ["answer"] * 3 + ["symptom"]))
    area = draw(st.sampled_from([None, *AREAS]))
    if kind == "symptom":
        return Known("symptom", "", today - timedelta(draw(st.integers(0, 60))))
    if kind == "treatment":
        day = today + timedelta(draw(st.integers(-400, 400)))
        depth = draw(st.sampled_from([None, 0.5, 1.5, 1.6, 2.5]))
        name = draw(st.sampled_from([*CODES, "consultation"]))
        return Known("treatment", name, day, area, depth)
    question = draw(st.sampled_from([q for q in ASKED if q not in PARENTS]))
    plain = random_value(question, today).filter(lambda v: v not in (None, "unsure"))
    area = area if question in AREA_SPECIFIC else None
    return Known("answer", question, draw(plain), area)


@given(person=people())
@SLOW
def test_every_day_of_a_random_person_is_judged_as_the_documents_say(person):
    treatment, area, answers, known, today = person
    note(f"{treatment} {area} on {today}")
    note(f"answers: {_unlike_clear(treatment, area, answers)}")
    note(f"records: {known}")

    engine = by_engine(load(), treatment, area, answers, known, today)
    oracle = by_oracle(treatment, area, answers, known, today)

    assert differences(engine, oracle) == ""


def _unlike_clear(treatment, area, answers):
    clear = clear_answers(treatment, area)
    changed = {q: v for q, v in answers.items() if clear.get(q, None) != v}
    return changed, f"missing: {sorted(set(clear) - set(answers))}"


@given(person=people(), start=st.integers(0, 420))
@SLOW
def test_the_first_clear_day_is_the_first_clear_day(person, start):
    treatment, area, answers, known, today = person
    found = clearance(
        load(), treatment, area, answers, today=today, records=as_records(known)
    )
    after = today + timedelta(start)

    first = found.first_clear_day(after)

    for day in _days(after, 120):
        word = verdict(marks(treatment, area, answers, known, today, day))
        if word == "clear":
            assert first == day
            return
    assert first is None or first >= after + timedelta(120)


@given(person=people(), start=st.integers(0, 420))
@SLOW
def test_the_earliest_bookable_day_may_be_requested(person, start):
    treatment, area, answers, known, today = person
    found = clearance(
        load(), treatment, area, answers, today=today, records=as_records(known)
    )
    after = today + timedelta(start)

    first = found.earliest_bookable_day(after)

    for day in _days(after, 120):
        covering = marks(treatment, area, answers, known, today, day)
        refused = any(mark[1] == "refuse" for mark in covering)
        if not refused and not any(mark[2] == "nobody" for mark in covering):
            assert first == day
            return
    assert first is None or first >= after + timedelta(120)


@given(person=people())
@SLOW
def test_first_days_equal_a_walk_over_every_window(person):
    treatment, area, answers, known, today = person
    found = clearance(
        load(), treatment, area, answers, today=today, records=as_records(known)
    )
    ends = [window.until_day for window in found.windows if window.until_day]
    edges = sorted({today, *ends, *(window.from_day for window in found.windows)})

    clear = [day for day in edges if found.verdict_on(day).word == "clear"]

    assert found.first_clear_day(today) == (clear[0] if clear else None)
    for window in found.windows:
        assert window.from_day >= today
        assert window.until_day is None or window.until_day > window.from_day


def _days(start, count):
    return (start + timedelta(n) for n in range(count))
