"""Break screening/ in many small ways and count the breaks that its tests notice.

Run as `python -m tools.mutants [PATTERN...]`; a pattern such as `screening.clearance*`
takes only those. What survived stays readable: `.venv/bin/mutmut results`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

STATS = Path("mutants/mutmut-cicd-stats.json")
STATES = ("killed", "timeout", "survived", "no_tests", "suspicious", "segfault")


def main(patterns: list[str]) -> int:
    # As in CI, so that Hypothesis draws the same examples for every mutant.
    environment = os.environ | {"CI": "true"}
    processes = str(os.cpu_count() or 1)
    mutmut = [sys.executable, "-m", "mutmut"]
    run = subprocess.run(  # noqa: S603 (our own arguments)
        [*mutmut, "run", "--max-children", processes, *patterns],
        env=environment,
        check=False,
    )
    if run.returncode:
        return run.returncode
    subprocess.run(  # noqa: S603 (our own arguments)
        [*mutmut, "export-cicd-stats"], stdout=subprocess.DEVNULL, check=True
    )
    print(_summary(json.loads(STATS.read_text())))
    return 0


def _summary(counts: dict[str, int]) -> str:
    run = sum(counts[state] for state in STATES)
    # A mutant that runs for ever was noticed, too.
    killed = counts["killed"] + counts["timeout"]
    share = 100 * killed / run if run else 0.0
    return (
        f"Mutants killed: {killed} of {run} ({share:.1f} %), of them by timeout "
        f"{counts['timeout']}. Survived: {counts['survived']}; without a test: "
        f"{counts['no_tests']}. Not run: {counts['total'] - run}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
