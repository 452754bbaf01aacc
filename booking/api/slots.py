"""The calendar. A quarter of a year can hold 20,000 slots, so its text is put together
here from masks, without an object for each slot."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, reduce
from itertools import compress
from operator import itemgetter, or_
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response

from booking import screenings
from booking.api import bodies, edge, schemas
from booking.api.edge import Calls, refusing
from booking.clock import local_day
from booking.diary import calendar, cells
from booking.diary.calendar import Diary, Search
from booking.errors import InvalidRequest
from booking.models.clinic import Site
from screening import Clearance, Verdict

calls = Calls("slots", __name__, description="The calendar")

CALL_US = "There is not enough time to check this online. Please call us."
_BITS = bytes.maketrans(b"01", b"\x00\x01")
FARTHEST = timedelta(days=3660)
LOOK_AHEAD = 28


@calls.route("/slots")
@calls.arguments(bodies.SlotsQuery, location="query")
@refusing(calls, 422)
@calls.response(200, schemas.Calendar)
def slots(query: dict[str, Any]) -> Response:
    """Every day from `from` on, with its verdict, reasons and free slots.

    A refused day has none; those of a hold day can be requested. `first_clear_slot` is
    the first free slot on a clear day: up to four weeks beyond, if need be.
    """
    site = edge.site_of(query["site"])
    first_day = _first_day(query["first_day"], site)
    screening = edge.screening_of(query["clearance"], site)
    search = Search(site, screening.treatment, edge.now())
    clearance = screenings.clearance_of(screening)
    found = calendar.load(search, first_day, query["days"])
    who = query.get("practitioner")
    if who is not None and who not in found.practitioners:
        raise InvalidRequest.of(
            "practitioner", "Choose somebody who offers this treatment here."
        )
    page = _Page.of(found, clearance, now=search.now, practitioner=who)
    first = page.first_clear() or _later(search, page)
    text = f'{{"days":[{",".join(page.days())}],"first_clear_slot":{first or "null"}}}'
    return Response(text, mimetype="application/json")


def _first_day(wanted: date, site: Site) -> date:
    today = local_day(edge.now(), site.timezone)
    if wanted < today:
        raise InvalidRequest.of("from", f"Choose a day from today ({today}) on.")
    if wanted > today + FARTHEST:
        raise InvalidRequest.of("from", "Choose an earlier day.")
    return wanted


@dataclass(frozen=True)
class _Page:
    """What a calendar shows: starts that may be offered, by practitioner."""

    diary: Diary
    clearance: Clearance
    offered: Mapping[int, int]
    verdicts: Mapping[date, Verdict]
    early: frozenset[date]
    practitioner: int | None

    @classmethod
    def of(
        cls,
        found: Diary,
        clearance: Clearance,
        *,
        now: datetime,
        practitioner: int | None,
    ) -> _Page:
        offered, verdicts, early = calendar.offer(found, clearance, now=now)
        if practitioner is not None:
            offered = {practitioner: offered.get(practitioner, 0)}
        return cls(found, clearance, offered, verdicts, early, practitioner)

    def days(self) -> Iterator[str]:
        """The days as JSON."""
        horizon = self.diary.horizon
        starts, texts = self._starts()
        first = 0
        for day, (_, end) in zip(horizon.days_list, horizon.day_spans, strict=True):
            until = bisect_left(starts, horizon.first_cell + end)
            yield self._day(day, texts[first:until])
            first = until

    def _day(self, day: date, texts: list[str]) -> str:
        reasons = self.clearance.reasons_on(day)
        if day in self.early and not texts:
            reasons = (*reasons, CALL_US)
        return (
            f'{{"day":"{day}","verdict":"{self.verdicts[day].word}",'
            f'"reasons":{_listed(reasons)},"slots":[{",".join(texts)}]}}'
        )

    def _starts(self) -> tuple[list[int], list[str]]:
        """The cells at which somebody is free, and for each the text of its slots."""
        horizon = self.diary.horizon
        anybody = reduce(or_, self.offered.values(), 0)
        starts = list(cells.starts_of(anybody, horizon))
        if not starts:
            return [], []
        people = sorted(self.offered)
        tails = [f"{who or 'null'}}}" for who in people]
        # The last one is there because of one item itemgetter makes no tuple.
        pick = itemgetter(*(cell - horizon.first_cell for cell in starts), 0)
        columns = [pick(_flags(self.offered[who], horizon.cells)) for who in people]
        heads = [_head(horizon.zone, cell, self._cells_long) for cell in starts]
        return starts, [
            head + f",{head}".join(compress(tails, free))
            for head, free in zip(heads, zip(*columns, strict=True), strict=False)
        ]

    def first_clear(self) -> str | None:
        """The first free slot on a clear day, as JSON."""
        days = {
            day for day, verdict in self.verdicts.items() if verdict is Verdict.CLEAR
        }
        clear = cells.day_mask(self.diary.horizon, days)
        first = [
            ((mask & -mask).bit_length() - 1, who)
            for who, found in self.offered.items()
            if (mask := found & clear)
        ]
        if not first:
            return None
        bit, who = min(first)
        cell = self.diary.horizon.first_cell + bit
        head = _head(self.diary.horizon.zone, cell, self._cells_long)
        return f"{head}{who or 'null'}}}"

    @property
    def _cells_long(self) -> int:
        return self.diary.length // cells.CELL


def _later(search: Search, page: _Page) -> str | None:
    """The first free slot on a clear day of the four weeks after the page, as JSON.

    Nothing more is read for a page that is long enough and had clear days.
    """
    days = page.diary.horizon.days_list
    if len(days) >= LOOK_AHEAD and Verdict.CLEAR in page.verdicts.values():
        return None
    site = search.site
    last = local_day(search.now, site.timezone) + timedelta(days=site.horizon_days)
    day = page.clearance.first_clear_day(days[-1] + timedelta(days=1))
    if day is None or day >= last:
        return None
    rest = calendar.load(search, day, min(LOOK_AHEAD, (last - day).days))
    later = _Page.of(
        rest, page.clearance, now=search.now, practitioner=page.practitioner
    )
    return later.first_clear()


@lru_cache(maxsize=512)
def _listed(texts: tuple[str, ...]) -> str:
    return json.dumps(texts)


def _flags(mask: int, length: int) -> bytes:
    """A byte for each bit: 0 or 1."""
    return f"{mask:0{length}b}"[::-1].encode().translate(_BITS)


# The starts of one quarter; neighbouring requests ask for the same ones again.
@lru_cache(maxsize=16_384)
def _head(zone: ZoneInfo, cell: int, cells_long: int) -> str:
    """A slot's JSON up to its practitioner."""
    start, end = _stamp(zone, cell), _stamp(zone, cell + cells_long)
    return f'{{"start":"{start}","end":"{end}","practitioner":'


def _stamp(zone: ZoneInfo, cell: int) -> str:
    return cells.instant_of(cell).astimezone(zone).isoformat()
