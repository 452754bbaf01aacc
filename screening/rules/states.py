"""Conditions, ticked answers, written answers and ages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from screening.facts import NOW, Fact
from screening.rules.model import Band, Clause, Findings, Sight, days_after, happened


@dataclass(frozen=True, slots=True)
class Lasting:
    """A band without end, as long as the answer stands."""

    band: Band

    def lay(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """From today on."""
        found.add(self.band, sight.today, None, of=sight.grounds(fact))


@dataclass(frozen=True, slots=True)
class Passing:
    """A condition that may end today at the earliest, and does not end by itself.

    `band` covers what would be blocked if it ended today; `still` every day after that,
    until the patient reports the end.
    """

    band: Band
    still: Band

    def lay(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """From today, then until an answer."""
        grounds = sight.grounds(fact)
        turn = days_after(sight.today, self.band.end)
        found.add(self.band, sight.today, turn, of=grounds)
        if turn is not None:
            found.add(self.still, turn, None, of=grounds, part="still ")


@dataclass(frozen=True, slots=True)
class Counted:
    """A band of fixed length that begins on the day of the answer."""

    band: Band

    def lay(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """From that day for the length of the band."""
        given = min(fact.given or sight.today, sight.today)
        until = days_after(given, self.band.end)
        found.add(self.band, given, until, of=sight.grounds(fact))


Meaning = Lasting | Passing | Counted


@dataclass(frozen=True, slots=True)
class State(Clause):
    """A condition: present, or over since a day."""

    now: Lasting | Passing | None
    ended: tuple[Band, ...]

    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """What its presence, or the time since its end, means."""
        if fact.value == NOW:
            if self.now is not None:
                self.now.lay(fact, sight, found)
            return
        if fact.span is None or fact.span.first > sight.today:
            return
        end = happened(fact.span, sight.today)
        grounds = sight.grounds(fact)
        for band in self.ended:
            first = end + timedelta(days=band.start)
            found.add(band, first, days_after(end, band.end), of=grounds)

    def bands(self) -> tuple[Band, ...]:
        """What it means while it is present and once it is over."""
        return self.ended if self.now is None else (self.now.band, *self.ended)


@dataclass(frozen=True, slots=True)
class Tick(Clause):
    """Certain answers to a yes/no question, a choice or a tick list."""

    answers: frozenset[str]
    meaning: Meaning

    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """Lay the meaning if one of the answers was given."""
        given = (fact.value,) if isinstance(fact.value, str) else fact.value
        if not self.answers.isdisjoint(given):
            self.meaning.lay(fact, sight, found)

    def bands(self) -> tuple[Band, ...]:
        """What the answers mean."""
        return (self.meaning.band,)


@dataclass(frozen=True, slots=True)
class Words(Clause):
    """Anything written, or what holds one of certain words: a person must read it."""

    band: Band
    mentions: tuple[str, ...] = ()

    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """Open-ended if there is such a text."""
        text = fact.words.casefold()
        mentioned = any(word in text for word in self.mentions)
        if mentioned or (text.strip() and not self.mentions):
            found.add(self.band, sight.today, None, of=sight.grounds(fact))

    def bands(self) -> tuple[Band, ...]:
        """The one band."""
        return (self.band,)


@dataclass(frozen=True, slots=True)
class Age(Clause):
    """A range of ages in years, from one birthday to another."""

    from_age: int
    until_age: int
    band: Band

    def judge(self, fact: Fact, sight: Sight, found: Findings) -> None:
        """The days on which the patient has such an age."""
        if fact.span is None:
            return
        born = fact.span.last
        first, until = birthday(born, self.from_age), birthday(born, self.until_age)
        # Most people are past it: then the grounds need not be put together.
        if until > sight.today:
            found.add(self.band, first, until, of=sight.grounds(fact))

    def bands(self) -> tuple[Band, ...]:
        """The one band."""
        return (self.band,)


def birthday(born: date, age: int) -> date:
    """The day on which somebody born on `born` turns `age`.

    Born on 29 February, one is older on 1 March of a year without that day: the later
    of the two readings, which blocks longer.
    """
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
