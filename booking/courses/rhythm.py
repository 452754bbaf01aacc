"""The free days and times of one session of a course, laid out as masks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

STEP = 8
"""More than any course has sessions, so that a worse point never makes up for it."""

Free = Mapping[date, Mapping[int, frozenset[int]]]
"""Day → minute of the day on the wall → the practitioners who are free then."""


class Spot(NamedTuple):
    """Where a session is: day, minute of the day, practitioner."""

    day: date
    minute: int
    who: int


class Rhythm(NamedTuple):
    """What the sessions of a course are to have in common."""

    weekday: int
    minute: int
    who: int


def rhythm_of(spot: Spot) -> Rhythm:
    """What a session shares with others at the same time of the week."""
    return Rhythm(spot.day.weekday(), spot.minute, spot.who)


Ranked = list[tuple[int, int]]
"""What the best spot of a day costs, and the days (a bit each) for which it does."""


@dataclass(frozen=True)
class Session:
    """The free times of one session; days are counted from *first*."""

    free: Free
    first: date

    @cached_property
    def days(self) -> int:
        """The days with any free time, a bit for each."""
        return self._laid[0]

    @cached_property
    def weekdays(self) -> Mapping[int, int]:
        """Weekday → those of them that fall on it."""
        return self._laid[1]

    @cached_property
    def times(self) -> Mapping[tuple[int, int], int]:
        """Weekday and minute → the days on which that time is free."""
        return self._laid[2]

    @cached_property
    def people(self) -> Mapping[int, int]:
        """Practitioner → the days on which they are free at any time."""
        return self._laid[3]

    @cached_property
    def rhythms(self) -> Mapping[Rhythm, int]:
        """Rhythm → the days that keep it wholly."""
        return self._laid[4]

    @cached_property
    def hours(self) -> Mapping[tuple[int, int | None], int]:
        """Minute and practitioner (None: anybody) → the days on which both are free."""
        found: dict[tuple[int, int | None], int] = defaultdict(int)
        for rhythm, days in self.rhythms.items():
            found[rhythm.minute, rhythm.who] |= days
            found[rhythm.minute, None] |= days
        return found

    @cached_property
    def _laid(
        self,
    ) -> tuple[
        int,
        dict[int, int],
        dict[tuple[int, int], int],
        dict[int, int],
        dict[Rhythm, int],
    ]:
        days = 0
        weekdays: dict[int, int] = defaultdict(int)
        times: dict[tuple[int, int], int] = defaultdict(int)
        people: dict[int, int] = defaultdict(int)
        rhythms: dict[Rhythm, int] = defaultdict(int)
        for day, found in self.free.items():
            number = (day - self.first).days
            if number < 0 or not any(found.values()):
                continue
            bit, weekday = 1 << number, day.weekday()
            days |= bit
            weekdays[weekday] |= bit
            for minute, there in found.items():
                for who in there:
                    times[weekday, minute] |= bit
                    people[who] |= bit
                    rhythms[Rhythm(weekday, minute, who)] |= bit
        return days, weekdays, times, people, rhythms

    def ranked(self, rhythm: Rhythm) -> Ranked:
        """Every day by what it costs, the cheapest first; each day once."""
        weekday = self.weekdays.get(rhythm.weekday, 0)
        theirs = self.people.get(rhythm.who, 0)
        classes = (
            (0, self.rhythms.get(rhythm, 0)),
            (STEP, self.times.get((rhythm.weekday, rhythm.minute), 0)),
            (STEP**3 + 1, weekday & theirs),
            (STEP**3 + STEP + 1, weekday),
            (STEP**3 + STEP**2, self.hours.get((rhythm.minute, rhythm.who), 0)),
            (STEP**3 + STEP**2 + 1, theirs),
            (STEP**3 + STEP**2 + STEP, self.hours.get((rhythm.minute, None), 0)),
            (STEP**3 + STEP**2 + STEP + 1, self.days),
        )
        found, left = [], self.days
        for cost, days in classes:
            if days & left:
                found.append((cost, days & left))
                left &= ~days
        return found

    def ranked_for_moving(self, spot: Spot) -> Ranked:
        """Staying costs nothing; what moves keeps what it can of its rhythm."""
        number = (spot.day - self.first).days
        stays = 1 << number & self.days if number >= 0 else 0
        moves = [
            (STEP**4 + cost, days & ~stays)
            for cost, days in self.ranked(rhythm_of(spot))
        ]
        return [(0, stays), *moves]

    def best(self, number: int, rhythm: Rhythm) -> Spot:
        """The spot of a day that costs what `ranked` says."""
        day = self.first + timedelta(days=number)
        found = self.free[day]
        there = found.get(rhythm.minute)
        if day.weekday() == rhythm.weekday and there:
            who = rhythm.who if rhythm.who in there else min(there)
            return Spot(day, rhythm.minute, who)
        if there and rhythm.who in there:
            return Spot(day, rhythm.minute, rhythm.who)
        theirs = [minute for minute, who in found.items() if rhythm.who in who]
        if theirs:
            return Spot(day, min(theirs), rhythm.who)
        if there:
            return Spot(day, rhythm.minute, min(there))
        minute = min(minute for minute, who in found.items() if who)
        return Spot(day, minute, min(found[minute]))
