"""The oracle against cases worked out by hand from the documents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.screening.oracle import Known, clear_answers, marks, verdict
from tests.screening.oracle_days import CODES
from tests.screening.oracle_matrix import cell

TODAY = date(2025, 11, 20)

# treatment, what differs from clear, offsets in days -> verdict
BY_HAND = [
    ("microneedling", {}, {0: "clear", 400: "clear"}),
    (
        "microneedling",
        {"last_toxin": "2025-11-20"},
        {0: "refuse", 13: "refuse", 14: "hold", 27: "hold", 28: "clear"},
    ),
    (
        "microneedling",
        {"last_needling": "2025-11-20"},
        {41: "refuse", 42: "clear"},
    ),
    (
        "microneedling",
        {"last_needling": "2025-11-20", "needling_depth": "up_to_1_5_mm"},
        {27: "refuse", 28: "hold", 29: "hold", 30: "clear"},
    ),
    (
        "microneedling",
        {"skin_infection": "now"},
        {0: "refuse", 13: "refuse", 14: "hold", 5000: "hold"},
    ),
    (
        "microneedling",
        {"isotretinoin": "now"},
        {183: "refuse", 184: "hold", 5000: "hold"},
    ),
    ("filler", {"isotretinoin": "now"}, {0: "hold", 5000: "hold"}),
    ("microneedling", {"pregnant": "now"}, {0: "refuse", 5000: "refuse"}),
    ("microneedling", {"pregnant": "unsure"}, {0: "refuse", 5000: "refuse"}),
    ("microneedling", {"breastfeeding": "unsure"}, {0: "hold", 5000: "hold"}),
    ("microneedling", {"pregnant": "2025-09"}, {40: "hold", 41: "clear"}),
    (
        "microneedling",
        {"big_day": "2025-12-20"},
        {23: "clear", 24: "hold", 31: "clear"},
    ),
    (
        "microneedling",
        {"sun_trip": "2025-12-20", "sun_trip_end": "2025-12-27"},
        {
            16: "clear",
            17: "hold",
            29: "hold",
            30: "refuse",
            43: "refuse",
            44: "hold",
            50: "hold",
            51: "clear",
        },
    ),
    (
        "laser",
        {"sun_trip": "2025-12-20", "sun_trip_end": "2025-12-27"},
        {29: "hold", 30: "refuse", 64: "refuse", 65: "clear"},
    ),
    (
        "microneedling",
        {"cancer_treatment": "2026-01-19"},
        {31: "clear", 32: "refuse", 5000: "refuse"},
    ),
    (
        "filler",
        {"next_vaccine": "2025-12-20"},
        {16: "clear", 17: "refuse", 50: "refuse", 51: "clear"},
    ),
    (
        "superficial_peel",
        {"planned_treatment": "2026-02-28", "planned_treatment_kind": "microneedling"},
        {70: "clear", 71: "refuse", 129: "refuse", 130: "clear"},
    ),
    (
        "botulinum_toxin",
        {"date_of_birth": "2008-02-29"},
        {100: "refuse", 101: "clear"},
    ),
    (
        "microneedling",
        {"date_of_birth": "2008-02-29"},
        {100: "refuse", 101: "hold", 1561: "hold", 1562: "clear"},
    ),
    ("microneedling", {"last_peel": "2025-11-20"}, {91: "refuse", 92: "clear"}),
    (
        "facial",
        {"last_peel": "2025-11-20", "peel_strength": "superficial"},
        {13: "refuse", 14: "clear"},
    ),
]


@pytest.mark.parametrize(("treatment", "changes", "expected"), BY_HAND)
def test_the_oracle_agrees_with_cases_worked_by_hand(treatment, changes, expected):
    answers = clear_answers(treatment, "face") | changes

    found = {
        offset: verdict(
            marks(treatment, "face", answers, [], TODAY, TODAY + timedelta(offset))
        )
        for offset in expected
    }

    assert found == expected


def test_the_oracle_counts_records_in_both_directions():
    answers = clear_answers("microneedling", "neck")
    visit = Known("treatment", "filler", TODAY + timedelta(100), "decolletage")

    found = [
        verdict(
            marks(
                "microneedling", "neck", answers, [visit], TODAY, TODAY + timedelta(n)
            )
        )
        for n in (86, 87, 100, 127, 128)
    ]

    assert found == ["clear", "refuse", "refuse", "refuse", "clear"]


def test_the_oracle_ignores_records_of_other_skin():
    answers = clear_answers("microneedling", "face")
    visit = Known("treatment", "filler", TODAY, "hands")

    assert not marks("microneedling", "face", answers, [visit], TODAY, TODAY)


@pytest.mark.parametrize("treatment", CODES)
def test_the_oracle_finds_nothing_in_clear_answers(treatment):
    answers = clear_answers(treatment, "face")

    assert not marks(treatment, "face", answers, [], TODAY, TODAY)


def test_the_oracle_reads_the_matrix_by_row():
    assert cell("MN", "BTX") == 14
    assert cell("ABL", "WAX") == 366
    assert cell("RF", "HF") == 14
    assert cell("HF", "RF") == 14
    assert cell("MP", "MP") == 120
