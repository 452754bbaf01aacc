"""The table of intervals, and records of treatments in both directions."""

from __future__ import annotations

import pytest

import screening
from screening import Record
from tests.screening.people import FAR, TREATMENTS, by, day, iso, judge

# Rows: done first. Columns: MN BTX FIL SP MP NAL ABL HF WAX PRP.
COLUMNS = ["MN", "BTX", "FIL", "SP", "MP", "NAL", "ABL", "HF", "WAX", "PRP"]
TABLE = {
    "MN": (30, 14, 14, 30, 42, 30, 42, 14, 14, 30),
    "BTX": (14, 90, 14, 14, 14, 14, 28, 14, 7, 14),
    "FIL": (28, 14, 28, 14, 28, 14, 28, 14, 14, 28),
    "SP": (30, 14, 14, 28, 28, 28, 28, 14, 14, 30),
    "MP": (42, 28, 28, 42, 120, 42, 92, 30, 28, 42),
    "NAL": (30, 14, 14, 14, 28, 28, 42, 30, 14, 30),
    "ABL": (84, 28, 42, 84, 184, 84, 184, 42, 366, 84),
    "HF": (14, 1, 1, 14, 14, 14, 21, 28, 5, 14),
    "WAX": (7, 3, 3, 14, 14, 14, 21, 5, 14, 7),
    "PRP": (30, 14, 14, 30, 42, 30, 42, 14, 14, 30),
}
# The treatment's own rule where it has one: rule, and what each day after says.
PRP_OWN = {
    "BTX": ("R-55", "0-13 refuse clinician, 14-27 hold reception"),
    "FIL": ("R-56", "0-27 refuse nobody"),
    "SP": ("R-57", "0-29 refuse clinician"),
    "MP": ("R-57", "0-41 refuse clinician, 42-91 hold clinician"),
    "NAL": ("R-58", "0-29 refuse clinician"),
    "ABL": ("R-58", "0-83 refuse clinician"),
    "HF": ("R-60", "0-6 refuse clinician, 7-13 hold reception"),
    "WAX": ("R-59", "0-2 refuse clinician, 3-6 hold reception"),
}
MN_OWN = PRP_OWN | {"MN": ("R-53", "0-41 refuse clinician")}
OWN = {("BTX", "BTX"): ("R-66", "0-89 refuse clinician")}
OWN |= {(first, "PRP"): own for first, own in PRP_OWN.items()}
OWN |= {(first, "MN"): own for first, own in MN_OWN.items()}
PAIRS = [(first, then) for first in TABLE for then in COLUMNS]


def expected(first, then):
    """The rule, and what it says of each day after `first`."""
    days = TABLE[first][COLUMNS.index(then)]
    rule = {"SP": "R-57", "MP": "R-57", "NAL": "R-58", "ABL": "R-58"}.get(first, "R-73")
    return OWN.get((first, then), (rule, f"0-{days - 1} refuse clinician"))


def last_day(text):
    return int(text.split(", ")[-1].split(" ")[0].partition("-")[2])


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_the_table_is_the_documents(first, then):
    book = screening.load()

    days = book.interval(TREATMENTS[first], TREATMENTS[then])

    assert days == TABLE[first][COLUMNS.index(then)]


@pytest.mark.parametrize("other", COLUMNS)
def test_radiofrequency_uses_the_intervals_of_needling(other):
    book = screening.load()
    needling, radio, third = "microneedling", "rf_microneedling", TREATMENTS[other]

    assert book.interval(radio, third) == book.interval(needling, third)
    assert book.interval(third, radio) == book.interval(third, needling)
    assert book.interval(radio, radio) == 30


@pytest.mark.parametrize("other", TREATMENTS.values())
def test_a_consultation_keeps_no_distance(other):
    book = screening.load()

    assert book.interval("consultation", other) == 0
    assert book.interval(other, "consultation") == 0
    with pytest.raises(ValueError, match="no treatment"):
        book.interval(other, "tickling")


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_treatment_on_record_blocks_the_days_after_it(first, then):
    rule, text = expected(first, then)
    last = last_day(text)
    past = Record.of_treatment(TREATMENTS[first], day(-last), area="face")
    over = Record.of_treatment(TREATMENTS[first], day(-last - 1), area="face")

    blocked = judge(then, records=[past])
    free = judge(then, records=[over])

    assert set(by(blocked, rule, 0)) == {text.split(", ")[-1].split(" ", 1)[1]}
    assert blocked.first_clear_day(day(0)) == day(1)
    assert {w.provenance for w in blocked.windows} == {"record"}
    assert free.windows == ()


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_treatment_booked_later_blocks_the_days_before_it(first, then):
    rule, text = expected(first, then)
    if (first, then) == ("MN", "MN"):
        text = "0-27 refuse clinician, 28-29 hold reception"
    last = last_day(text)
    booked = Record.of_treatment(TREATMENTS[then], day(700), area="face", depth_mm=1.0)

    found = judge(first, records=[booked])

    said = text.split(", ")[-1].split(" ", 1)[1]
    assert said in by(found, rule, 700 - last)
    assert by(found, rule, 699 - last) == []
    assert found.verdict_on(day(699 - last)) is screening.Verdict.CLEAR
    assert found.verdict_on(day(700)) is screening.Verdict.REFUSE


