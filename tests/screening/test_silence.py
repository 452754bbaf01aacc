"""Silence and doubt never clear; they wait for an answer or for a clinician."""

from __future__ import annotations

import pytest

import screening
from tests.screening.people import (
    ALL,
    FAR,
    TODAY,
    TREATMENTS,
    by,
    clear_answers,
    day,
    judge,
)

ADVISORY = {
    "otc_blood_thinning": ALL,
    "piercing_in_area": ALL,
    "last_vaccine": "MN RF BTX PRP NAL ABL SP MP",
    "next_vaccine": "MN RF BTX PRP NAL ABL SP MP",
    "big_day": "PRP SP NAL BTX FIL MP ABL",
}
ADVICE = {
    "otc_blood_thinning": "R-35",
    "piercing_in_area": "R-69",
    "last_vaccine": "R-64",
    "next_vaccine": "R-64",
    "big_day": "R-71",
}
FOLLOW_UPS = (
    "needling_depth", "home_roller_length", "peel_strength", "laser_kind",
    "sun_trip_end", "planned_treatment_kind",
)  # fmt: skip
UNSAFE = {"pregnant": "R-04", "changing_mark": "R-27", "diabetes": "R-44"}
CANNOT_DOUBT = {"date_of_birth", "other_allergy"}


def _asked(code, area="face"):
    book = screening.load()
    return screening.questionnaire(book, TREATMENTS[code], area)


EVERY = [(code, q.id) for code in ALL.split() for q in _asked(code)]


def _advice(found):
    usual = {"R-72", "R-76", "R-77", "R-80", "R-83"}
    always = {n.rule for n in found.notices if n.from_day is None}
    return always - usual


def _advises(code, question):
    return code in ADVISORY.get(question, "").split()


@pytest.mark.parametrize(("code", "question"), EVERY)
def test_silence_waits_for_an_answer(code, question):
    found = judge(code, **{question: None})

    if question in FOLLOW_UPS:
        assert (found.windows, found.unanswered) == ((), ())
    elif _advises(code, question):
        assert (found.windows, found.unanswered) == ((), (question,))
        assert _advice(found) == {"R-74", ADVICE[question]}
    else:
        assert found.unanswered == (question,)
        assert by(found, "R-74", 0) == by(found, "R-74", FAR) == ["hold answer"]
        unsafe = {
            w.rule for w in found.windows if w.verdict is screening.Verdict.REFUSE
        }
        assert unsafe == ({UNSAFE[question]} if question in UNSAFE else set())


@pytest.mark.parametrize(("code", "question"), EVERY)
def test_doubt_waits_for_a_clinician(code, question):
    asked = screening.load().questions[question]
    if asked.kind not in ("yes_no", "choice", "when"):
        assert asked.kind == "choices" or question in CANNOT_DOUBT
        return

    found = judge(code, **{question: "unsure"})

    assert found.unanswered == ()
    if _advises(code, question):
        assert found.windows == ()
        assert _advice(found) == {"R-74", ADVICE[question]}
    elif question in UNSAFE:
        assert {w.rule for w in found.windows} == {UNSAFE[question]}
        assert found.verdict_on(day(FAR)) is screening.Verdict.REFUSE
    else:
        assert by(found, "R-74", 0) == by(found, "R-74", FAR) == ["hold clinician"]


@pytest.mark.parametrize("code", ALL.split())
def test_no_answers_at_all_are_never_clear(code):
    found = screening.clearance(
        screening.load(), TREATMENTS[code], "face", {}, today=TODAY
    )

    assert found.first_clear_day(TODAY) is None
    wanted = [q.id for q in _asked(code) if q.id not in FOLLOW_UPS]
    assert list(found.unanswered) == wanted


@pytest.mark.parametrize(
    "rubbish",
    [
        {"heart_condition": "perhaps"},
        {"heart_condition": True},
        {"heart_condition": ""},
        {"last_toxin": "yesterday"},
        {"last_toxin": "2031-01-01"},
        {"last_toxin": 20260101},
        {"unwell": "2031"},
        {"date_of_birth": "2031-01-01"},
        {"date_of_birth": "1990"},
        {"autoimmune": "lupus"},
        {"autoimmune": ["flu"]},
        {"other_allergy": 7},
        {"skin_type": "VII"},
        {"no_such_question": "yes"},
    ],
)
def test_what_cannot_be_understood_is_never_clear(rubbish):
    found = judge("MN", **rubbish)

    assert by(found, "R-74", FAR) == ["hold clinician"]
    assert found.first_clear_day(TODAY) is None


@pytest.mark.parametrize("code", ALL.split())
def test_clear_answers_are_clear(code):
    for area in screening.load().treatments[TREATMENTS[code]].areas:
        found = judge(code, area=area)
        assert (found.windows, found.unanswered, found.conflicts) == ((), (), ())
        assert found.first_clear_day(TODAY) == TODAY


def test_a_consultation_is_not_screened():
    book = screening.load()

    found = screening.clearance(
        book,
        "consultation",
        "face",
        {"pregnant": "now"},
        today=TODAY,
        records=[screening.Record.of_symptom(TODAY)],
    )

    assert screening.questionnaire(book, "consultation", "face") == ()
    assert (found.windows, found.notices, found.unanswered) == ((), (), ())


def test_a_cold_sore_is_asked_about_on_the_face_only():
    neck = {q.id for q in _asked("MN", "neck")}
    face = {q.id for q in _asked("MN", "face")}

    assert face - neck == {"cold_sore", "cold_sore_history"}
    assert set(clear_answers("MN")) == face


@pytest.mark.parametrize(
    ("treatment", "area", "message"),
    [
        ("tickling", "face", "no treatment 'tickling'"),
        ("medium_peel", "scalp", "not offered on area 'scalp'"),
        ("medium_peel", "moon", "not offered on area 'moon'"),
    ],
)
def test_what_is_not_offered_cannot_be_screened(treatment, area, message):
    book = screening.load()

    with pytest.raises(ValueError, match=message):
        screening.questionnaire(book, treatment, area)
    with pytest.raises(ValueError, match=message):
        screening.clearance(book, treatment, area, {}, today=TODAY)
