"""What one treatment on one area needs: its questions, and the clauses they wake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from screening.questions import Question
from screening.rules.model import Band, Clause
from screening.rules.spacing import Neighbours
from screening.windows import Notice


@dataclass(frozen=True, slots=True)
class Silence:
    """What a missing and an unsure answer mean, and the advice if it blocks nothing."""

    missing: Band
    unsure: Band
    notice: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A notice for everybody, unless one of these treatments is on record."""

    notice: Notice
    unless_record: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """A hold for everybody, unless one of these treatments is on record."""

    band: Band
    unless_record: frozenset[str]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is said about something on another part of the body."""

    answer: str
    treatment: str


_NONE = object()


class Line(NamedTuple):
    """A question, the answer to it that states nothing (equal to none if each does),
    and whether silence does not matter: of follow-ups, and of what is only heard."""

    id: str
    idle: object
    question: Question
    may_miss: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that screening `treatment` on `area` takes, prepared at load.

    `heard` are questions that are not asked here but judged if they are answered;
    `consulted` decide between the bands of others; `advisory` ones only give advice.
    `lines` are all questions as a screening goes through them, `place` is the order.
    """

    treatment: str
    area: str
    overlapping: frozenset[str]
    questions: tuple[Question, ...]
    heard: tuple[Question, ...]
    clauses: Mapping[str, tuple[Clause, ...]]
    consulted: frozenset[str]
    advisory: frozenset[str]
    silence: Silence
    symptom: Band | None
    advice: tuple[Advice, ...]
    standing: tuple[Standing, ...]
    neighbours: Neighbours | None
    elsewhere: Elsewhere
    lines: tuple[Line, ...] = field(init=False, compare=False, repr=False)
    place: Mapping[str, int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Most answers state nothing: told apart once, not in every screening."""
        heard = {one.id for one in self.heard}
        lines = tuple(
            Line(one.id, self._idle(one), one, bool(one.asked_if) or one.id in heard)
            for one in (*self.questions, *self.heard)
        )
        object.__setattr__(self, "lines", lines)
        place = {line.id: number for number, line in enumerate(lines)}
        object.__setattr__(self, "place", place)

    def _idle(self, question: Question) -> object:
        """Clear answers wake no clause; birth dates and consulted ones are kept."""
        needed = question.kind == "date" or question.id in self.consulted
        return _NONE if needed else question.clear_answer

    def decides_like(self, other: Sheet) -> bool:
        """Whether both sheets decide everybody alike."""
        # The spacings of all treatments hang on every sheet: only its own ones count.
        alone = replace(self, neighbours=None), replace(other, neighbours=None)
        return alone[0] == alone[1] and self._spaced() == other._spaced()

    def _spaced(self) -> Mapping[tuple[str, str], object]:
        if self.neighbours is None:
            return {}
        spacings = self.neighbours.spacings
        return {pair: spacings[pair] for pair in spacings if self.treatment in pair}

    def concerns(self, area: str | None) -> bool:
        """Whether something on `area` counts here; no area means everywhere."""
        return area is None or area in self.overlapping