@pytest.mark.parametrize(
    ("count", "depth", "free"),
    [
        (-10, 1.5, 20),
        (-10, 1.6, 32),
        (-10, 2.5, 32),
        (-10, None, 32),  # done, and nobody noted how deep
        (0, None, 42),
        (1, None, 31),  # not done yet: counts as the tested depth
        (1, 1.5, 31),
        (1, 2.0, 43),
    ],
)
def test_the_depth_on_record_decides_how_long_to_wait(count, depth, free):
    done = Record.of_treatment("microneedling", day(count), depth_mm=depth)

    found = judge("RF", records=[done])

    assert found.first_clear_day(day(max(count, 0))) == day(free)


def test_radio_waves_over_filler_on_record_are_always_held():
    found = judge("RF", records=[Record.of_treatment("filler", day(-400))])

    assert by(found, "R-56", 0) == by(found, "R-56", FAR) == ["hold clinician"]


@pytest.mark.parametrize(
    ("here", "there", "counts"),
    [
        ("face", "face", True),
        ("face", None, True),
        ("face", "neck", False),
        ("neck", "decolletage", True),
        ("decolletage", "neck", True),
        ("body", "hands", True),
        ("body", "abdomen", True),
        ("hands", "body", True),
        ("hands", "abdomen", False),
        ("scalp", "face", False),
    ],
)
def test_only_overlapping_areas_count(here, there, counts):
    record = Record.of_treatment("facial", day(-1), area=there, ref="v7")

    found = judge("MN", area=here, records=[record])

    assert bool(found.windows) == counts
    advice = [n for n in found.notices if n.rule == "R-60"]
    said = [(n.from_day, n.until_day) for n in advice]
    wanted = [] if counts else [(day(0), day(6)), (day(6), day(13))]
    assert said == wanted


def test_a_window_names_the_record_behind_it():
    record = Record.of_treatment("filler", day(-9), area="face", ref="visit-12")

    (window,) = judge("MN", records=[record]).windows

    assert window.refs == ("visit-12",)
    assert (window.questions, window.provenance) == ((), "record")
    assert window.until_day == day(19)


def test_nobody_plans_around_a_treatment_that_is_unknown():
    found = judge("MN", records=[Record.of_treatment("tickling", day(-9))])

    assert by(found, "R-74", FAR) == ["hold clinician"]


def test_a_consultation_on_record_blocks_nothing_and_spares_the_first_talk():
    before = judge("MN")
    after = judge("MN", records=[Record.of_treatment("consultation", day(-9))])
    ahead = judge("MN", records=[Record.of_treatment("consultation", day(9))])

    assert after.windows == ()
    assert "R-76" in {n.rule for n in before.notices}
    assert "R-76" in {n.rule for n in ahead.notices}
    assert "R-76" not in {n.rule for n in after.notices}


def test_an_open_symptom_holds_every_day():
    found = judge("WAX", records=[Record.of_symptom(day(-3), ref="report-4")])

    assert by(found, "R-82", 0) == by(found, "R-82", FAR) == ["hold clinician"]
    assert found.windows[0].refs == ("report-4",)


def test_answers_and_records_both_count():
    record = Record.of_treatment("botulinum_toxin", day(-1), area="face")

    found = judge("MN", last_toxin=iso(-20), records=[record])

    assert {(w.provenance, w.until_day) for w in found.windows} == {
        ("answer", day(8)),
        ("record", day(13)),
        ("record", day(27)),
    }


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("MN", (30, 42)),
        ("RF", (30, 42)),
        ("SP", (28, 42)),
        ("NAL", (28, 42)),
        ("PRP", (30, 42)),
    ],
)
def test_a_course_takes_its_least_gap_from_the_rules(code, days):
    treatment = TREATMENTS[code]

    course = screening.load().find_course(treatment)

    assert (course.least_days, course.greatest_days) == days
    assert (course.fewest, course.default, course.most) == (2, 3, 6)
    first = Record.of_treatment(treatment, day(10), area="face")
    after = judge(code, records=[first])
    assert after.verdict_on(day(10 + days[0])).word == "clear"
    assert after.verdict_on(day(10 + days[0] - 1)).word != "clear"


def test_a_single_treatment_has_no_course():
    assert screening.load().find_course("botulinum_toxin") is None


def test_a_session_of_today_that_is_still_to_come_counts_as_planned():
    later_today = Record.of_treatment(
        "microneedling", day(0), area="face", planned=True
    )
    forgotten = Record.of_treatment("microneedling", day(-1), area="face", planned=True)

    assert judge("MN", records=[later_today]).verdict_on(day(30)).word == "clear"
    # What was booked for a day that is over may have been done, at any depth.
    assert judge("MN", records=[forgotten]).verdict_on(day(40)).word == "refuse"
