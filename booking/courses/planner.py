"""Planning a course as a whole: which day and time each session gets. Pure.

No database, no clock. Whoever asks brings for each session the times that are free on
days that are clear; two sessions in a row lie at least `least` and at most `greatest`
days apart. A plan is the better, in this order,

1. the more sessions fall on one weekday at one time of day,
2. the more fall on that weekday at all,
3. the more are with one practitioner,
4. the more are at that time of day on whatever day,
5. the earlier its sessions are, the first one first;

and it begins within `BEGINS_WITHIN` days of the first day on which any plan can begin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from booking.courses.rhythm import (
    STEP,
    Free,
    Ranked,
    Rhythm,
    Session,
    Spot,
    rhythm_of,
)

__all__ = ["Free", "Gaps", "Spot", "Stuck", "breaks", "plan", "shift"]

BEGINS_WITHIN = 14
"""A regular rhythm is worth some days of waiting, but no more than these."""


@dataclass(frozen=True)
class Gaps:
    """Days from one session to the next, both included."""

    least: int
    greatest: int


@dataclass(frozen=True)
class Stuck:
    """No plan: session `number` (from 1) would have to lie within these days."""

    number: int
    first_day: date
    last_day: date


def plan(sessions: Sequence[Free], gaps: Gaps) -> tuple[Spot, ...] | Stuck:
    """The best plan, or the first session for which there is no time."""
    board = _Board(tuple(sessions), gaps)
    if not board.begins:
        return board.stuck()
    best: tuple[int, tuple[Spot, ...]] | None = None
    for rhythm in board.rhythms():
        ranked = [session.ranked(rhythm) for session in board.sessions]
        rhythms = [rhythm] * len(ranked)
        most = best[0] if best else STEP**4
        found = board.cheapest(ranked, rhythms, board.begins, most=most)
        if found is not None and (best is None or found < best):
            best = found
    return best[1] if best else board.stuck()


def shift(
    sessions: Sequence[Free], gaps: Gaps, *, after: date, current: Sequence[Spot]
) -> tuple[Spot, ...] | Stuck:
    """New places for the sessions that follow one on *after*, as few moves as can be.

    *current* is where they are now. One that moves keeps as much as it can of its
    weekday, time and practitioner.
    """
    board = _Board(tuple(sessions), gaps, first=after)
    ranked = [
        session.ranked_for_moving(spot)
        for session, spot in zip(board.sessions, current, strict=True)
    ]
    rhythms = [rhythm_of(spot) for spot in current]
    begins = board.window(gaps.least, gaps.greatest)
    found = board.cheapest(ranked, rhythms, begins, most=STEP**5)
    return found[1] if found else board.stuck(after=after)


def breaks(days: Sequence[date], gaps: Gaps) -> list[int]:
    """The positions in *days* that are too close to the one before or too far."""
    return [
        number
        for number in range(1, len(days))
        if not gaps.least <= (days[number] - days[number - 1]).days <= gaps.greatest
    ]


class _Board:
    """All sessions of a plan over the same days."""

    def __init__(
        self, sessions: tuple[Free, ...], gaps: Gaps, *, first: date | None = None
    ) -> None:
        known = [day for free in sessions for day in free]
        self.first = first or min(known, default=date.min)
        # Later sessions usually share their times: laid out once for all of them.
        laid: dict[int, Session] = {}
        for free in sessions:
            laid.setdefault(id(free), Session(free, self.first))
        self.sessions = [laid[id(free)] for free in sessions]
        self.gaps = gaps

    def window(self, least: int, greatest: int) -> int:
        """The days from *least* to *greatest*, both included."""
        return ((1 << greatest - least + 1) - 1) << least

    def before(self, days: int) -> int:
        """The days from which one of *days* can be reached in one gap."""
        reached = 0
        for gap in range(self.gaps.least, self.gaps.greatest + 1):
            reached |= days >> gap
        return reached

    @cached_property
    def begins_at_all(self) -> int:
        """The days on which a whole plan can begin."""
        days = self.sessions[-1].days
        for session in reversed(self.sessions[:-1]):
            days = session.days & self.before(days)
        return days

    @cached_property
    def begins(self) -> int:
        """Those of them that are not too long after the first."""
        days = self.begins_at_all
        if not days:
            return 0
        first = (days & -days).bit_length() - 1
        return days & self.window(first, first + BEGINS_WITHIN - 1)

    def stuck(self, after: date | None = None) -> Stuck:
        """The first session that no choice of the ones before it can reach."""
        low, high = self.gaps.least, self.gaps.greatest
        reached = 0 if after is None else 1
        for number, session in enumerate(self.sessions, start=1):
            if not reached:
                wanted = session.days
                first, last = 0, max(session.days.bit_length() - 1, 0)
            else:
                spread = 0
                for gap in range(low, high + 1):
                    spread |= reached << gap
                wanted = session.days & spread
                first = (spread & -spread).bit_length() - 1
                last = spread.bit_length() - 1
            if not wanted:
                return Stuck(number, self._day(first), self._day(last))
            reached = wanted
        raise ValueError("a plan exists")

    def _day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def rhythms(self) -> list[Rhythm]:
        """Those kept by most days first, so that the others are soon ruled out."""
        kept: dict[Rhythm, int] = defaultdict(int)
        people = {who for session in self.sessions for who in session.people}
        for session in self.sessions:
            for weekday, minute in session.times:
                for who in people:
                    rhythm = Rhythm(weekday, minute, who)
                    kept[rhythm] += session.rhythms.get(rhythm, 0).bit_count()
        return sorted(kept, key=lambda rhythm: (-kept[rhythm], rhythm))

    def cheapest(
        self,
        ranked: Sequence[Ranked],
        rhythms: Sequence[Rhythm],
        begins: int,
        *,
        most: int,
    ) -> tuple[int, tuple[Spot, ...]] | None:
        """The cheapest plan that begins on one of these days, the earliest such.

        None if there is none that costs at most *most*.
        """
        totals: list[dict[int, int]] = []
        ahead: dict[int, int] = {0: -1}
        for one in reversed(ranked):
            here: dict[int, int] = {}
            for rest, days in ahead.items():
                reach = self.before(days) if totals else days
                for cost, own in one:
                    if rest + cost <= most and own & reach:
                        here[rest + cost] = here.get(rest + cost, 0) | own & reach
            totals.append(here)
            ahead = here
        totals.reverse()
        total = min((c for c, days in totals[0].items() if days & begins), default=None)
        if total is None:
            return None
        return total, tuple(self._earliest(ranked, rhythms, totals, total, begins))

    def _earliest(
        self,
        ranked: Sequence[Ranked],
        rhythms: Sequence[Rhythm],
        totals: Sequence[dict[int, int]],
        total: int,
        days: int,
    ) -> Iterator[Spot]:
        for place, session in enumerate(self.sessions):
            days &= totals[place][total]
            number = (days & -days).bit_length() - 1
            yield session.best(number, rhythms[place])
            total -= next(cost for cost, own in ranked[place] if own >> number & 1)
            days = self.window(number + self.gaps.least, number + self.gaps.greatest)
