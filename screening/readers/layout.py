"""Lays out what each treatment on each area needs, so that screening is quick."""

from __future__ import annotations

from collections.abc import Mapping

from screening.questions import Question
from screening.readers.catalogue import Catalogue
from screening.readers.rules import Placed, RuleSet
from screening.rules.model import Clause
from screening.rules.spacing import Neighbours, Spacings
from screening.sheets import Sheet


class Layout:
    """Lays out one sheet for each treatment on each of its areas."""

    def __init__(
        self,
        catalogue: Catalogue,
        questions: Mapping[str, Question],
        found: RuleSet,
        clauses: list[Placed],
        spacings: Spacings,
    ) -> None:
        self.catalogue = catalogue
        self.questions = questions
        self.found = found
        self.clauses = clauses
        self.spacings = spacings

    def sheets(self) -> dict[tuple[str, str], Sheet]:
        """Every sheet, by treatment and area."""
        return {
            (treatment.id, area): self._sheet(treatment.id, area)
            for treatment in self.catalogue.treatments.values()
            for area in treatment.areas
        }

    def _sheet(self, treatment: str, area: str) -> Sheet:
        clauses = self._clauses(treatment, area)
        reads = {name for clause in clauses for name in clause.reads()}
        asked = self._asked(treatment, area)
        by_question: dict[str, tuple[Clause, ...]] = {}
        for clause in clauses:
            before = by_question.get(clause.question, ())
            by_question[clause.question] = (*before, clause)
        blocking = {n for c in clauses if c.can_block() for n in c.reads()}
        screened = treatment in self.catalogue.screened
        return Sheet(
            treatment=treatment,
            area=area,
            overlapping=self.catalogue.overlaps[area],
            questions=tuple(q for q in self.questions.values() if q.id in asked),
            heard=tuple(q for q in self.questions.values() if q.id in reads - asked),
            clauses=by_question,
            consulted=frozenset(n for c in clauses for n in c.reads()[1:]),
            advisory=frozenset(reads - blocking),
            silence=self.found.needed_silence(),
            symptom=self.found.symptom if screened else None,
            advice=tuple(
                advice
                for rule, treatments, advice in self.found.advice
                if treatment in treatments and rule.holds_on(area)
            ),
            standing=tuple(
                standing
                for rule, treatments, standing in self.found.standing
                if treatment in treatments and rule.holds_on(area)
            ),
            neighbours=Neighbours(treatment, self.spacings, self.found.neighbour)
            if screened
            else None,
            elsewhere=self.found.elsewhere,
        )

    def _asked(self, treatment: str, area: str) -> set[str]:
        """The questions that a clause reads which is there to ask them."""
        return {
            name
            for placed in self._placed(treatment, area)
            if placed.asked
            for name in placed.clause.reads()
        }

    def _clauses(self, treatment: str, area: str) -> list[Clause]:
        return [placed.clause for placed in self._placed(treatment, area)]

    def _placed(self, treatment: str, area: str) -> list[Placed]:
        return [
            placed
            for placed in self.clauses
            if treatment in placed.treatments and placed.rule.holds_on(area)
        ]
