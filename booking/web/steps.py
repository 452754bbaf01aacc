"""A page of the questionnaire, for one patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from booking.web.questions import is_tick
from screening import Question


@dataclass(frozen=True)
class Step:
    """A page of the questionnaire and what it asks this patient."""

    id: str
    title: str
    intro: str
    questions: tuple[Question, ...]

    @property
    def ticks(self) -> tuple[Question, ...]:
        return tuple(q for q in self.questions if is_tick(q))

    @property
    def direct(self) -> tuple[Question, ...]:
        """Questions that need an answer of their own: the birth date, the skin type."""
        return tuple(q for q in self.questions if q.asked_if is None and not is_tick(q))

    @property
    def asks_about_area(self) -> bool:
        """Whether some of it is about the place that would be treated."""
        return any(q.area_specific for q in self.ticks)

    def follow_ups(self, ticked: Iterable[str]) -> tuple[Question, ...]:
        """What is asked about the things ticked, each with what hangs on it."""
        wanted = set(ticked)
        return tuple(
            q
            for q in self.questions
            if (is_tick(q) and q.id in wanted)
            or (q.asked_if is not None and q.asked_if.question in wanted)
        )
