"""The table of figures, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PEERS = """\
Two peers, measured elsewhere on the same data (20 practitioners, 90 days, about 11,000
visits): Easy!Appointments 1.6.0 answers "any practitioner, 90 days" in 504 to 895 ms
(5,998 ms when fully booked) and one day in 32 to 38 ms; django-appointment 3.12 has no
such question and takes 605 to 823 ms for 60 days of one practitioner. Both double-book
in 10 of 10 rounds of 50 clients.
"""


@dataclass(frozen=True)
class Line:
    """One figure with what it is held against.

    `met` is None where nothing was aimed at.
    """

    name: str
    figure: str
    floor: str
    aim: str
    met: bool | None

    @property
    def word(self) -> str:
        return {True: "met", False: "missed", None: "–"}[self.met]


def show(lines: list[Line]) -> str:
    """The figures as a Markdown table."""
    rows = [
        "| what | figure | floor or rival, same run | aim | |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {line.name} | {line.figure} | {line.floor} | {line.aim} | {line.word} |"
        for line in lines
    ]
    return "\n".join(rows)


def _misses(lines: list[Line]) -> str:
    missed = [line.name for line in lines if line.met is False]
    if not missed:
        return "Every figure meets its aim."
    return "\n".join(["Missed in this run:", "", *(f"- {name}" for name in missed)])


def write(lines: list[Line], visits: int) -> None:
    """Keep the table as docs/benchmarks.md."""
    machine = f"Python {platform.python_version()} on {platform.system()}, 2 cores"
    TARGET.write_text(
        "# Benchmarks\n\n"
        f"Made by `make bench`; every figure of one run, beside its floor. {machine}.\n"
        f"Data: 20 practitioners, Monday to Saturday 09:00 to 18:00, a 45-minute\n"
        f"treatment, 90 days, 60 % booked: {visits:,} visits. Over HTTP, with the\n"
        "full microneedling screening as the gate. Times are medians.\n\n"
        f"{show(lines)}\n\n{_misses(lines)}\n\n{PEERS}",
        encoding="utf-8",
    )
