"""The starts that a freed time makes possible, for each kind of visit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.clock import local_day
from booking.diary import availability, calendar, cells
from booking.diary.calendar import Diary, Search
from booking.errors import InvalidRequest
from booking.models.clinic import Site
from booking.models.waitlist import FreedSlot
from booking.waitlist.queue import Kind


class Start(NamedTuple):
    """A start that is free, as the wishes see it; `best` is whom the diary would
    choose."""

    at: datetime
    day: date
    wall: time
    who: frozenset[int]
    best: int


def days_of(slot: FreedSlot, site: Site, now: datetime) -> tuple[date, date]:
    today = local_day(now, site.timezone)
    last = today + timedelta(days=site.horizon_days - 1)
    return (
        max(today, local_day(slot.starts_at, site.timezone)),
        min(last, local_day(slot.ends_at, site.timezone)),
    )


@dataclass
class Openings:
    """The free starts that touch the slot, for each kind of visit (read once each)."""

    slot: FreedSlot
    site: Site
    now: datetime
    known: dict[Kind, tuple[Start, ...]] = field(default_factory=dict)
    only: Kind | None = None

    def of(self, kind: Kind) -> tuple[Start, ...]:
        if self.only is not None and kind != self.only:
            return ()
        if kind not in self.known:
            self.known[kind] = self._read(kind)
        return self.known[kind]

    def pin(self, kind: Kind, at: datetime, who: int) -> None:
        """The rest of a group is offered exactly this place."""
        self.only = kind
        self.known[self.only] = tuple(
            start._replace(who=frozenset({who}), best=who)
            for start in self.known[self.only]
            if start.at == at
        )

    def _read(self, kind: Kind) -> tuple[Start, ...]:
        first, last = days_of(self.slot, self.site, self.now)
        if first > last:
            return ()
        search = Search(self.site, kind.treatment, self.now, kind.first_visit)
        try:
            found = calendar.load(search, first, (last - first).days + 1)
        except InvalidRequest:
            return ()  # the clinic no longer offers this
        return tuple(_starts(found, self.slot))


def _starts(found: Diary, slot: FreedSlot) -> list[Start]:
    """The starts that were not possible before the slot came free, nearest first.

    Whoever waits did not want those that were free all along.
    """
    horizon = found.horizon
    who: dict[int, set[int]] = {}
    earlier = availability.search(
        found.plan, _before(found, slot), found.grid & found.bookable
    )
    for practitioner, mask in found.free().items():
        for cell in cells.starts_of(mask & ~earlier[practitioner], horizon):
            who.setdefault(cell, set()).add(practitioner)
    begins = cells.cell_of(slot.starts_at) + found.plan.patient_from
    near = sorted(who, key=lambda cell: (abs(cell - begins), cell))
    return [_start(found, cell, who[cell], horizon.zone) for cell in near]


def _before(found: Diary, slot: FreedSlot) -> list[availability.Resource]:
    """The resources as they were before the slot came free."""
    return [
        replace(
            resource,
            free=resource.free
            & ~cells.mask_of_spans(
                found.horizon,
                (
                    (first, until)
                    for who, first, until in slot.claims
                    if who in (None, resource.id)
                ),
            ),
        )
        for resource in found.resources
    ]


def _start(found: Diary, cell: int, who: set[int], zone: ZoneInfo) -> Start:
    at = cells.instant_of(cell)
    local = at.astimezone(zone)
    bit = cell - found.horizon.first_cell
    chosen = availability.assign(found.plan, found.resources, bit, None) or {}
    best = chosen.get(found.plan.practitioner_key or "", availability.NOBODY)
    return Start(at, local.date(), local.time(), frozenset(who), best)
