"""How far apart two treatments must lie: own rules first, then the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from screening.facts import Span
from screening.rules.events import lay_around
from screening.rules.model import Band, Case, Cases, Findings, Grounds
from screening.windows import Authority, Verdict


@dataclass(frozen=True, slots=True)
class Measure:
    """How a recorded depth picks a case; a planned visit counts as `planned`."""

    millimetres: float
    up_to: str
    over: str
    planned: str


@dataclass(frozen=True, slots=True)
class Spacing:
    """The bands after one treatment in which another must not follow."""

    cases: Cases
    measure: Measure | None = None

    def planned(self) -> tuple[Band, ...]:
        """The bands after a visit that has not taken place yet."""
        return self._bands(self.measure.planned if self.measure else None)

    def recorded(self, depth_mm: float | None) -> tuple[Band, ...]:
        """The bands after a visit that has: of unknown depth, the longest ones."""
        if self.measure is None or depth_mm is None:
            return self._bands(None)
        deep = depth_mm > self.measure.millimetres
        return self._bands(self.measure.over if deep else self.measure.up_to)

    def _bands(self, answer: str | None) -> tuple[Band, ...]:
        answers = frozenset[str]() if answer is None else frozenset({answer})
        return tuple(b for case in self.cases.picked(answers) for b in case.bands)


Spacings = Mapping[tuple[str, str], Spacing]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What another treatment means for `treatment`, before it and after it."""

    treatment: str
    spacings: Spacings
    reason: str
    _ahead: Mapping[str, tuple[Band, ...]] = field(
        init=False, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        """The same for every screening, so made once."""
        ahead = {
            other: tuple(
                replace(band, reason=self.reason) for band in spacing.planned()
            )
            for (first, other), spacing in self.spacings.items()
            if first == self.treatment
        }
        object.__setattr__(self, "_ahead", ahead)

    def lay(
        self,
        other: str,
        day: date,
        found: Findings,
        *,
        depth_mm: float | None,
        planned: bool = False,
        of: Grounds,
    ) -> None:
        """Lay the bands around `other` on `day`, a treatment on record or booked."""
        after = self.spacings.get((other, self.treatment))
        bands: tuple[Band, ...] = ()
        if after is not None:
            ahead = day > found.today or (planned and day == found.today)
            ahead = ahead and depth_mm is None
            bands = after.planned() if ahead else after.recorded(depth_mm)
        case = Case(
            frozenset(), otherwise=True, bands=bands, before=self.ahead_of(other)
        )
        lay_around(Span(day, day), day, case, found, of=of)

    def around_elsewhere(self, other: str) -> tuple[tuple[Band, ...], tuple[Band, ...]]:
        """The bands before and after `other` at another clinic, of unknown depth."""
        after = self.spacings.get((other, self.treatment))
        return self.ahead_of(other), after.recorded(None) if after else ()

    def ahead_of(self, other: str) -> tuple[Band, ...]:
        """The bands in which `other` must not follow this treatment."""
        return self._ahead.get(other, ())


def strictest(
    choices: Iterable[tuple[Band, ...]], *, rule: str, reason: str
) -> tuple[Band, ...]:
    """Bands that are on every day as strict as the strictest of the choices."""
    bands = [band for choice in choices for band in choice]
    edges = sorted({b.start for b in bands} | {b.end for b in bands if b.end})
    made: list[Band] = []
    for start, end in zip(edges, [*edges[1:], None], strict=True):
        over = [
            b for b in bands if b.start <= start and (b.end is None or start < b.end)
        ]
        if not over:
            continue
        worst = max(b.verdict for b in over)
        by = max((b.release_by for b in over), key=_rank)
        sources = tuple(dict.fromkeys(s for b in over for s in b.sources))
        made.append(Band(rule, start, end, worst, by, reason, sources))
    return _compressed(made)


def _compressed(bands: list[Band]) -> tuple[Band, ...]:
    """Neighbouring bands of one strictness as one."""
    done: list[Band] = []
    for band in bands:
        if done and _alike(done[-1], band):
            sources = tuple(dict.fromkeys((*done[-1].sources, *band.sources)))
            done[-1] = replace(done[-1], end=band.end, sources=sources)
        else:
            done.append(band)
    return tuple(done)


def _alike(one: Band, other: Band) -> bool:
    return (one.end, one.verdict, one.release_by) == (
        other.start,
        other.verdict,
        other.release_by,
    )


def _rank(authority: Authority) -> int:
    return authority.rank


def refusal(
    rule: str, days: int, *, reason: str, sources: tuple[str, ...]
) -> tuple[Band, ...]:
    """The band of a cell of the table: refused, unless a clinician decides."""
    if days == 0:
        return ()
    band = Band(rule, 0, days, Verdict.REFUSE, Authority.CLINICIAN, reason, sources)
    return (band,)
