"""The calendar that people see: what is free joined with a clearance, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.clock import local_day
from booking.diary import cells
from booking.diary.openings import Diary, Search, Slot, load
from booking.models.clinic import Site
from screening import Authority, Clearance, Verdict

MOST_DAYS = 92

FIRST_DAYS = 3
_SLOTS_SEEN = 2000  # some days, however many practitioners


@dataclass(frozen=True)
class DaySlots:
    """One calendar day: `verdict` and `reasons` are the clearance's, whatever the
    hours.

    `call_us`: a day for a person to decide, too close for an online request.
    """

    day: date
    verdict: str
    reasons: tuple[str, ...]
    call_us: bool
    open: bool
    slots: tuple[Slot, ...]


def days(  # noqa: PLR0913 - the pages' one question, every part of it named
    site: Site,
    treatment: str,
    clearance: Clearance,
    *,
    first_day: date,
    days: int,
    now: datetime,
    practitioner: int | None = None,
    first_visit: bool = True,
    staff: bool = False,
    ignoring: int | None = None,
    horizon_days: int | None = None,
) -> list[DaySlots]:
    """Every calendar day with its verdict, reasons and free slots; refused days have
    none."""
    search = Search(site, treatment, now, first_visit, staff, ignoring, horizon_days)
    diary = load(search, first_day, days)
    return join(diary, clearance, now=now, practitioner=practitioner, staff=staff)


def join(
    diary: Diary,
    clearance: Clearance,
    *,
    now: datetime,
    practitioner: int | None = None,
    staff: bool = False,
) -> list[DaySlots]:
    """The diary's days as *clearance* lets them be seen."""
    offered, verdicts, early = offer(diary, clearance, now=now, staff=staff)
    if practitioner is not None:
        offered = {who: m for who, m in offered.items() if who == practitioner}
    by_day: dict[date, list[Slot]] = {day: [] for day in diary.horizon.days_list}
    zone = diary.horizon.zone
    for slot in diary.slots_in(offered):
        by_day[slot.start.astimezone(zone).date()].append(slot)
    anyone = 0
    for mask in diary.opened.values():
        anyone |= mask
    return [
        DaySlots(
            day=day,
            verdict=verdicts[day].word,
            reasons=clearance.reasons_on(day),
            call_us=day in early and not by_day[day],
            open=_has_bits(diary, day, anyone),
            slots=tuple(by_day[day]),
        )
        for day in diary.horizon.days_list
    ]


def _has_bits(diary: Diary, day: date, mask: int) -> bool:
    first, until = diary.horizon.day_span(day)
    return bool(mask >> first & ((1 << (until - first)) - 1))


def offer(
    diary: Diary, clearance: Clearance, *, now: datetime, staff: bool = False
) -> tuple[dict[int, int], dict[date, Verdict], frozenset[date]]:
    """The starts that may be offered, every day's verdict, and the days that are too
    early to request online.

    Staff see the starts of every day: the gate decides when they book.
    """
    verdicts = {day: clearance.verdict_on(day) for day in diary.horizon.days_list}
    if staff:
        return diary.free(), verdicts, frozenset()
    held = {
        day
        for day, verdict in verdicts.items()
        if verdict is Verdict.HOLD
        and clearance.release_authority_on(day) is not Authority.NOBODY
    }
    soon = now + timedelta(hours=diary.site.online_hold_notice_hours)
    soon_cell = cells.next_cell(soon)
    clear = {day for day, verdict in verdicts.items() if verdict is Verdict.CLEAR}
    offered = diary.free(clear | held)
    if held:
        early = cells.day_mask(diary.horizon, held) & ~cells.window_mask(
            diary.horizon, soon_cell, diary.horizon.first_cell + diary.horizon.cells
        )
        offered = {who: mask & ~early for who, mask in offered.items()}
    last_early = soon.astimezone(diary.horizon.zone).date()
    return offered, verdicts, frozenset(day for day in held if day <= last_early)


def next_clear(  # noqa: PLR0913 - likewise
    site: Site,
    treatment: str,
    clearance: Clearance,
    *,
    now: datetime,
    limit: int,
    practitioner: int | None = None,
    first_visit: bool = True,
) -> list[Slot]:
    """The next free slots on clear days, earliest first, within the site's horizon."""
    search = Search(site, treatment, now, first_visit)
    first_day = local_day(now, site.timezone)
    diary = load(search, first_day, min(site.horizon_days, MOST_DAYS))
    clear = [
        day
        for day in diary.horizon.days_list
        if clearance.verdict_on(day) is Verdict.CLEAR
    ]
    masks = diary.free(clear)
    if practitioner is not None:
        masks = {who: mask for who, mask in masks.items() if who == practitioner}
    return diary.slots_in(masks)[:limit]


__all__ = [
    "MOST_DAYS",
    "DaySlots",
    "Diary",
    "Search",
    "Slot",
    "days",
    "join",
    "load",
    "next_clear",
    "offer",
]


def first_safe(
    site: Site,
    treatment: str,
    clearance: Clearance,
    *,
    now: datetime,
    first_visit: bool,
) -> list[Slot]:
    """The first free time of each of the next few clear days."""
    slots = next_clear(
        site,
        treatment,
        clearance,
        now=now,
        limit=_SLOTS_SEEN,
        first_visit=first_visit,
    )
    firsts: dict[date, Slot] = {}
    for slot in slots:
        firsts.setdefault(local_day(slot.start, site.timezone), slot)
    return list(firsts.values())[:FIRST_DAYS]
