"""What a clinic asks for first: a consultation, a patch test."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import screening
from screening import Authority, Record, Requirement, Verdict
from screening.requirements import FAILED, PASSED, kinds_lacking

TODAY = date(2027, 3, 10)
RULEBOOK = screening.load()
TALK = Requirement("consultation", least_hours=24, valid_days=100)
TEST = Requirement("patch_test", least_hours=48, valid_days=184)


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
