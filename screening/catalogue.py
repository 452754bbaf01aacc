"""What a rulebook lists besides its rules: treatments, areas, texts, steps, sources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number or a sentence comes from; `strength` is that of its publisher."""

    id: str
    title: str
    publisher: str
    year: int | None
    address: str | None
    strength: str


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence for a patient with its sources; `unsourced` marks a clinic default."""

    id: str
    text: str
    sources: tuple[str, ...]
    unsourced: bool


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the body that can be treated."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """A bookable treatment; `code` is its short name in the rulebook's tables."""

    id: str
    code: str
    name: str
    summary: str
    areas: tuple[str, ...]
    synonyms: tuple[str, ...]
    info: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """Sessions of one treatment as a series: how many, and how far apart.

    The next session may follow from `least_days` after one on, and is to take place by
    `greatest_days` after it. `sources` speak of the number, `gap_sources` of the days.
    """

    treatment: str
    default: int
    fewest: int
    most: int
    least_days: int
    greatest_days: int
    sources: tuple[str, ...]
    gap_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One message before or after a visit.

    `anchor` "visit" counts `days` (negative: before) from the day of the visit; "after"
    counts `days` and `hours` from its end.
    """

    id: str
    kind: str
    anchor: str
    days: int
    hours: int
    urgent: bool
    title: str
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    """How soon somebody must see to a sign: hours from the report, or calendar days.

    No day and no hour: by the end of the same day. `unsourced` marks a clinic default.
    """

    hours: int
    days: int
    sources: tuple[str, ...]
    unsourced: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """What follows a check-in that nobody answers: one repeat, then a call.

    `repeat_hours` from the first mail, `call_hours` from the repeat.
    """

    step: str
    repeat_hours: int
    call_hours: int
    unsourced: bool


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A sign after treatment, what to do about it and what to tell the patient."""

    id: str
    sign: str
    when: str
    action: str
    message: str
    sources: tuple[str, ...]
