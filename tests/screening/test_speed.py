"""Screening is quick enough to be asked for every day that a calendar shows."""

from __future__ import annotations

import time

import pytest

import screening
from tests.screening.people import TODAY, clear_answers, day, iso, judge


@pytest.mark.serial
def test_a_full_screening_takes_less_than_a_millisecond():
    answers = clear_answers("MN") | {
        "last_toxin": iso(-20),
        "isotretinoin": "2025-12",
        "skin_type": "V",
        "blood_thinner": "yes",
        "sun_trip": iso(30),
    }
    records = [
        screening.Record.of_treatment("filler", day(-40), area="face"),
        screening.Record.of_treatment("microneedling", day(40), area="face"),
    ]
    judge("MN", records=records, **answers)

    def once():
        start = time.perf_counter()
        screening.clearance(
            screening.load(),
            "microneedling",
            "face",
            answers,
            today=TODAY,
            records=records,
        )
        return time.perf_counter() - start

    # The quickest of many: another program on the machine is not what is measured.
    assert min(once() for _ in range(100)) < 0.001
