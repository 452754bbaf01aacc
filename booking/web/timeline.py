"""The patient's own timeline: what blocks which days, and when it clears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from operator import itemgetter

from screening import Clearance, Verdict, Window

SHORTEST, LONGEST, MARGIN = 42, 372, 10


@dataclass(frozen=True)
class Bar:
    """A stretch of days as percentages of the picture; `until` None is open-ended."""

    left: float
    width: float
    verdict: str
    first: date
    until: date | None


@dataclass(frozen=True)
class Row:
    """One reason and its stretches, in the order of time.

    `ends_by` is who can end the last of them: an authority of the rulebook.
    """

    reason: str
    bars: tuple[Bar, ...]
    sources: tuple[str, ...]
    ends_by: str

    @property
    def clears_on(self) -> date | None:
        """The first day on which this reason no longer counts; None without an end."""
        return self.bars[-1].until


@dataclass(frozen=True)
class Mark:
    left: float
    day: date


@dataclass(frozen=True)
class Timeline:
    """The days `[first, until)`: all reasons together, then one by one."""

    first: date
    until: date
    whole: tuple[Bar, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]


def draw(clearance: Clearance, today: date) -> Timeline | None:
    """The picture from *today* on; None if nothing stands in the way."""
    windows = [
        w for w in clearance.windows if w.until_day is None or w.until_day > today
    ]
    if not windows:
        return None
    until = today + timedelta(days=_length(windows, today))
    scale = _Scale(today, until)
    return Timeline(
        first=today,
        until=until,
        whole=_whole(clearance, scale),
        rows=_rows(windows, scale),
        marks=_marks(scale),
    )


@dataclass(frozen=True)
class _Scale:
    first: date
    until: date

    def at(self, day: date) -> float:
        share = (day - self.first) / (self.until - self.first)
        return round(100 * min(max(share, 0), 1), 2)

    def bar(self, verdict: Verdict, first: date, until: date | None) -> Bar:
        left, right = self.at(first), self.at(until or self.until)
        return Bar(left, round(right - left, 2), verdict.word, first, until)


def _length(windows: Sequence[Window], today: date) -> int:
    ends = [w.until_day or w.from_day + timedelta(days=28) for w in windows]
    farthest = (max(ends) - today).days + MARGIN
    return min(max(farthest, SHORTEST), LONGEST)


def _whole(clearance: Clearance, scale: _Scale) -> tuple[Bar, ...]:
    days = [
        scale.first + timedelta(days=n) for n in range((scale.until - scale.first).days)
    ]
    bars = []
    for verdict, run in groupby(days, key=clearance.verdict_on):
        stretch = list(run)
        last = stretch[-1] + timedelta(days=1)
        bars.append(
            scale.bar(verdict, stretch[0], None if last == scale.until else last)
        )
    return tuple(bars)


def _rows(windows: Sequence[Window], scale: _Scale) -> tuple[Row, ...]:
    """The windows of one rule and cause are one reason in several stages."""
    reasons: dict[tuple[str, tuple[str, ...]], list[Window]] = {}
    for window in windows:
        reasons.setdefault((window.rule, window.questions), []).append(window)
    rows = []
    for stages in reasons.values():
        stages.sort(key=lambda w: (w.from_day, w.until_day or date.max))
        worst = max(stages, key=lambda w: w.verdict)
        last = max(stages, key=lambda w: w.until_day or date.max)
        bars = tuple(_stretches(stages, scale))
        rows.append(Row(worst.reason, bars, worst.sources, last.release_by))
    return tuple(rows)


def _stretches(stages: Sequence[Window], scale: _Scale) -> Iterator[Bar]:
    """Where stages overlap the worse one counts, as it does for the day."""
    firsts = {max(window.from_day, scale.first) for window in stages}
    edges = sorted(firsts | {window.until_day or date.max for window in stages})
    pieces = ((_worst(stages, first), first, until) for first, until in pairwise(edges))
    for verdict, run in groupby(pieces, key=itemgetter(0)):
        if verdict is Verdict.CLEAR:
            continue
        days = [(first, until) for _, first, until in run]
        first, until = days[0][0], days[-1][1]
        yield scale.bar(verdict, first, None if until == date.max else until)


def _worst(stages: Sequence[Window], day: date) -> Verdict:
    over = (window.verdict for window in stages if window.covers(day))
    return max(over, default=Verdict.CLEAR)


def _marks(scale: _Scale) -> tuple[Mark, ...]:
    """The first of each month, thinned out so that their names do not touch."""
    firsts = []
    day = scale.first.replace(day=1)
    while day < scale.until:
        if day > scale.first:
            firsts.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    every = 1 + len(firsts) // 5
    return tuple(Mark(scale.at(day), day) for day in firsts[::every])
