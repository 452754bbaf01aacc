"""What a finding says of itself: who said it, on what it rests, how it is known."""

from __future__ import annotations

from datetime import date

import pytest

import screening
from screening import (
    AnswerErrors,
    Authority,
    FieldError,
    Notice,
    Record,
    Verdict,
    Window,
)
from screening.conflicts import contradicted
from screening.facts import Span, read_span
from screening.rules.states import birthday
from tests.screening.people import TODAY, day, iso, judge

LEFT_OPEN = (
    "One of our questions is still open. It does not stop your visit, but please tell"
)


def test_silence_is_nobodys_word():
    found = judge("MN", heart_condition=None, unwell=None)

    assert [(w.questions, w.provenance, w.refs) for w in found.windows] == [
        (("heart_condition",), "system", ()),
        (("unwell",), "system", ()),
    ]
    assert len({w.key for w in found.windows}) == 2
    assert {w.cause for w in found.windows} == {"missing#0-None"}


def test_doubt_is_the_word_of_whoever_doubts():
    record = Record.of_answer("heart_condition", "unsure", ref="note 1")

    found = judge("MN", unwell="unsure", records=[record])

    assert [(w.questions, w.provenance, w.refs) for w in found.windows] == [
        (("heart_condition",), "record", ("note 1",)),
        (("unwell",), "answer", ()),
    ]
    assert {w.cause for w in found.windows} == {"unsure#0-None"}


def test_a_question_left_open_brings_every_advice_it_could():
    found = judge("PRP", otc_blood_thinning=None)

    texts = [n.text for n in found.notices if n.rule in ("R-35", "R-74")]
    assert len(texts) == 2
    assert "leave them out for two weeks" in texts[0]
    assert texts[1].startswith(LEFT_OPEN)


def test_each_symptom_has_a_window_of_its_own():
    one = Record.of_symptom(day(-3), ref="report 4", label="a rash")
    two = Record.of_symptom(day(-2), ref="report 5")
    bare = Record.of_symptom(day(-1))

    found = judge("SP", records=[one, two, bare])

    assert [(w.refs, w.provenance, w.questions) for w in found.windows] == [
        ((), "record", ()),
        (("report 4",), "record", ()),
        (("report 5",), "record", ()),
    ]
    assert [w.cause for w in found.windows][1] == "symptom=2026-02-27#0-None"
    assert (one.kind, one.subject, one.day) == ("symptom", "symptom", day(-3))
    assert (one.ref, one.label, bare.ref, bare.label) == ("report 4", "a rash", "", "")
    assert (one.area, one.depth_mm, one.value) == (None, None, "")


def test_a_record_keeps_what_it_was_told():
    treatment = Record.of_treatment(
        "prp", day(-3), area="neck", depth_mm=1.0, ref="r", label="l"
    )
    answer = Record.of_answer("autoimmune", ["lupus"], area="face", ref="r", label="l")

    assert treatment == Record("treatment", "prp", day(-3), "", "neck", 1.0, "r", "l")
    assert answer == Record(
        "answer", "autoimmune", None, ("lupus",), "face", None, "r", "l"
    )


def test_the_two_parts_of_a_passing_condition_have_keys_of_their_own():
    first, then = judge("SP", rash="now").windows

    assert first.cause == "rash=now#0-14"
    assert then.cause == "rash=now#still 14-None"
    assert (first.questions, then.questions) == (("rash",), ("rash",))
    assert (first.provenance, then.provenance) == ("answer", "answer")
    assert "not over yet" in then.reason
    assert then.sources == first.sources


def test_the_two_sides_of_a_plan_make_one_window():
    (window,) = judge("FIL", next_dental=iso(30)).windows

    assert window.cause == "next_dental=2026-04-01#0-14+0-14"
    assert (window.from_day, window.until_day) == (day(17), day(44))


