"""How days, times and choices read on a page; in the site's zone, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, request

from booking.web import edge, questions
from booking.web.dates import MONTHS
from screening import Area, Question, Treatment

FEW = 2


def init(app: Flask) -> None:
    """Give the templates their filters and functions."""
    app.jinja_env.filters.update(
        day=day,
        short_day=short_day,
        clock=clock,
        moment=moment,
        minutes=minutes,
        days_after=days_after,
    )
    app.jinja_env.globals.update(
        clinic=edge.site,
        now=edge.now,
        today=edge.today,
        again_at=again_at,
        few_areas=few_areas,
        here=here,
        one_day=timedelta(days=1),
        pairs=pairs,
        plain_choices=plain_choices,
    )


def here() -> str:
    """This page's own address. Without it a form would carry the fragment along."""
    return request.full_path.rstrip("?")


def again_at() -> str | None:
    """Where the page that answers a form can be asked for again; None if nowhere.

    The address of a form that has no page of its own belongs to the page above it.
    """
    adapter = current_app.create_url_adapter(request)
    if request.method != "POST" or adapter is None:
        return None
    path = request.path
    while path.strip("/"):
        if "GET" in adapter.allowed_methods(path):
            return here() if path == request.path else path
        path = path.rpartition("/")[0]
    return None


def local(instant: datetime) -> datetime:
    """The instant on the site's wall clock."""
    return instant.astimezone(ZoneInfo(edge.site().timezone))


def day(when: date | datetime) -> str:
    """Tuesday 3 March, with the year where it is not this one."""
    on = _day_of(when)
    text = f"{on:%A} {on.day} {on:%B}"
    return text if on.year == edge.today().year else f"{text} {on.year}"


def short_day(when: date | datetime) -> str:
    """Tue 3 Mar."""
    on = _day_of(when)
    text = f"{on:%a} {on.day} {on:%b}"
    return text if on.year == edge.today().year else f"{text} {on.year}"


def clock(instant: datetime) -> str:
    """14:30 on the wall of the clinic."""
    return f"{local(instant):%H:%M}"


def moment(instant: datetime) -> str:
    """Tuesday 3 March at 14:30."""
    return f"{day(instant)} at {clock(instant)}"


def days_after(later: datetime, earlier: datetime) -> int:
    """How many calendar days of the clinic lie between two visits."""
    return (_day_of(later) - _day_of(earlier)).days


def minutes(begins: datetime, ends: datetime) -> str:
    """How long a visit takes: 45 minutes, 1 hour, 1 hour 30 minutes."""
    return length(ends - begins)


def length(time: timedelta) -> str:
    """The same of a length of time."""
    hours, rest = divmod(round(time.total_seconds() / 60), 60)
    spoken = [f"{hours} hour{'s' if hours > 1 else ''}"] if hours else []
    if rest or not hours:
        spoken.append(f"{rest} minutes")
    return " ".join(spoken)


def few_areas(treatment: Treatment, areas: Mapping[str, Area]) -> str:
    """Where a treatment is given, in few words: Face, neck and 3 other areas."""
    first, *rest = [areas[area].name for area in treatment.areas]
    named = [first, *(name[0].lower() + name[1:] for name in rest[: FEW - 1])]
    left = len(treatment.areas) - len(named)
    if left:
        return f"{', '.join(named)} and {left} other {'areas' if left > 1 else 'area'}"
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def answer(question: Question, value: questions.Answer) -> str:
    """A stored answer as its patient would say it."""
    if isinstance(value, list):
        labels = {choice.value: choice.label for choice in question.choices}
        return ", ".join(labels[item] for item in value) or "None of these"
    if question.kind == "text":
        return value or "Nothing"
    if value[:4].isdecimal():
        over = question.kind == "when" and question.tense == "state"
        return f"Over since {date_answer(value)}" if over else date_answer(value)
    options = questions.show(question, answers={}).options
    return next((o.label for o in options if o.value == value), value)


def date_answer(value: str) -> str:
    """A stored day, month or year: 3 March 2026, March 2026, 2026."""
    if len(value) == len("2026-01-01"):
        on = date.fromisoformat(value)
        return f"{on.day} {on:%B} {on.year}"
    year, _, month = value.partition("-")
    return f"{MONTHS[int(month) - 1]} {year}" if month else year


def pairs(options: Iterable[questions.Option]) -> list[tuple[str, str]]:
    """Options as (value, label), which is what the input macros take."""
    return [(option.value, option.label) for option in options]


def plain_choices(field: Any) -> list[tuple[str, str]]:
    """The choices of a WTForms select or radio field as (value, label)."""
    return [(choice.value, choice.label) for choice in field.iter_choices()]


def _day_of(when: date | datetime) -> date:
    return local(when).date() if isinstance(when, datetime) else when
