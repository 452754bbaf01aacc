"""Whatever happens, in whatever order: I-1, I-2, I-5 and I-7 stand after every step."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.booking.histories import History
from tests.conftest import IN_CI

HISTORIES, STEPS = (140, 5_000) if IN_CI else (12, 300)
"""On each engine; a history has up to fifty steps, and most have forty."""
RARE = {"accept", "clear_a_symptom", "decline_an_offer"}
"""Steps that need so much before them that a short run may have none."""


@pytest.mark.usefixtures("session")
def test_no_history_breaks_what_must_always_be_true(database):
    done: Counter[str] = Counter()

    run_state_machine_as_test(
        lambda: History(database.empty, done),
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=50,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=True,
            phases=[Phase.generate],
        ),
    )

    assert done["steps"] >= STEPS
    missing = {name for name in _kinds() if not done[f"done: {name}"]}
    assert missing <= (set() if IN_CI else RARE)


def _kinds() -> set[str]:
    return {name for name, step in vars(History).items() if hasattr(step, "is_step")}