def test_a_window_names_all_the_answers_behind_it():
    found = judge("MN", last_needling=iso(-3), needling_depth="unknown")
    trip = judge("SP", sun_trip=iso(3), sun_trip_end=iso(5))

    assert [w.questions for w in found.windows] == [("last_needling", "needling_depth")]
    assert {w.questions for w in trip.windows} == {
        ("sun_trip", "sun_trip_end", "skin_type")
    }


def test_the_sources_of_the_number_come_first():
    (refused, held) = judge("MN", last_toxin=iso(0)).windows

    assert refused.sources == ("O-30", "O-31", "S-032", "S-013")
    assert held.sources == ("S-032", "S-013", "O-30", "O-31")


def test_a_cell_of_the_table_brings_its_sources():
    (window,) = judge("FIL", records=[Record.of_treatment("waxing", day(-1))]).windows

    assert window.sources == ("O-55", "S-013", "S-081", "O-30", "O-51")
    assert window.cause == "waxing=2026-03-01#0-3"


def test_advice_about_elsewhere_keeps_its_own_words():
    creams = Record.of_answer("strong_creams", iso(-3), area="hands")
    peel = Record.of_treatment("superficial_peel", day(-3), area="hands")

    advised = {n.rule: n for n in judge("MN", records=[creams, peel]).notices}

    assert advised["R-38"].text.startswith("Strong creams make skin sore")
    assert (advised["R-38"].from_day, advised["R-38"].until_day) == (TODAY, day(4))
    assert advised["R-57"].text.startswith("Another part of your body is treated")
    assert (advised["R-57"].from_day, advised["R-57"].until_day) == (TODAY, day(27))


def test_a_doubtful_patient_is_not_contradicted():
    record = Record.of_answer("metal_allergy", "steel")

    assert judge("MN", metal_allergy="unsure", records=[record]).conflicts == ()
    assert judge("MN", metal_allergy=None, records=[record]).conflicts == ()


def _window(**changes):
    usual = {
        "rule": "R-1",
        "verdict": Verdict.HOLD,
        "from_day": day(5),
        "until_day": day(9),
        "reason": "",
        "release_by": Authority.CLINICIAN,
    }
    return Window(**(usual | changes))


@pytest.mark.parametrize(
    ("said", "stricter"),
    [
        ({}, False),
        ({"rule": "R-2"}, True),
        ({"verdict": Verdict.REFUSE}, False),
        ({"verdict": Verdict.CLEAR}, True),
        ({"release_by": Authority.RECEPTION}, True),
        ({"release_by": Authority.NOBODY}, False),
        ({"from_day": day(4)}, False),
        ({"from_day": day(6)}, True),
        ({"until_day": day(8)}, True),
        ({"until_day": day(10)}, False),
        ({"until_day": None}, False),
    ],
)
def test_a_record_contradicts_what_is_milder_or_shorter(said, stricter):
    assert contradicted([_window()], [_window(**said)]) == stricter


def test_an_endless_record_contradicts_whatever_ends():
    assert contradicted([_window(until_day=None)], [_window()])
    assert contradicted([_window()], [])
    assert not contradicted([], [])


def test_errors_read_as_one_sentence_each():
    errors = AnswerErrors((FieldError("a", "No."), FieldError("b", "Never.")))

    assert str(errors) == "a: No.; b: Never."
    with pytest.raises(AnswerErrors) as refusal:
        screening.check_answers(screening.load(), None, today=TODAY)
    assert [error.field for error in refusal.value.errors] == ["answers"]


def test_the_end_of_a_trip_is_refused_with_a_reason():
    answers = {"sun_trip": iso(9), "sun_trip_end": iso(8)}

    with pytest.raises(AnswerErrors, match="sun_trip_end: This ends before it begins"):
        screening.check_answers(screening.load(), answers, today=TODAY)


def test_pinning_goes_through_all_answers():
    answers = {"autoimmune": [], "last_toxin": "now", "unwell": "2026-03"}

    pinned = screening.pin_answers(screening.load(), answers, today=date(2026, 3, 1))

    assert pinned == {
        "autoimmune": [],
        "last_toxin": "2026-03-01",
        "unwell": "2026-03-01",
    }


