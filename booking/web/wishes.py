"""The form of a wish to wait: days, weekdays, times and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from booking.errors import InvalidRequest
from booking.models.appointment import Appointment
from booking.waitlist import Wish
from booking.web import edge, offers
from booking.web.dates import BadDate, Typed
from booking.web.questions import Problem
from booking.web.words import local
from screening import Clearance

WEEKDAYS = (
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
)
HOURS = (("", "Any time"), *((f"{h:02}:00", f"{h:02}:00") for h in range(7, 22)))
USUAL_WAIT = timedelta(days=28)
_DATES = ("first_day", "last_day")


@dataclass
class WishForm:
    """What is filled in, and what is wrong with it."""

    people: list[tuple[str, str]]
    days: dict[str, Typed]
    weekdays: list[str] = field(default_factory=list)
    from_time: str = ""
    until_time: str = ""
    practitioners: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    weekday_choices = WEEKDAYS
    hour_choices = HOURS

    def error(self, name: str) -> str:
        """What is wrong with a field; empty if nothing is."""
        return next((p.message for p in self.problems if p.name == name), "")

    def part(self, name: str) -> str:
        """The box of a date that is wrong."""
        return next((p.part for p in self.problems if p.name == name), "")

    def refuse(self, refusal: InvalidRequest) -> None:
        """Put the problems of a refused use case beside the fields that they name."""
        for problem in refusal.problems:
            self._add(problem.field, problem.message)

    def wish(self) -> Wish | None:
        """The wish, or None with the problems noted."""
        days = {name: self._day(name) for name in _DATES}
        first, last = days["first_day"], days["last_day"]
        if first is None or last is None:
            return None
        return Wish(
            first_day=first,
            last_day=last,
            weekdays=tuple(sorted(int(day) for day in self.weekdays)),
            from_time=_time(self.from_time),
            until_time=_time(self.until_time),
            practitioners=tuple(sorted(int(who) for who in self.practitioners)),
        )

    def _day(self, name: str) -> date | None:
        try:
            return self.days[name].as_day()
        except BadDate as bad:
            self._add(name, bad.message, bad.part)
            return None

    def _add(self, name: str, message: str, part: str = "day") -> None:
        anchor = f"{name}-{part}" if name in _DATES else name
        self.problems.append(Problem(name, message, anchor, part))


def blank(
    treatment: str, clearance: Clearance, visit: Appointment | None = None
) -> WishForm:
    """The form with the days that most people mean: from the first clear one, for four
    weeks, or up to the day of the visit that would move."""
    site, today = edge.site(), edge.today()
    end = today + timedelta(days=site.horizon_days - 1)
    first = min(clearance.first_clear_day(today) or today, end)
    last = min(first + USUAL_WAIT, end)
    if visit is not None:
        own = local(visit.starts_at).date()
        first, last = min(first, own), own
    return WishForm(
        _people(treatment), {"first_day": _typed(first), "last_day": _typed(last)}
    )


def sent(treatment: str) -> WishForm:
    """What was posted; a choice that was never offered is left out."""
    form = request.form
    people = _people(treatment)
    return WishForm(
        people,
        {name: Typed.of(form, name) for name in _DATES},
        _chosen(form, "weekdays", WEEKDAYS),
        _one(form, "from_time"),
        _one(form, "until_time"),
        _chosen(form, "practitioners", people),
    )


def words_of(wish: Wish, names: Mapping[int, str]) -> list[str]:
    """A wish but for its days, in short phrases: what it leaves out is any."""
    spoken = []
    if wish.weekdays:
        spoken.append(", ".join(WEEKDAYS[day][1] for day in wish.weekdays))
    if wish.from_time:
        spoken.append(f"from {wish.from_time:%H:%M}")
    if wish.until_time:
        spoken.append(f"until {wish.until_time:%H:%M}")
    if wish.practitioners:
        who = [names.get(number, "somebody else") for number in wish.practitioners]
        spoken.append("with " + " or ".join(who))
    return spoken


def _people(treatment: str) -> list[tuple[str, str]]:
    found = offers.practitioners(edge.site(), treatment)
    return [(str(number), name) for number, name in found.items()]


def _typed(day: date) -> Typed:
    return Typed.from_answer(day.isoformat())


def _chosen(
    form: MultiDict[str, Any], name: str, choices: Sequence[tuple[str, str]]
) -> list[str]:
    offered = {value for value, _ in choices}
    return [value for value in form.getlist(name) if value in offered]


def _one(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    return value if value in dict(HOURS) else ""


def _time(text: str) -> time | None:
    return time.fromisoformat(text) if text else None
