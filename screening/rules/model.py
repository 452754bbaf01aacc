"""Bands of days, cases, clauses, and the findings that a clause makes of a fact."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from screening.facts import Fact, Provenance, Span
from screening.questions import Question
from screening.windows import Authority, Notice, Verdict, Window


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the rulebook as staff read it; its clauses do the work."""

    id: str
    title: str
    treatments: tuple[str, ...]
    summary: str
    sources: tuple[str, ...]
    reason: str
    areas: tuple[str, ...] | None = None
    set_by: str = "answers"
    off: bool = False

    def holds_on(self, area: str) -> bool:
        """Whether the rule is about this area at all."""
        return self.areas is None or area in self.areas


@dataclass(frozen=True, slots=True)
class Band:
    """Days `[start, end)` from an event and what they are; `end` None: for ever.

    Verdict CLEAR makes a notice instead of a window.
    """

    rule: str
    start: int
    end: int | None
    verdict: Verdict
    release_by: Authority
    reason: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """The bands for certain answers to another question, or for all the rest."""

    answers: frozenset[str]
    otherwise: bool
    bands: tuple[Band, ...] = ()
    before: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Cases:
    """Bands that may depend on the answer to the question `by`."""

    by: str | None
    cases: tuple[Case, ...]

    @classmethod
    def plain(cls, after: tuple[Band, ...], before: tuple[Band, ...] = ()) -> Cases:
        """The same bands whatever else was answered."""
        return cls(
            None, (Case(frozenset(), otherwise=True, bands=after, before=before),)
        )

    def all_bands(self) -> tuple[Band, ...]:
        """Every band of every case."""
        return tuple(b for case in self.cases for b in (*case.bands, *case.before))

    def picked(self, answers: frozenset[str]) -> tuple[Case, ...]:
        """The cases for these answers: all that fit, and the strictest if in doubt."""
        if self.by is None:
            return self.cases
        known = {answer for case in self.cases for answer in case.answers}
        doubt = not answers or bool(answers - known)
        return tuple(
            case
            for case in self.cases
            if case.answers & answers or (doubt and case.otherwise)
        )


@dataclass(slots=True)
class Findings:
    """Collects windows and notices; none speaks of days before today."""

    today: date
    windows: list[Window] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(
        self,
        band: Band,
        first: date,
        until: date | None,
        *,
        of: Grounds,
        part: str = "",
    ) -> None:
        """Note that `band` covers the days `[first, until)`, resting on `of`.

        `part` tells apart the findings that one band makes of one fact.
        """
        if until is not None and until <= self.today:
            return
        first = max(first, self.today)
        if band.verdict is Verdict.CLEAR:
            open_ended = until is None and first == self.today
            self.notices.append(
                Notice(band.rule, band.reason, None if open_ended else first, until)
            )
            return
        self.windows.append(
            Window(
                band.rule,
                band.verdict,
                first,
                until,
                band.reason,
                band.release_by,
                band.sources,
                of.questions,
                of.provenance,
                of.refs,
                f"{of.cause}#{part}{band.start}-{band.end}",
            )
        )


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a finding rests on: the questions, who said it, and the record if any."""

    questions: tuple[str, ...]
    provenance: str
    refs: tuple[str, ...]
    cause: str


@dataclass(slots=True)
class Sight:
    """What a clause may look at: the other facts, the questions and today."""

    today: date
    facts: Mapping[str, Iterable[Fact]]
    questions: Mapping[str, Question]

    def beside(self, fact: Fact, question: str) -> tuple[Fact, ...]:
        """The facts on another question that belong to `fact`.

        A follow-up belongs to the answer it hangs on: what the patient says of one
        event tells nothing about another one on record, nor does one entry of the
        record about the event of another. Anything else counts from whomever it comes.
        """
        found = sorted(self.facts.get(question, ()), key=_stated)
        follow = self.questions[question].asked_if
        if follow is not None and follow.question == fact.question:
            return tuple(f for f in found if _told_together(fact, f))
        return tuple(found)

    def grounds(self, fact: Fact, *others: Fact) -> Grounds:
        """The grounds of a finding made of these facts."""
        facts = (fact, *others)
        recorded = any(f.provenance is Provenance.RECORD for f in facts)
        return Grounds(
            tuple(dict.fromkeys(f.via or f.question for f in facts)),
            (Provenance.RECORD if recorded else Provenance.ANSWER).value,
            tuple(sorted({f.ref for f in facts if f.ref})),
            "&".join(f"{f.question}={f.words}" for f in facts),
        )


def _stated(fact: Fact) -> tuple[str, str, str]:
    """An order of facts that is theirs, and not that in which they came."""
    return fact.words, fact.provenance.value, fact.ref


def _told_together(one: Fact, other: Fact) -> bool:
    if one.provenance is not other.provenance:
        return False
    return one.provenance is not Provenance.RECORD or one.ref == other.ref != ""


@dataclass(frozen=True, slots=True)
class Clause(ABC):
    """One part of a rule, waked by facts on `question`."""

    question: str

    @abstractmethod
    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """Add to `found` what `fact` means under this clause."""

    @abstractmethod
    def bands(self) -> tuple[Band, ...]:
        """Every band that the clause can ever lay."""

    def reads(self) -> tuple[str, ...]:
        """Every question whose answer the clause looks at."""
        return (self.question,)

    def can_block(self) -> bool:
        """Whether the clause can ever do more than give advice."""
        return any(band.verdict is not Verdict.CLEAR for band in self.bands())


def days_after(event: date, days: int | None) -> date | None:
    """The calendar day `days` after `event`; None stays open-ended."""
    return None if days is None else event + timedelta(days=days)


def happened(span: Span, today: date) -> date:
    """The least favourable day of something past: its last one, but not after today."""
    return min(span.last, today)
