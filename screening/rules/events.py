"""Things that happen: the days since a past one, the days around a planned one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from screening.facts import NOW, Fact, Span
from screening.rules.model import (
    Band,
    Case,
    Cases,
    Clause,
    Findings,
    Grounds,
    Sight,
    days_after,
    happened,
)

Stretch = tuple[date, date | None, Band]


@dataclass(frozen=True, slots=True)
class Since(Clause):
    """Days since an event; `now` means that it happens today."""

    cases: Cases

    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """Lay the bands of the case from the day of the event."""
        if fact.span is None and fact.value != NOW:
            return
        event = happened(fact.span, sight.today) if fact.span else sight.today
        cases, others = chosen(self.cases, fact, sight)
        grounds = sight.grounds(fact, *others)
        for case in cases:
            for band in case.bands:
                first = event + timedelta(days=band.start)
                found.add(band, first, days_after(event, band.end), of=grounds)

    def reads(self) -> tuple[str, ...]:
        """The event and what its bands depend on."""
        return (self.question, *_by(self.cases))

    def bands(self) -> tuple[Band, ...]:
        """Every band of every case."""
        return self.cases.all_bands()


@dataclass(frozen=True, slots=True)
class Planned(Clause):
    """The days before a planned thing, during it and after it.

    A month or a year may mean any of its days. `end` asks for its last day; if that is
    not known it is `end_days` after the first one. With `only_ahead` the question also
    tells of the past, and only what lies ahead counts here.
    """

    cases: Cases
    end: str | None = None
    end_days: int = 0
    only_ahead: bool = False

    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """Lay the bands before its first day and after its last one."""
        span = self._span(fact, sight.today)
        if span is None:
            return
        last, ends = self._last(fact, span, sight)
        cases, others = chosen(self.cases, fact, sight)
        grounds = sight.grounds(fact, *ends, *others)
        # It begins no later than it ends, however vaguely its beginning was told.
        begins = Span(span.first, min(span.last, last))
        for case in cases:
            lay_around(begins, last, case, found, of=grounds)

    def _span(self, fact: Fact, today: date) -> Span | None:
        if fact.value == NOW and not self.only_ahead:
            return Span(today, today)
        if fact.span and self.only_ahead and fact.span.last <= today:
            return None
        return fact.span

    def _last(
        self, fact: Fact, span: Span, sight: Sight
    ) -> tuple[date, tuple[Fact, ...]]:
        """The last day of the thing, and the facts that tell of it."""
        if self.end is None:
            return span.last, ()
        told = sight.beside(fact, self.end)
        ends = [_last_day(end, sight.today) for end in told]
        known = [day for day in ends if day is not None and day >= span.first]
        if known:
            return max(known), told
        return span.last + timedelta(days=self.end_days), told

    def reads(self) -> tuple[str, ...]:
        """The planned thing, its end, and what its bands depend on."""
        end = () if self.end is None else (self.end,)
        return (self.question, *end, *_by(self.cases))

    def bands(self) -> tuple[Band, ...]:
        """Every band of every case."""
        return self.cases.all_bands()


def lay_around(
    span: Span, last: date, case: Case, found: Findings, *, of: Grounds
) -> None:
    """Lay the bands around something that begins in `span` and ends on `last`."""
    stretches: list[Stretch] = []
    for band in case.before:
        until = span.last - timedelta(days=band.start - 1)
        first = span.first - timedelta(days=band.end - 1) if band.end else date.min
        stretches.append((first, until, band))
    for band in case.bands:
        # The first band after it also covers the days during it.
        first = last + timedelta(days=band.start) if band.start else span.first
        stretches.append((first, days_after(last, band.end), band))
    for since, end, band, part in joined(stretches):
        found.add(band, since, end, of=of, part=part)


def joined(
    stretches: list[Stretch],
) -> list[tuple[date, date | None, Band, str]]:
    """The stretches in order; neighbours that mean the same become one.

    The fourth part names the joined bands, so that the window keeps its identity.
    """
    done: list[tuple[date, date | None, Band, str]] = []
    for first, until, band in sorted(stretches, key=_by_day):
        if done:
            since, end, before, part = done[-1]
            if _same(before, band) and (end is None or first <= end):
                latest = None if end is None or until is None else max(end, until)
                done[-1] = (since, latest, before, f"{part}{band.start}-{band.end}+")
                continue
        done.append((first, until, band, ""))
    return done


def _by_day(stretch: Stretch) -> tuple[date, date, int]:
    first, until, band = stretch
    return first, until or date.max, band.start


def _same(one: Band, other: Band) -> bool:
    """Whether two bands say the same about a day."""
    return (one.rule, one.verdict, one.release_by, one.reason, one.sources) == (
        other.rule,
        other.verdict,
        other.release_by,
        other.reason,
        other.sources,
    )


def chosen(
    cases: Cases, fact: Fact, sight: Sight
) -> tuple[tuple[Case, ...], tuple[Fact, ...]]:
    """The cases that apply to `fact`, and the other facts that decided it."""
    if cases.by is None:
        return cases.cases, ()
    others = sight.beside(fact, cases.by)
    return cases.picked(frozenset(other.words for other in others)), others


def _last_day(end: Fact, today: date) -> date | None:
    if end.value == NOW:
        return today
    return end.span.last if end.span else None


def _by(cases: Cases) -> tuple[str, ...]:
    return () if cases.by is None else (cases.by,)
