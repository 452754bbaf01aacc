"""When the clinic is open: the manager's overview, and how a change of it is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.diary import cells, hours
from booking.diary.hours import Times
from booking.errors import BookingError, VisitsOutside
from booking.models.account import MANAGER
from booking.models.clinic import PRACTITIONER, Absence, Resource, Site
from booking.opening import absences, closures, single_days, weeks
from booking.opening.changing import CLINIC, Agreed
from booking.web import access, edge, words
from booking.web.desk.blueprint import attempt, bp, page, problems_of

managers = access.only(MANAGER)
MOST_VISITS = 100
_OF_THE_QUESTION = {"csrf_token", "stamp", "number", "back"}
Again = Callable[[Mapping[str, Any], BookingError | None], str]


@dataclass(frozen=True)
class Row:
    """Somebody's week in lines; `beyond`: it has hours in which no room is open."""

    who: str
    name: str
    lines: list[tuple[str, str]]
    follows: bool
    beyond: bool


@bp.get("/settings/hours")
@managers
def opening() -> ResponseReturnValue:
    return overview()


def overview(refusal: BookingError | None = None) -> str:
    """The page of all hours, with why a button on it was refused."""
    site, now = edge.site(), edge.now()
    last = edge.today() + timedelta(days=site.horizon_days)
    return page(
        "desk/opening.html",
        rows=_rows(site),
        days=single_days.ahead(site, now=now),
        away=[
            (absence, resource, *absence_words(absence))
            for absence, resource in absences.ahead(site, now=now)
        ],
        closed=closures.ahead(site, now=now),
        holidays=sorted(hours.public_holidays(site, edge.today(), last)),
        spoken=spoken,
        refusal=refusal,
    )


def save(act: Callable[[Agreed], int], again: Again, done: str) -> ResponseReturnValue:
    """Change the hours. Visits in the way are shown first, to be agreed to; other
    refusals stand beside what was typed."""
    form = request.form
    if "back" in form:
        return again(form, None)
    agreed = Agreed(form.get("stamp", ""), form.get("number", ""))
    result = attempt(lambda: act(agreed))
    if isinstance(result, VisitsOutside):
        return _ask(result), result.status
    if isinstance(result, BookingError):
        return again(form, result), result.status
    made = f" {_counted(result)} for the desk to see to." if result else ""
    flash(f"{done}{made}", "done")
    return redirect(url_for("desk.opening"), 303)


def forms_page(
    template: str,
    form: Mapping[str, Any],
    refusal: BookingError | None = None,
    **values: Any,
) -> str:
    """A page with a form for hours, and what was typed."""
    problems = problems_of(refusal)
    return page(template, form=form, refusal=refusal, problems=problems, **values)


def practitioners(site: Site) -> list[tuple[str, str]]:
    """Whose hours can be set: the clinic, and who works in it."""
    people = [
        (str(one.id), one.name)
        for one in site.resources
        if one.kind == PRACTITIONER and one.active
    ]
    return [(CLINIC, "The clinic (rooms and devices)"), *people]


def spoken(times: Times) -> str:
    """09:00–12:00, 13:00–18:00; a word if there are none."""
    return (
        ", ".join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in times)
        or "closed"
    )


def absence_words(absence: Absence) -> tuple[str, str]:
    """From when and until when, without times where it is whole days."""
    first = words.local(cells.instant_of(absence.first_cell))
    until = words.local(cells.instant_of(absence.until_cell))
    begins, ends = words.short_day(first), words.short_day(until)
    if first.time() != time():
        begins = f"{begins} {first:%H:%M}"
    if until.time() == time():
        return begins, words.short_day(until.date() - timedelta(days=1))
    return begins, f"{ends} {until:%H:%M}"


def _ask(asked: VisitsOutside) -> str:
    typed = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in _OF_THE_QUESTION
    ]
    visits = asked.extra["visits"]
    return page(
        "desk/visits_outside.html",
        visits=visits[:MOST_VISITS],
        number=len(visits),
        counted=_counted(len(visits)),
        stamp=asked.extra["stamp"],
        wrong="wrong" in asked.extra,
        typed_number=request.form.get("number", ""),
        typed=typed,
    )


def _counted(number: int) -> str:
    return f"{number} visit{'' if number == 1 else 's'}"


def _rows(site: Site) -> list[Row]:
    clinic = weeks.week_of(site, None)
    rows = [Row(CLINIC, "The clinic", _lines(clinic), follows=False, beyond=False)]
    people = [r for r in site.resources if r.kind == PRACTITIONER and r.active]
    return rows + [
        _row(person, weeks.week_of(site, person), clinic) for person in people
    ]


def _row(person: Resource, week: weeks.Week, clinic: weeks.Week) -> Row:
    beyond = any(
        not any(
            opens >= first and closes <= last for first, last in clinic.get(day, ())
        )
        for day, times in week.items()
        for opens, closes in times
    )
    shown = _lines(week or clinic)
    return Row(str(person.id), person.name, shown, follows=not week, beyond=beyond)


def _lines(week: weeks.Week) -> list[tuple[str, str]]:
    """Days that follow each other with the same hours, as one line."""
    lines: list[tuple[int, int, Times]] = []
    for day, times in week.items():
        if lines and lines[-1][1] == day - 1 and lines[-1][2] == times:
            lines[-1] = (lines[-1][0], day, times)
        else:
            lines.append((day, day, times))
    return [
        (
            weeks.NAMES[first]
            if first == last
            else f"{weeks.NAMES[first]} to {weeks.NAMES[last]}",
            spoken(times),
        )
        for first, last, times in lines
    ]
