"""The stricter device: what the documents change for the Exceed profile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from screening import clearance, load
from tests.screening.oracle import clear_answers

TODAY = date(2027, 11, 20)

# an answer -> the verdict and release of a day, by device (facts.md section 0)
BY_DEVICE = [
    ({"last_filler": "2027-11-20"}, 27, "refuse nobody", "refuse"),
    ({"last_filler": "2027-11-20"}, 28, "clear None", "refuse"),
    ({"last_filler": "2027-11-20"}, 183, "clear None", "refuse"),
    ({"last_filler": "2027-11-20"}, 184, "clear None", "clear"),
    ({"blood_thinner": "yes"}, 0, "hold clinician", "refuse"),
    ({"keloid_tendency": "yes"}, 0, "hold clinician", "refuse"),
    ({"active_acne": "few"}, 0, "refuse clinician", "refuse nobody"),
    ({"skin_type": "V"}, 0, "clear None", "hold clinician"),
    ({"skin_type": "VI"}, 0, "clear None", "hold clinician"),
    ({"skin_type": "IV"}, 0, "clear None", "clear None"),
    ({"numbing_reaction": "yes"}, 0, "refuse clinician", "refuse"),
]


@pytest.mark.parametrize(("changed", "offset", "skinpen", "exceed"), BY_DEVICE)
def test_an_exceed_device_is_stricter_where_its_label_is(
    changed, offset, skinpen, exceed
):
    assert _judged("SkinPen", changed, offset) == skinpen
    assert _judged("Exceed", changed, offset).startswith(exceed)


@pytest.mark.parametrize("profile", ["Dermapen4", "RF"])
def test_other_devices_hold_a_reaction_to_numbing(profile):
    assert _judged(profile, {"numbing_reaction": "yes"}, 0) == "hold clinician"


def _judged(profile: str, changed: dict[str, object], offset: int) -> str:
    answers = clear_answers("microneedling", "face") | changed
    book = load(profile=profile)
    found = clearance(book, "microneedling", "face", answers, today=TODAY)
    day = TODAY + timedelta(offset)
    return f"{found.verdict_on(day).word} {found.release_authority_on(day)}"
