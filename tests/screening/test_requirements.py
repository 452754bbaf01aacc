"""What a clinic asks for first: a consultation, a patch test."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import screening
from screening import Authority, Record, Requirement, Verdict, Window
from screening.requirements import FAILED, PASSED, kinds_lacking
from screening.requirements import lacking as _lacking

TODAY = date(2027, 3, 10)
RULEBOOK = screening.load()
TALK = Requirement("consultation", least_hours=24, valid_days=100)
TEST = Requirement("patch_test", least_hours=48, valid_days=184)
TEXTS = {
    "consultation": "Talk first.",
    "patch_test": "Test first.",
    "patch_test_failed": "It failed.",
}


def lacking(*asked, **today) -> list[Window]:
    return list(_lacking(*asked, **today))


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def clearance(*records: Record, requirements=(TALK,), today: date = TODAY, **changes):
    asked = screening.questionnaire(RULEBOOK, "microneedling", "face")
    answers = {q.id: q.clear_answer for q in asked if q.asked_if is None}
    return screening.clearance(
        RULEBOOK,
        "microneedling",
        "face",
        answers | changes,
        today=today,
        records=records,
        requirements=requirements,
    )


def talk(number: int, ref: str = "appointment 1") -> Record:
    return Record.of_treatment("consultation", day(number), ref=ref)


def patch(number: int, result: str, ref: str = "record 1") -> Record:
    return Record.of_patch_test("microneedling", day(number), result, ref=ref)


def patches(results) -> list[Record]:
    return [patch(at, what, f"record {n}") for n, (at, what) in enumerate(results)]


def test_nothing_is_asked_for_unless_the_clinic_says_so():
    assert clearance(requirements=()).verdict_on(TODAY) is Verdict.CLEAR


def test_without_a_consultation_every_day_is_held_for_the_desk():
    found = clearance()

    assert found.verdict_on(TODAY) is Verdict.HOLD
    assert found.first_clear_day(TODAY) is None
    assert found.release_authority_on(TODAY) is Authority.RECEPTION
    assert [w.rule for w in found.windows] == ["R-76"]
    assert kinds_lacking(found.windows) == ("consultation",)


@pytest.mark.parametrize(
    ("least_hours", "first_clear"), [(0, 5), (12, 6), (24, 7), (47, 7), (48, 8)]
)
def test_a_consultation_opens_the_days_that_hold_the_hours(least_hours, first_clear):
    required = Requirement("consultation", least_hours, 100)

    found = clearance(talk(5), requirements=(required,))

    assert found.first_clear_day(TODAY) == day(first_clear)
    assert found.verdict_on(day(first_clear - 1)) is Verdict.HOLD


def test_a_consultation_counts_until_its_last_valid_day():
    found = clearance(talk(-30))

    assert found.verdict_on(day(69)) is Verdict.CLEAR
    assert found.verdict_on(day(70)) is Verdict.HOLD


def test_a_failed_patch_test_is_released_by_nobody():
    found = clearance(patch(-3, FAILED), requirements=(TEST,))

    assert found.verdict_on(day(200)) is Verdict.REFUSE
    assert found.release_authority_on(TODAY) is Authority.NOBODY
    assert found.windows[0].refs == ("record 1",)


def test_a_test_that_passes_later_overrides_the_failed_one():
    found = clearance(
        patch(-30, FAILED), patch(-1, PASSED, "record 2"), requirements=(TEST,)
    )

    assert found.verdict_on(day(1)) is Verdict.REFUSE
    assert found.verdict_on(day(2)) is Verdict.CLEAR


def test_of_two_results_on_one_day_the_failed_one_counts():
    found = clearance(
        patch(-9, PASSED, "record 2"), patch(-9, FAILED), requirements=(TEST,)
    )

    assert found.verdict_on(day(3)) is Verdict.REFUSE


def test_a_patch_test_for_another_treatment_says_nothing():
    other = Record.of_patch_test("laser", day(-9), PASSED)

    found = clearance(other, requirements=(TEST,))

    assert found.verdict_on(day(3)) is Verdict.HOLD
    assert found.release_authority_on(day(3)) is Authority.CLINICIAN


def test_a_patch_test_is_no_treatment():
    told = clearance(patch(-9, PASSED), requirements=())

    assert "R-76" in {notice.rule for notice in told.notices}


def test_a_release_still_covers_when_a_consultation_is_booked_later():
    before = {window.key for window in clearance().windows_on(day(3))}
    after = {window.key for window in clearance(talk(5)).windows_on(day(3))}

    assert before == after


@pytest.mark.parametrize("subject", ["filler", "microneedling"])
def test_another_treatment_is_no_consultation(subject):
    found = clearance(Record.of_treatment(subject, day(-99), depth_mm=1.0))

    assert kinds_lacking(found.windows) == ("consultation",)


def test_an_allergy_named_like_a_consultation_is_none():
    odd = Record(kind="allergy", subject="consultation", day=day(-9))

    assert len(lacking(TALK, "microneedling", [odd], TEXTS, today=TODAY)) == 1


def test_a_missing_consultation_is_one_window_without_an_end():
    (found,) = lacking(TALK, "microneedling", [], TEXTS, today=TODAY)

    assert found == Window(
        rule="R-76",
        verdict=Verdict.HOLD,
        from_day=TODAY,
        until_day=None,
        reason="Talk first.",
        release_by=Authority.RECEPTION,
        provenance="system",
        refs=(),
        cause="requirement:consultation:",
    )


def test_the_days_before_and_after_a_consultation_are_two_windows():
    before, after = lacking(TALK, "microneedling", [talk(5)], TEXTS, today=TODAY)

    assert (before.from_day, before.until_day) == (TODAY, day(7))
    assert (after.from_day, after.until_day) == (day(105), None)
    assert [w.cause for w in (before, after)] == [
        "requirement:consultation:",
        "requirement:consultation:appointment 1",
    ]
    assert (after.provenance, after.refs) == ("system", ())


def test_a_failed_test_says_which_record_it_is():
    tests = [patch(-9, FAILED), patch(-9 + 12, PASSED, "record 2")]
    missing, _, failed = lacking(TEST, "microneedling", tests, TEXTS, today=TODAY)

    assert (missing.rule, missing.reason) == ("patch-test", "Test first.")
    assert (failed.rule, failed.verdict) == ("patch-test", Verdict.REFUSE)
    assert (failed.from_day, failed.until_day) == (TODAY, day(6))
    assert (failed.reason, failed.provenance) == ("It failed.", "record")
    assert (failed.refs, failed.cause) == (
        ("record 1",),
        "requirement:patch_test_failed:record 1",
    )


def test_a_window_that_ends_today_is_over():
    found = lacking(TALK, "microneedling", [talk(-2)], TEXTS, today=TODAY)

    assert [window.from_day for window in found] == [day(98)]


def test_two_consultations_in_a_row_leave_no_gap():
    twice = [talk(-50), talk(48, "appointment 2")]

    found = lacking(TALK, "microneedling", twice, TEXTS, today=TODAY)

    assert [(w.from_day, w.until_day) for w in found] == [(day(148), None)]


def test_a_consultation_itself_needs_nothing():
    found = screening.clearance(
        RULEBOOK, "consultation", "face", {}, today=TODAY, requirements=(TALK, TEST)
    )

    assert found.windows == ()


RESULTS = st.lists(
    st.tuples(st.integers(-300, 0), st.sampled_from([PASSED, FAILED])), max_size=5
)


@given(results=RESULTS, hours=st.integers(0, 100), valid=st.integers(1, 200))
def test_the_windows_agree_with_every_single_day(results, hours, valid):
    required = Requirement("patch_test", hours, valid)
    records = [
        patch(at, result, f"record {n}") for n, (at, result) in enumerate(results)
    ]

    found = clearance(*records, requirements=(required,))

    for number in range(250):
        assert found.verdict_on(day(number)) is _slowly(results, hours, valid, number)


@given(results=RESULTS, seed=st.randoms())
def test_the_order_of_results_never_matters(results, seed):
    records = [
        patch(at, result, f"record {n}") for n, (at, result) in enumerate(results)
    ]
    shuffled = records[:]
    seed.shuffle(shuffled)

    one, other = (
        clearance(*order, requirements=(TEST,)) for order in (records, shuffled)
    )

    assert one == other


def _slowly(results, hours, valid, number) -> Verdict:
    """One day, by asking every result what it means for it."""
    # The last moment of the day of the test plus the hours must lie before this day.
    ready = 0 if hours == 0 else 1 + hours // 24
    passes = sorted(at for at, result in results if result == PASSED)
    fails = sorted(at for at, result in results if result == FAILED)
    for failed in fails:
        later = [at for at in passes if at > failed]
        if not later or number < later[0] + ready:
            return Verdict.REFUSE
    for at in passes:
        overridden = any(failed >= at for failed in fails)
        if not overridden and at + ready <= number < at + valid:
            return Verdict.CLEAR
    return Verdict.HOLD
