"""What is free at a site over some days, before anybody's clearance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from booking.clock import local_day
from booking.db import db
from booking.diary import availability, cells, hours
from booking.diary.treatments import plan_of, treatment_of
from booking.models.appointment import Claim
from booking.models.clinic import Absence, Capability, Resource, Site


@dataclass(frozen=True)
class Slot:
    """A start that can be offered, aware and in UTC; the practitioner is an id."""

    start: datetime
    end: datetime
    practitioner: int


@dataclass(frozen=True)
class Search:
    """What is looked for, and by whom.

    Staff may book without the least notice; `ignoring` names the appointments whose
    claims do not count (those that would move). `horizon_days`: how far ahead, where
    that is not the site's usual horizon.
    """

    site: Site
    treatment: str
    now: datetime
    first_visit: bool = True
    staff: bool = False
    ignoring: int | tuple[int, ...] | None = None
    horizon_days: int | None = None

    @property
    def closed_from(self) -> date:
        """The first day that is not open for booking yet."""
        days = self.horizon_days or self.site.horizon_days
        return local_day(self.now, self.site.timezone) + timedelta(days=days)

    @property
    def left_out(self) -> tuple[int, ...]:
        """The appointments whose claims do not count."""
        if isinstance(self.ignoring, tuple):
            return self.ignoring
        return () if self.ignoring is None else (self.ignoring,)


@dataclass(frozen=True)
class Diary:
    """What is free at a site over a horizon, for one treatment, before any clearance.

    `opened` are the masks by opening hours alone, so that "closed then" and "taken"
    differ.
    """

    site: Site
    horizon: cells.Horizon
    plan: availability.Plan
    resources: tuple[availability.Resource, ...]
    opened: dict[int, int]
    grid: int
    bookable: int

    @cached_property
    def length(self) -> timedelta:
        """From the shown start to the shown end."""
        return cells.CELL * (self.plan.patient_until - self.plan.patient_from)

    @property
    def practitioners(self) -> tuple[int, ...]:
        key = self.plan.practitioner_key
        need = self.plan.needs[key] if key else None
        return tuple(
            r.id
            for r in self.resources
            if need and r.kind == need.kind and need.capability in r.capabilities
        )

    def free(self, days: Collection[date] | None = None) -> dict[int, int]:
        """Practitioner → mask of the shown starts that are free (on *days*, if
        given)."""
        allowed = self.grid & self.bookable
        if days is not None:
            allowed &= cells.day_mask(self.horizon, days)
        return availability.search(self.plan, self.resources, allowed)

    def open_at(self, cell: int, practitioner: int | None) -> bool:
        """Whether a visit could start at *cell* if nothing else were booked."""
        bare = tuple(
            availability.Resource(r.id, r.kind, r.capabilities, self.opened[r.id])
            for r in self.resources
        )
        bit = cell - self.horizon.first_cell
        found = availability.search(self.plan, bare, self.grid & (1 << bit))
        return any(mask for key, mask in found.items() if practitioner in (None, key))

    def slots_in(self, masks: dict[int, int]) -> list[Slot]:
        """The slots of practitioner masks, by start, then practitioner."""
        found = [
            (cell, practitioner)
            for practitioner, mask in masks.items()
            for cell in cells.starts_of(mask, self.horizon)
        ]
        return [
            Slot(cells.instant_of(cell), cells.instant_of(cell) + self.length, who)
            for cell, who in sorted(found)
        ]


def load(search: Search, first_day: date, days: int) -> Diary:
    """Read everything that decides what is free (8 statements, whatever the days and
    staff)."""
    site = search.site
    plan = plan_of(treatment_of(search.treatment), first_visit=search.first_visit)
    horizon = cells.Horizon(ZoneInfo(site.timezone), first_day, days)
    table = hours.timetable(site, first_day, days)
    wanted = _resources(site, plan)
    opened = {number: table.open_mask(number, horizon) for number in wanted}
    busy = _busy(list(wanted), horizon, search)
    resources = tuple(
        availability.Resource(
            number,
            kind,
            capabilities,
            opened[number] & ~cells.mask_of_spans(horizon, busy[number]),
        )
        for number, (kind, capabilities) in wanted.items()
    )
    return Diary(
        site=site,
        horizon=horizon,
        plan=plan,
        resources=resources,
        opened=opened,
        grid=cells.grid_mask(horizon, site.grid_minutes),
        bookable=_bookable(search, horizon),
    )


def _bookable(search: Search, horizon: cells.Horizon) -> int:
    """From the least notice to the farthest horizon."""
    site, now = search.site, search.now
    minutes = 0 if search.staff else site.least_notice_minutes
    first = cells.next_cell(now + timedelta(minutes=minutes))
    end = datetime.combine(search.closed_from, datetime.min.time(), horizon.zone)
    return cells.window_mask(horizon, first, cells.cell_of(end))


def _resources(
    site: Site, plan: availability.Plan
) -> dict[int, tuple[availability.Kind, frozenset[str]]]:
    """Id → kind and capabilities of what the plan could use (1 statement)."""
    needs = plan.needs.values()
    rows = db.session.execute(
        select(Resource.id, Resource.kind, Capability.name)
        .join(Capability, Capability.resource_id == Resource.id)
        .where(
            Resource.site_id == site.id,
            Resource.active,
            Resource.kind.in_({need.kind for need in needs}),
            Capability.name.in_({need.capability for need in needs}),
        )
        .order_by(Resource.id)
    )
    kinds: dict[int, availability.Kind] = {}
    able: dict[int, set[str]] = {}
    for number, kind, capability in rows:
        kinds[number] = cast("availability.Kind", kind)
        able.setdefault(number, set()).add(capability)
    return {number: (kinds[number], frozenset(able[number])) for number in kinds}


def _busy(
    resources: Sequence[int], horizon: cells.Horizon, search: Search
) -> dict[int, list[tuple[int, int]]]:
    first, until = horizon.first_cell, horizon.first_cell + horizon.cells
    claims = select(Claim.resource_id, Claim.first_cell, Claim.until_cell).where(
        Claim.live,
        Claim.resource_id.in_(resources),
        Claim.first_cell < until,
        # At most a day long: lets the index skip the past.
        Claim.first_cell > first - 288,
        Claim.until_cell > first,
        or_(Claim.expires_at.is_(None), Claim.expires_at > int(search.now.timestamp())),
    )
    if search.left_out:
        claims = claims.where(Claim.appointment_id.not_in(search.left_out))
    away = select(Absence.resource_id, Absence.first_cell, Absence.until_cell).where(
        Absence.resource_id.in_(resources),
        Absence.first_cell < until,
        Absence.until_cell > first,
    )
    busy: dict[int, list[tuple[int, int]]] = {number: [] for number in resources}
    for statement in (claims, away):
        rows: Any = db.session.execute(statement)
        for owner, begins, ends in rows:
            busy[owner].append((begins, ends))
    return busy
