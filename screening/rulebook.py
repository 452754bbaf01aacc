"""The rulebook: loading it, and everything it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screening.catalogue import (
    Area,
    Course,
    Deadline,
    RedFlag,
    Silence,
    Source,
    Step,
    Treatment,
)
from screening.questions import Page, Question
from screening.rules.model import Rule
from screening.sheets import Sheet


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """Questions, rules, intervals, texts and sources of one version, ready for use."""

    version: str
    profile: str
    treatments: Mapping[str, Treatment]
    areas: Mapping[str, Area]
    pages: tuple[Page, ...]
    questions: Mapping[str, Question]
    rules: Mapping[str, Rule]
    sources: Mapping[str, Source]
    intervals: Mapping[tuple[str, str], int]
    courses: Mapping[str, Course]
    plans: Mapping[str, tuple[Step, ...]]
    flags: Mapping[str, tuple[RedFlag, ...]]
    deadlines: Mapping[str, Deadline]
    unanswered: Silence
    clinical_words: frozenset[str]
    requirement_texts: Mapping[str, str]
    sheets: Mapping[tuple[str, str], Sheet]

    def interval(self, first: str, then: str) -> int:
        """Days from `first` (day 0) to the first day on which `then` may follow.

        The cell of the table of intervals; a treatment's own rule may be longer.
        """
        self._known(first)
        self._known(then)
        return self.intervals.get((first, then), 0)

    def find_course(self, treatment: str) -> Course | None:
        """How the treatment is given as a series; None if it is not."""
        self._known(treatment)
        return self.courses.get(treatment)

    def plan(self, treatment: str) -> tuple[Step, ...]:
        """The messages around a visit, in order of time."""
        self._known(treatment)
        return self.plans.get(treatment, ())

    def red_flags(self, treatment: str) -> tuple[RedFlag, ...]:
        """The signs after treatment that somebody must act on, the worst first."""
        self._known(treatment)
        return self.flags.get(treatment, ())

    def deadline(self, flag: RedFlag) -> Deadline | None:
        """How soon somebody must see to this sign; None if nobody need."""
        return self.deadlines.get(flag.action)

    def sheet(self, treatment: str, area: str) -> Sheet:
        """What screening this treatment there takes; ValueError if not offered."""
        self._known(treatment)
        try:
            return self.sheets[treatment, area]
        except KeyError:
            raise ValueError(f"{treatment} is not offered on area {area!r}") from None

    def _known(self, treatment: str) -> None:
        if treatment not in self.treatments:
            raise ValueError(f"there is no treatment {treatment!r}")


def questionnaire(
    rulebook: Rulebook, treatment: str, area: str
) -> tuple[Question, ...]:
    """The questions that this treatment on this area needs, in order.

    ValueError names a treatment or area that is not offered.
    """
    return rulebook.sheet(treatment, area).questions
