"""Who is next for a time that has come free: the longest waiting whom it really suits.

Reads only. What costs little is asked first: days and wishes in the database, free time
once for each treatment; answers are opened one by one in the order of waiting, and the
first person for whom everything holds ends the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import chain, islice
from typing import Any, cast

from sqlalchemy import LargeBinary, select, type_coerce

from booking import gate, requirements, screenings
from booking.db import among, db, keys
from booking.diary import availability
from booking.models.clinic import Site, Treatment
from booking.models.screening import Screening, given_on
from booking.models.settlement import Settlement
from booking.models.waitlist import FreedSlot
from booking.waitlist import deadlines, queue
from booking.waitlist.openings import Openings, Start, days_of
from booking.waitlist.queue import Candidate
from screening import Verdict

CHUNKS = (4, 32, 256)
"""How many answers are fetched at once, while the right person is not found."""


@dataclass(frozen=True)
class Match:
    """Who is to be offered what. Several people share one place, and so one plan."""

    people: tuple[Candidate, ...]
    start: datetime
    practitioner: int | None
    terms: deadlines.Terms


@dataclass(frozen=True)
class _Answers:
    """What of a screening decides, still sealed."""

    day: date
    sealed: bytes
    sealed_days: bytes | None
    area: str

    @cached_property
    def answers(self) -> dict[str, Any]:
        opened: dict[str, Any] = keys().open(self.sealed)
        return opened

    @cached_property
    def given_on(self) -> dict[str, date]:
        days = None if self.sealed_days is None else keys().open(self.sealed_days)
        return given_on(self.answers, self.day, days)


def find(slot: FreedSlot, site: Site, *, now: datetime) -> Match | None:
    """The next person to be offered *slot*, with as many more as the site's group has
    room for."""
    waiting = queue.candidates(site, *days_of(slot, site, now), now=now)
    first = next(waiting, None)
    if first is None:
        return None
    openings = Openings(slot, site, now)
    # Held until the search ends: the session forgets what nobody refers to, and would
    # read the treatment anew for every person.
    _offered = db.session.scalars(select(Treatment)).all()
    chosen: Match | None = None
    for candidate, start in _right(chain([first], waiting), openings, site, now):
        found = _match(candidate, start, site, now)
        if found is None:
            continue
        if chosen is None:
            chosen = found
            who = found.practitioner or availability.NOBODY
            openings.pin(candidate.kind, found.start, who)
        else:
            chosen = _joined(chosen, found)
        if len(chosen.people) >= max(site.waitlist_group, 1):
            break
    return chosen


def _right(
    waiting: Iterable[Candidate], openings: Openings, site: Site, now: datetime
) -> Iterator[tuple[Candidate, Start]]:
    """People in the order of waiting, each with the start that is right for them."""
    suited = (
        (candidate, starts)
        for candidate in waiting
        if (starts := _suitable(candidate, openings.of(candidate.kind)))
    )
    required = requirements.required_everywhere()
    for chunk in _chunks(suited):
        sealed = _sealed(candidate for candidate, _ in chunk)
        settled = _settled(candidate for candidate, _ in chunk)
        for candidate, _ in chunk:
            # Asked anew: the first of a group has decided for all of it by now.
            starts = _suitable(candidate, openings.of(candidate.kind))
            if not starts:
                continue
            # Where staff settled something about this person, or something has to come
            # before the treatment, answers alone decide nothing.
            asked = candidate.patient_id in settled or required.get(
                candidate.kind.treatment
            )
            if not asked and not _may_be_clear(
                candidate, sealed[candidate.screening_id], starts, site, now
            ):
                continue
            if start := _first_right(candidate, starts, site, now):
                yield candidate, start


def _suitable(candidate: Candidate, starts: Iterable[Start]) -> list[Start]:
    wish, before = candidate.wish, candidate.before
    return [
        start
        for start in starts
        if wish.suits(start.day, start.wall)
        and (before is None or start.at < before)
        and any(wish.accepts(who) for who in start.who)
    ]


def _chunks(
    suited: Iterator[tuple[Candidate, list[Start]]],
) -> Iterator[list[tuple[Candidate, list[Start]]]]:
    sizes = iter(CHUNKS)
    size = next(sizes)
    while chunk := list(islice(suited, size)):
        yield chunk
        size = next(sizes, size)


def _sealed(people: Iterable[Candidate]) -> dict[int, _Answers]:
    wanted = {person.screening_id for person in people}
    rows = db.session.execute(
        select(
            Screening.id,
            Screening.day,
            type_coerce(Screening.answers, LargeBinary),
            type_coerce(Screening.answer_days, LargeBinary),
            Screening.area,
        ).where(among(Screening.id, wanted))
    )
    return {
        number: _Answers(day, sealed, days, area)
        for number, day, sealed, days, area in rows
    }


def _settled(people: Iterable[Candidate]) -> set[int]:
    """Those about whom staff settled something: their answers alone decide nothing."""
    wanted = {person.patient_id for person in people}
    rows = select(Settlement.patient_id).where(among(Settlement.patient_id, wanted))
    return set(db.session.scalars(rows))


def _may_be_clear(
    candidate: Candidate,
    given: _Answers,
    starts: Sequence[Start],
    site: Site,
    now: datetime,
) -> bool:
    """Whether the answers alone leave a day clear: records only take days away here
    (I-3), and to read them costs ten times as much."""
    clearance = gate.judge(
        site,
        candidate.kind.treatment,
        given.area,
        given.answers,
        (),
        now=now,
        # Where something has to come first, the records are asked instead.
        required=(),
    )
    days = {start.day for start in starts}
    if all(clearance.verdict_on(day) is not Verdict.CLEAR for day in days):
        return False
    # Asked last: most are unsafe, and need not be asked how old their answers are.
    return not screenings.is_stale(cast("Screening", given), site, now=now)


def _first_right(
    candidate: Candidate, starts: Sequence[Start], site: Site, now: datetime
) -> Start | None:
    """The nearest start that answers *and* records leave clear, at which they have
    nothing else, and which they were not offered before."""
    row = db.session.get_one(Screening, candidate.screening_id)
    if screenings.is_stale(row, site, now=now):
        return None
    clearance = gate.clearance_for(
        site,
        row.treatment,
        row.area,
        row.answers,
        now=now,
        patient_id=candidate.patient_id,
        ignoring=candidate.visit_id,
    )
    clear = [s for s in starts if clearance.verdict_on(s.day) is Verdict.CLEAR]
    if not clear:
        return None
    taken = queue.taken(candidate, min(clear).at, max(clear).at)
    return next((start for start in clear if not taken.meets(start.at)), None)


def _match(
    candidate: Candidate, start: Start, site: Site, now: datetime
) -> Match | None:
    """None where there is no time left to ask."""
    terms = deadlines.terms(site, start.at, now=now, no_later=candidate.give_up_by)
    if terms is None:
        return None
    accepted = [who for who in sorted(start.who) if candidate.wish.accepts(who)]
    who = start.best if start.best in accepted else accepted[0]
    return Match((candidate,), start.at, who or None, terms)


def _joined(chosen: Match, found: Match) -> Match:
    """One more for the same place; all of them answer by the same time."""
    terms = min(chosen.terms, found.terms, key=lambda one: one.answer_by)
    return Match(
        (*chosen.people, *found.people), chosen.start, chosen.practitioner, terms
    )
