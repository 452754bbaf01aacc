"""Choosing a time at the desk: four weeks of days, and the times of the chosen one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import request

from booking import explanations, gate, rulebooks
from booking.diary import calendar
from booking.diary.calendar import DaySlots, Slot
from booking.explanations import Cause
from booking.models.clinic import PRACTITIONER, Resource
from booking.web import access, edge, words
from booking.web.desk import releases
from booking.web.desk.blueprint import day_given, day_of
from screening import Clearance, Verdict

WEEKS = 4
CLEAR = "clear"


@dataclass(frozen=True)
class Choice:
    """A day with what this person can do about it: `way` as in releases, or clear."""

    found: DaySlots
    way: str
    causes: tuple[Cause, ...]

    @property
    def day(self) -> date:
        return self.found.day

    @property
    def can_take(self) -> bool:
        return self.way != releases.NO and bool(self.found.slots)


@dataclass(frozen=True)
class Times:
    """`rows` are the times of the chosen day by practitioner."""

    choices: tuple[Choice, ...]
    chosen: Choice
    rows: tuple[tuple[Resource, tuple[Slot, ...]], ...]
    before: date | None
    after: date | None
    first_clear_day: date | None
    link: Callable[[Slot], str]
    day_link: Callable[[date, date], str]

    @property
    def first_day(self) -> date:
        return self.choices[0].day

    @property
    def lead(self) -> int:
        """Empty places before the first day, so that weeks begin on Monday."""
        return self.first_day.weekday()


def offered(
    clearance: Clearance,
    *,
    first_visit: bool,
    link: Callable[[Slot], str],
    day_link: Callable[[date, date], str],
    ignoring: int | None = None,
    horizon_days: int | None = None,
) -> Times:
    """What can be offered under *clearance*, from the day in the query's `from` on.

    The day in the query's `day` is the chosen one; else the first with a free time.
    """
    site = edge.site()
    first = max(day_given("from"), edge.today())
    found = calendar.days(
        site,
        clearance.treatment,
        clearance,
        first_day=first,
        days=WEEKS * 7 - first.weekday(),
        now=edge.now(),
        first_visit=first_visit,
        staff=True,
        ignoring=ignoring,
        horizon_days=horizon_days,
    )
    choices = tuple(_choice(day, clearance) for day in found)
    chosen = _chosen(choices)
    last = edge.today() + timedelta(days=horizon_days or site.horizon_days)
    after = choices[-1].day + timedelta(days=1)
    before = max(edge.today(), first - timedelta(days=first.weekday() or 7))
    return Times(
        choices=choices,
        chosen=chosen,
        rows=tuple(_by_practitioner(chosen.found.slots)),
        before=before if first > edge.today() else None,
        after=after if after < last else None,
        first_clear_day=clearance.first_clear_day(edge.today()),
        link=link,
        day_link=day_link,
    )


def decided(clearance: Clearance, start: datetime) -> dict[str, Any]:
    """What the page that confirms a time says about its day."""
    site = edge.site()
    day = words.local(start).date()
    decision = gate.decide(clearance, day)
    return {
        "day": day,
        "verdict": decision.verdict.word,
        "causes": explanations.causes(decision.windows, rulebooks.current(site)),
        "notices": [notice.text for notice in clearance.notices_on(day)],
        "way": _way(clearance, day),
    }


def _choice(found: DaySlots, clearance: Clearance) -> Choice:
    windows = clearance.windows_on(found.day)
    return Choice(
        found=found,
        way=_way(clearance, found.day),
        causes=explanations.causes(windows, rulebooks.current(edge.site())),
    )


def _way(clearance: Clearance, day: date) -> str:
    if clearance.verdict_on(day) is Verdict.CLEAR:
        return CLEAR
    return releases.way(
        clearance.windows_on(day), access.actor(), edge.site(), booked=False
    )


def _chosen(choices: tuple[Choice, ...]) -> Choice:
    typed = request.args.get("day", "").strip()
    if typed:
        wanted = day_of(typed, "day")
        for choice in choices:
            if choice.day == wanted:
                return choice
    clear = [c for c in choices if c.way == CLEAR and c.found.slots]
    able = [c for c in choices if c.can_take]
    return (clear or able or list(choices))[0]


def _by_practitioner(
    slots: tuple[Slot, ...],
) -> list[tuple[Resource, tuple[Slot, ...]]]:
    rows = []
    for resource in edge.site().resources:
        own = tuple(slot for slot in slots if slot.practitioner == resource.id)
        if resource.kind == PRACTITIONER and own:
            rows.append((resource, own))
    return rows
