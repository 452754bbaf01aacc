"""When each resource of a site could work at all: open and not away, whoever is
booked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from booking.clock import local_day
from booking.db import db
from booking.diary import cells, hours
from booking.diary.cells import Horizon
from booking.models.appointment import Appointment
from booking.models.clinic import Absence, Site

Masks = dict[int, int]
"""Resource → its cells over a horizon."""


def horizon_of(site: Site, *, now: datetime) -> Horizon:
    """From today to the last day that can be booked, or that is."""
    today = local_day(now, site.timezone)
    last = select(func.max(Appointment.starts_at)).where(Appointment.site_id == site.id)
    starts_at = db.session.scalar(last)
    booked = (local_day(starts_at, site.timezone) - today).days + 2 if starts_at else 0
    return Horizon(ZoneInfo(site.timezone), today, max(site.horizon_days, booked))


def read(site: Site, horizon: Horizon) -> Masks:
    """What every resource of the site could do over the horizon (4 statements)."""
    table = hours.timetable(site, horizon.first_day, horizon.days)
    resources = [resource.id for resource in site.resources]
    away: dict[int, list[tuple[int, int]]] = {number: [] for number in resources}
    rows = select(Absence.resource_id, Absence.first_cell, Absence.until_cell).where(
        Absence.resource_id.in_(resources),
        Absence.until_cell > horizon.first_cell,
        Absence.first_cell < horizon.first_cell + horizon.cells,
    )
    for number, first, until in db.session.execute(rows):
        away[number].append((first, until))
    return {
        number: table.open_mask(number, horizon)
        & ~cells.mask_of_spans(horizon, away[number])
        for number in resources
    }


def closed(masks: Masks, horizon: Horizon, *, now: datetime) -> Masks:
    """The cells from now on in which each resource does not work."""
    ahead = _ahead(horizon, now)
    return {number: ahead & ~mask for number, mask in masks.items()}


def lost(before: Masks, after: Masks, horizon: Horizon, *, now: datetime) -> Masks:
    """The cells from now on that *after* no longer has, of the resources with any."""
    ahead = _ahead(horizon, now)
    found = {
        number: ahead & mask & ~after.get(number, 0) for number, mask in before.items()
    }
    return {number: mask for number, mask in found.items() if mask}


def touches(mask: int, horizon: Horizon, first: int, until: int) -> bool:
    """Whether absolute cells lie in the mask, or some of them."""
    begins = max(first - horizon.first_cell, 0)
    length = until - horizon.first_cell - begins
    return length > 0 and bool(mask >> begins & ((1 << length) - 1))


def runs(mask: int, horizon: Horizon) -> Iterator[tuple[int, int]]:
    """Each run of set bits: its first absolute cell, and the cell after its last."""
    digits = f"{mask:b}"[::-1]
    first = digits.find("1")
    while first >= 0:
        until = digits.find("0", first)
        until = len(digits) if until < 0 else until
        yield horizon.first_cell + first, horizon.first_cell + until
        first = digits.find("1", until)


def _ahead(horizon: Horizon, now: datetime) -> int:
    this = (now - cells.EPOCH) // cells.CELL
    return cells.window_mask(horizon, this, horizon.first_cell + horizon.cells)