@pytest.mark.parametrize(
    ("born", "age", "expected"),
    [
        (date(2000, 2, 29), 18, date(2018, 3, 1)),
        (date(2000, 2, 29), 20, date(2020, 2, 29)),
        (date(2000, 2, 28), 18, date(2018, 2, 28)),
        (date(2000, 12, 31), 18, date(2018, 12, 31)),
    ],
)
def test_birthdays(born, age, expected):
    assert birthday(born, age) == expected


def test_dates_are_read_with_their_whole_span():
    assert read_span("2024") == Span(date(2024, 1, 1), date(2024, 12, 31))
    assert read_span("2024-02") == Span(date(2024, 2, 1), date(2024, 2, 29))
    assert read_span("2025-02") == Span(date(2025, 2, 1), date(2025, 2, 28))
    assert read_span("2025-12-31") == Span(date(2025, 12, 31), date(2025, 12, 31))
    assert read_span("1900") == Span(date(1900, 1, 1), date(1900, 12, 31))
    assert read_span("2199-12") == Span(date(2199, 12, 1), date(2199, 12, 31))
    assert read_span("2025-04-31") is None


def test_notices_come_sorted_and_once():
    found = judge("MN", last_vaccine=None, next_vaccine=None, piercing_in_area="yes")

    rules = [n.rule for n in found.notices]
    assert rules == sorted(rules)
    assert len(set(found.notices)) == len(found.notices)
    assert Notice("R-77", "We do not needle eyelids or lips.") in found.notices


def test_a_window_keeps_its_key_in_whichever_order_its_facts_come():
    light = Record.of_answer("skin_type", "III", ref="note 1")
    dark = Record.of_answer("skin_type", "V", ref="note 2")

    one = judge("SP", strong_sun=iso(-3), records=[light, dark])
    other = judge("SP", strong_sun=iso(-3), records=[dark, light])

    assert one.windows == other.windows
    assert {w.key for w in one.windows} == {w.key for w in other.windows}


def test_what_nobody_understands_is_named():
    stray = Record.of_answer("favourite_colour", "green", ref="note 2")
    odd = Record.of_treatment("tickling", day(-9), ref="visit 3")

    found = judge("MN", records=[stray, odd])

    assert [(w.questions, w.refs, w.provenance) for w in found.windows] == [
        (("favourite_colour",), ("note 2",), "record"),
        (("tickling",), ("visit 3",), "record"),
    ]


def test_a_visit_of_today_can_be_denied_too():
    found = judge("MN", records=[Record.of_treatment("facial", TODAY)])

    assert [c.question for c in found.conflicts] == ["last_facial"]


def test_a_treatment_without_a_day_is_not_understood():
    undated = Record("treatment", "facial", None)

    found = judge("MN", records=[undated])

    assert [(w.rule, w.questions) for w in found.windows] == [("R-74", ("facial",))]


def test_bands_that_follow_each_other_and_say_the_same_are_one():
    found = judge("RF", planned_treatment=iso(300), planned_treatment_kind="filler")

    assert [(w.rule, w.from_day, w.until_day) for w in found.windows] == [
        ("R-56", day(300), day(328)),
        ("R-56", day(328), None),
        ("R-73", day(287), day(301)),
    ]


def test_an_answer_to_no_question_is_named():
    (window,) = judge("MN", favourite_colour="green").windows

    assert (window.questions, window.provenance) == (("favourite_colour",), "answer")


def test_windows_of_one_rule_come_in_order():
    found = judge("SP", pregnant=iso(-1), breastfeeding=iso(-3), last_peel=iso(-1))

    keys = [(w.rule, w.from_day, w.until_day) for w in found.windows]
    assert keys == sorted(keys)


def test_notices_of_one_rule_come_by_day():
    found = judge("MN", last_vaccine=iso(-1), next_vaccine=iso(60), big_day=iso(90))

    days = [(n.from_day, n.until_day) for n in found.notices if n.rule == "R-64"]
    assert days == [(day(0), day(6)), (day(54), day(67))]
