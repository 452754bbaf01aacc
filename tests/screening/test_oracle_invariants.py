"""I-3: the order of facts never matters, and no added fact makes a day safer."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from screening import Clearance, clearance, load
from tests.screening.oracle import (
    ASKED,
    FOLLOW_UPS,
    Known,
    asked,
    clear_answers,
    informs_only,
)
from tests.screening.oracle_compare import as_record, as_records
from tests.screening.oracle_days import CODES
from tests.screening.oracle_values import CHOICES, FUTURE, values
from tests.screening.test_oracle_random import people, records

TODAY = date(2027, 11, 20)
DAYS = [TODAY + timedelta(n) for n in (*range(0, 200, 3), *range(200, 421, 10), 5000)]
MODEST = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(person=people(), shuffle=st.randoms(use_true_random=False))
@MODEST
def test_the_order_of_facts_never_matters(person, shuffle):
    treatment, area, answers, known, today = person
    pairs, others = list(answers.items()), list(known)
    shuffle.shuffle(pairs)
    shuffle.shuffle(others)

    one = clearance(
        load(), treatment, area, answers, today=today, records=as_records(known)
    )
    other = clearance(
        load(), treatment, area, dict(pairs), today=today, records=as_records(others)
    )

    assert one.windows == other.windows
    assert one.notices == other.notices
    assert one.unanswered == other.unanswered


@given(person=people(), data=st.data())
@MODEST
def test_a_further_record_never_makes_a_day_safer(person, data):
    treatment, area, answers, known, today = person
    further = data.draw(records(today))
    note(f"{treatment} {area} {today} {answers} {known} + {further}")
    before = as_records(known)

    fewer = clearance(load(), treatment, area, answers, today=today, records=before)
    more = clearance(
        load(),
        treatment,
        area,
        answers,
        today=today,
        records=(*before, as_record(further)),
    )

    for offset in range(0, 420, 7):
        day = today + timedelta(offset)
        assert more.verdict_on(day) >= fewer.verdict_on(day)


@given(person=people(), data=st.data())
@MODEST
def test_leaving_an_answer_out_never_clears_a_day(person, data):
    treatment, area, answers, known, today = person
    code = CODES[treatment]
    usual = [q for q in ASKED if q in answers and asked(q, code, area)]
    dropped = data.draw(st.sampled_from(usual))
    fewer = {key: value for key, value in answers.items() if key != dropped}
    kept = as_records(known)

    full = clearance(load(), treatment, area, answers, today=today, records=kept)
    lacking = clearance(load(), treatment, area, fewer, today=today, records=kept)

    for offset in range(0, 420, 7):
        day = today + timedelta(offset)
        if lacking.verdict_on(day).word == "clear":
            assert informs_only(dropped, code)
            assert full.verdict_on(day).word == "clear"


@given(
    treatment=st.sampled_from(sorted(CODES)),
    chosen=st.sets(st.sampled_from(sorted(ASKED))),
)
@MODEST
def test_no_answers_or_few_answers_are_never_clear(treatment, chosen):
    area = load().treatments[treatment].areas[0]
    full = clear_answers(treatment, area)
    some = {key: value for key, value in full.items() if key in chosen}
    needed = {q for q in full if not informs_only(q, CODES[treatment])}

    found = clearance(load(), treatment, area, some, today=TODAY)

    words = {found.verdict_on(day).word for day in DAYS}
    assert ("clear" in words) == (needed <= set(some))


@pytest.mark.parametrize("follow_up", [f for f in FOLLOW_UPS if f in CHOICES])
@pytest.mark.parametrize("treatment", CODES)
def test_a_kind_nobody_knows_is_never_safer_than_a_known_one(treatment, follow_up):
    parent = FOLLOW_UPS[follow_up]
    day = "2027-12-15" if parent in FUTURE else "2027-11-10"
    answers = clear_answers(treatment, "face") | {parent: day}

    unknown = _verdicts(treatment, answers)

    for kind in CHOICES[follow_up]:
        known = _verdicts(treatment, answers | {follow_up: kind})
        if kind == "unsure" and asked(follow_up, CODES[treatment], "face"):
            assert all(ours >= 1 for ours in known)
        else:
            assert all(one >= other for one, other in zip(unknown, known, strict=True))


@pytest.mark.parametrize("treatment", CODES)
def test_a_month_is_never_safer_than_any_of_its_days(treatment):
    answers = clear_answers(treatment, "face")
    dated = [question for question in answers if "2027-11" in values(question, TODAY)]

    for question in dated:
        if question in FUTURE:
            month, days = "2028-02", ("2028-02-01", "2028-02-13", "2028-02-29")
        else:
            month, days = "2027-09", ("2027-09-01", "2027-09-16", "2027-09-30")
        vague = _verdicts(treatment, answers | {question: month})
        for day in days:
            exact = _verdicts(treatment, answers | {question: day})
            pairs = zip(vague, exact, strict=True)
            assert all(one >= other for one, other in pairs), (question, day)


@given(person=people())
@MODEST
def test_a_stored_clearance_reads_back_the_same(person):
    treatment, area, answers, known, today = person
    found = clearance(
        load(), treatment, area, answers, today=today, records=as_records(known)
    )

    again = Clearance.from_json(json.loads(json.dumps(found.to_json())))

    assert again == found


def test_a_record_beats_the_patients_word_and_the_desk_sees_it():
    answers = clear_answers("microneedling", "face")
    record = Known("treatment", "filler", TODAY - timedelta(9), "face")

    found = clearance(
        load(),
        "microneedling",
        "face",
        answers,
        today=TODAY,
        records=as_records([record]),
    )

    assert found.verdict_on(TODAY + timedelta(18)).word == "refuse"
    assert found.verdict_on(TODAY + timedelta(19)).word == "clear"
    assert [conflict.question for conflict in found.conflicts] == ["last_filler"]


def _verdicts(treatment, answers):
    found = clearance(load(), treatment, "face", answers, today=TODAY)
    return [found.verdict_on(day) for day in DAYS]
