"""A month of days as a page shows it: which can be had, which not, and why."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking.clock import local_day
from booking.diary import calendar as diary
from booking.diary.calendar import DaySlots, Slot
from booking.web.dates import MONTHS
from booking.web.offers import Scope, Time, practitioners
from screening import Authority, Clearance, Verdict

NEXT_TIMES = 6
SOON_SLOTS = 2000
NOON = 12
PARTS = (
    ("Morning", range(NOON)),
    ("Afternoon", range(NOON, 17)),
    ("Evening", range(17, 24)),
)
FREE, ASK, CALL, REFUSED = "free", "ask", "call", "refused"
FULL, CLOSED, PAST, LATER = "full", "closed", "past", "later"


@dataclass(frozen=True)
class Cell:
    """A day of the grid."""

    day: date
    state: str
    count: int


@dataclass(frozen=True)
class DayView:
    """The chosen day: its state, why, when it clears, and its times by part of day."""

    day: date
    state: str
    reasons: tuple[str, ...]
    next_clear: date | None
    parts: tuple[tuple[str, tuple[Time, ...]], ...]


@dataclass(frozen=True)
class Wanted:
    """What the address of the page asks for; nonsense means nothing."""

    month: date | None = None
    day: date | None = None
    practitioner: int | None = None

    @classmethod
    def of(cls, month: str, day: str, practitioner: str) -> Wanted:
        return cls(
            month=_date(f"{month}-01"),
            day=_date(day),
            practitioner=int(practitioner) if _is_number(practitioner) else None,
        )


@dataclass(frozen=True)
class Month:
    """Everything that the calendar page draws."""

    first: date
    title: str
    before: date | None
    after: date | None
    weeks: tuple[tuple[Cell | None, ...], ...]
    chosen: DayView | None
    soonest: tuple[Time, ...]
    practitioners: tuple[tuple[int, str], ...]
    practitioner: int | None
    first_clear_day: date | None
    last: date


def look(scope: Scope, wanted: Wanted, *, now: datetime) -> Month:
    """The month that was asked for, or the one with the first free time."""
    view = _View.of(scope, wanted, now=now)
    soonest = diary.next_clear(
        scope.site,
        scope.treatment,
        scope.clearance,
        now=now,
        limit=SOON_SLOTS,
        practitioner=view.who,
        first_visit=scope.first_visit,
    )
    day = wanted.day
    if day is None and wanted.month is None:
        day = view.day_of(soonest[0].start) if soonest else view.first_bookable_day
        day = day or view.today
    shown = view.within(wanted.month or day or view.today)
    days = view.days(shown, now=now)
    return Month(
        first=shown,
        title=f"{MONTHS[shown.month - 1]} {shown.year}",
        before=_step(shown, -1) if shown > view.today.replace(day=1) else None,
        after=_step(shown, 1) if _step(shown, 1) <= view.last else None,
        weeks=view.weeks(shown, days),
        chosen=view.day_view(day, days) if day else None,
        soonest=view.spread(soonest),
        practitioners=tuple(view.names.items()),
        practitioner=view.who,
        first_clear_day=view.first_clear_day,
        last=view.last,
    )


def state_of(slots: DaySlots, clearance: Clearance) -> str:
    """What a day within the horizon is for this patient."""
    if slots.verdict == Verdict.REFUSE.word:
        return REFUSED
    held = slots.verdict == Verdict.HOLD.word
    if held and clearance.release_authority_on(slots.day) is Authority.NOBODY:
        return REFUSED
    if not slots.open:
        return CLOSED
    if slots.call_us:
        return CALL
    if not slots.slots:
        return FULL
    return ASK if held else FREE


@dataclass(frozen=True)
class _View:
    """What the parts of one page share; `who` is the chosen practitioner, if any."""

    scope: Scope
    today: date
    last: date
    names: dict[int, str]
    who: int | None
    first_clear_day: date | None

    @classmethod
    def of(cls, scope: Scope, wanted: Wanted, *, now: datetime) -> _View:
        today = local_day(now, scope.site.timezone)
        names = practitioners(scope.site, scope.treatment)
        return cls(
            scope=scope,
            today=today,
            last=today
            + timedelta(days=(scope.horizon_days or scope.site.horizon_days) - 1),
            names=names,
            who=wanted.practitioner if wanted.practitioner in names else None,
            first_clear_day=scope.clearance.first_clear_day(today),
        )

    def day_of(self, instant: datetime) -> date:
        return local_day(instant, self.scope.site.timezone)

    @property
    def first_bookable_day(self) -> date | None:
        """The first day that can at least be asked for, if it can be shown."""
        day = self.scope.clearance.earliest_bookable_day(self.today)
        return day if day and day <= self.last else None

    def within(self, day: date) -> date:
        """The first of the nearest month that can be shown."""
        return min(max(day, self.today), self.last).replace(day=1)

    def days(self, shown: date, *, now: datetime) -> dict[date, DaySlots]:
        first = max(shown, self.today)
        until = min(_step(shown, 1), self.last + timedelta(days=1))
        found = diary.days(
            self.scope.site,
            self.scope.treatment,
            self.scope.clearance,
            first_day=first,
            days=(until - first).days,
            now=now,
            practitioner=self.who,
            first_visit=self.scope.first_visit,
            ignoring=self.scope.ignoring,
            horizon_days=self.scope.horizon_days,
        )
        return {slots.day: slots for slots in found}

    def weeks(
        self, shown: date, days: dict[date, DaySlots]
    ) -> tuple[tuple[Cell | None, ...], ...]:
        weeks = calendar.Calendar().monthdatescalendar(shown.year, shown.month)
        return tuple(
            tuple(
                self._cell(day, days.get(day)) if day.month == shown.month else None
                for day in week
            )
            for week in weeks
        )

    def _cell(self, day: date, slots: DaySlots | None) -> Cell:
        if slots is None:
            return Cell(day, self._outside(day), 0)
        starts = {slot.start for slot in slots.slots}
        return Cell(day, state_of(slots, self.scope.clearance), len(starts))

    def day_view(self, day: date, days: dict[date, DaySlots]) -> DayView:
        slots = days.get(day)
        if slots is None:
            return DayView(day, self._outside(day), (), None, ())
        state = state_of(slots, self.scope.clearance)
        blocked = state in (REFUSED, ASK, CALL)
        return DayView(
            day=day,
            state=state,
            reasons=slots.reasons,
            next_clear=self.scope.clearance.first_clear_day(day) if blocked else None,
            parts=self._parts(self.times(slots.slots)),
        )

    def times(self, slots: Sequence[Slot]) -> tuple[Time, ...]:
        """One time per start: with whom only matters to those who chose."""
        found: dict[datetime, Time] = {}
        for slot in slots:
            name = self.names.get(slot.practitioner, "") if self.who else ""
            found.setdefault(
                slot.start, Time(slot.start, slot.end, slot.practitioner, name)
            )
        return tuple(found.values())

    def spread(self, slots: Sequence[Slot]) -> tuple[Time, ...]:
        """Few times over several days: the first of each morning and afternoon."""
        zone = ZoneInfo(self.scope.site.timezone)
        halves: dict[tuple[date, bool], Slot] = {}
        for slot in slots:
            local = slot.start.astimezone(zone)
            halves.setdefault((local.date(), local.hour >= NOON), slot)
            if len(halves) > NEXT_TIMES:
                break
        return self.times(tuple(halves.values()))[:NEXT_TIMES]

    def _parts(self, times: Sequence[Time]) -> tuple[tuple[str, tuple[Time, ...]], ...]:
        zone = ZoneInfo(self.scope.site.timezone)
        found = (
            (name, tuple(t for t in times if t.start.astimezone(zone).hour in hours))
            for name, hours in PARTS
        )
        return tuple((name, some) for name, some in found if some)

    def _outside(self, day: date) -> str:
        return PAST if day < self.today else LATER


def _step(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Far away from either end of the calendar, so that a month more or less exists.
    return day if 1900 < day.year < 2900 else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
