"""Whatever happens, in whatever order: I-1, I-2, I-5 and I-7 stand after every step."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.booking.histories import History

HISTORIES, STEPS = 6, 50
"""On each engine."""
HAPPENS = {}


@pytest.mark.usefixtures("session")
def test_no_history_breaks_what_must_always_be_true(database):
    done: Counter[str] = Counter()

    run_state_machine_as_test(
        lambda: History(database, done),
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
        ),
    )

    import json
    open("/tmp/histories_done.json", "w").write(json.dumps(done, indent=1, sort_keys=True))
    assert done["steps"] >= HISTORIES * STEPS * 0.9
