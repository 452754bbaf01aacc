"""The plan of messages, red flags and texts of each treatment."""

from __future__ import annotations

import re

import pytest

import screening
from tests.screening.people import TREATMENTS

BOOK = screening.load()
# kind, anchor, days, hours
NEEDLING = [
    ("prep", "visit", -42, 0),
    ("prep", "visit", -28, 0),
    ("prep", "visit", -14, 0),
    ("prep", "visit", -7, 0),
    ("recheck", "visit", -3, 0),
    ("prep", "visit", -2, 0),
    ("prep", "visit", -1, 0),
    ("prep", "visit", 0, 0),
    ("aftercare", "after", 0, 0),
    ("aftercare", "after", 0, 24),
    ("checkin", "after", 0, 72),
    ("checkin", "after", 7, 0),
    ("aftercare", "after", 14, 0),
    ("aftercare", "after", 30, 0),
    ("aftercare", "after", 42, 0),
    ("aftercare", "after", 92, 0),
    ("aftercare", "after", 184, 0),
]
FLAGS = {
    "MN": "F-08 F-09 F-04 F-01 F-02 F-03 F-05 F-07 F-06 F-10 F-11 F-15",
    "RF": "F-08 F-09 F-04 F-01 F-02 F-03 F-05 F-07 F-12 F-06 F-10 F-11 F-15",
    "PRP": "F-08 F-09 F-04 F-01 F-02 F-03 F-05 F-07 F-06 F-10 F-11 F-15",
    "BTX": "F-08 F-13 F-04 F-03 F-07 F-13b",
    "FIL": "F-08 F-09 F-14 F-04 F-03 F-05 F-07",
    "SP": "F-08 F-04 F-02 F-03 F-05 F-07 F-10 F-11",
    "MP": "F-08 F-04 F-02 F-03 F-05 F-07 F-10 F-11",
    "NAL": "F-08 F-04 F-02 F-03 F-05 F-07 F-10 F-11",
    "ABL": "F-08 F-09 F-04 F-02 F-03 F-05 F-07 F-10 F-11",
    "HF": "F-08 F-04 F-03 F-07",
    "WAX": "F-08 F-04 F-03 F-07",
}
STEPS = [(name, step) for name in BOOK.treatments for step in BOOK.plan(name)]


@pytest.mark.parametrize("treatment", ["microneedling", "rf_microneedling"])
def test_needling_has_its_whole_timeline(treatment):
    plan = BOOK.plan(treatment)

    assert [(s.kind, s.anchor, s.days, s.hours) for s in plan] == NEEDLING


def test_needling_tells_every_text_of_its_timeline():
    told = {text.id for step in BOOK.plan("microneedling") for text in step.texts}

    assert told == {f"P-{n:02}" for n in range(1, 15)} | {
        f"A-{n:02}" for n in range(1, 15)
    }


def test_prp_differs_in_painkillers_and_alcohol():
    plan = {step.id: step for step in BOOK.plan("prp")}

    texts = {name: [text.id for text in step.texts] for name, step in plan.items()}
    assert texts["prep-14d-medicine"] == ["P-09b"]
    assert texts["prep-3d"] == ["P-12b"]
    assert "P-09" not in texts["prep-7d"]


@pytest.mark.parametrize("treatment", TREATMENTS.values())
def test_every_treatment_is_prepared_rechecked_and_looked_after(treatment):
    kinds = {(s.kind, s.anchor, s.days, s.hours) for s in BOOK.plan(treatment)}

    assert ("recheck", "visit", -3, 0) in kinds
    assert ("prep", "visit", 0, 0) in kinds
    assert ("aftercare", "after", 0, 0) in kinds
    assert ("checkin", "after", 0, 72) in kinds


def test_a_consultation_has_preparation_only():
    assert [step.id for step in BOOK.plan("consultation")] == ["recheck-3d"]
    assert BOOK.red_flags("consultation") == ()


@pytest.mark.parametrize(("treatment", "step"), STEPS)
def test_a_step_is_complete(treatment, step):
    assert step.title.strip()
    assert step.texts
    assert step.urgent == (step.id == "after-0h")
    for text in step.texts:
        assert text.sources or text.unsourced
        assert set(text.sources) <= BOOK.sources.keys()
        for blank in re.findall(r"\{.*?\}", text.text):
            assert blank in ("{numbing_minutes}", "{next_date}")


@pytest.mark.parametrize("treatment", BOOK.treatments)
def test_steps_have_ids_of_their_own_and_come_in_order(treatment):
    plan = BOOK.plan(treatment)

    assert len({step.id for step in plan}) == len(plan)
    order = [(s.anchor == "after", s.days * 24 + s.hours) for s in plan]
    before = [place for place in order if not place[0]]
    assert before == sorted(before)
    assert order[: len(before)] == before


@pytest.mark.parametrize("code", FLAGS)
def test_each_treatment_has_its_red_flags(code):
    flags = BOOK.red_flags(TREATMENTS[code])

    assert " ".join(flag.id for flag in flags) == FLAGS[code]
    for flag in flags:
        assert flag.sign.strip()
        assert flag.when.strip()
        assert flag.message.strip()


def test_red_flags_say_what_to_do():
    flags = {f.id: f for name in BOOK.treatments for f in BOOK.red_flags(name)}

    assert {name: flag.action for name, flag in flags.items()} == {
        "F-01": "same_day",
        "F-02": "same_day",
        "F-03": "same_day",
        "F-04": "urgent",
        "F-05": "same_day",
        "F-06": "within_2_days",
        "F-07": "same_day",
        "F-08": "emergency",
        "F-09": "emergency",
        "F-10": "within_3_days",
        "F-11": "within_7_days",
        "F-12": "same_day",
        "F-13": "emergency",
        "F-13b": "same_day",
        "F-14": "emergency",
        "F-15": "none",
    }
    assert [name for name, flag in flags.items() if not flag.sources] == ["F-08"]


def test_every_sign_has_a_deadline_with_its_source():
    deadlines = {
        action: (one.hours, one.days, bool(one.sources))
        for action, one in BOOK.deadlines.items()
    }

    assert deadlines == {
        "emergency": (1, 0, False),
        "urgent": (1, 0, True),
        "same_day": (0, 0, True),
        "within_2_days": (0, 2, True),
        "within_3_days": (0, 3, False),
        "within_7_days": (0, 7, False),
    }
    assert all(bool(d.sources) != d.unsourced for d in BOOK.deadlines.values())
    for name in BOOK.treatments:
        for flag in BOOK.red_flags(name):
            assert (BOOK.deadline(flag) is None) == (flag.action == "none")


def test_the_check_in_that_is_asked_again_is_in_every_treated_plan():
    silence = BOOK.unanswered

    assert (silence.repeat_hours, silence.call_hours) == (24, 24)
    assert silence.unsourced
    for name in BOOK.treatments:
        steps = {step.id for step in BOOK.plan(name)}
        assert (silence.step in steps) == (name != "consultation")


def test_the_first_aftercare_message_is_handed_over_at_once():
    urgent = {name for name, step in STEPS if step.urgent}

    assert urgent == set(TREATMENTS.values())
