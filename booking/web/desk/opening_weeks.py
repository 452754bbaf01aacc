"""Forms for the hours themselves: the usual week, and other hours on one day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from booking.errors import BookingError, HoursChanged, InvalidRequest, NotFound
from booking.opening import changing, single_days, weeks
from booking.opening.changing import Agreed
from booking.web import access, edge
from booking.web.desk.blueprint import bp, day_of
from booking.web.desk.opening import (
    forms_page,
    managers,
    overview,
    practitioners,
    save,
)


@bp.get("/settings/hours/week/<who>")
@managers
def opening_week(who: str) -> ResponseReturnValue:
    owner = _owner(who)
    typed = weeks.typed(weeks.week_of(edge.site(), owner))
    if not any(typed.values()):
        typed = weeks.typed(weeks.week_of(edge.site(), None))
    return _week_page(who, {weeks.field_of(day): typed[day] for day in typed})


@bp.post("/settings/hours/week/<who>")
@managers
def change_week(who: str) -> ResponseReturnValue:
    _owner(who)
    form = request.form

    def act(agreed: Agreed) -> int:
        return weeks.change(
            edge.site(),
            who,
            {day: form.get(weeks.field_of(day), "") for day in weeks.WEEKDAYS},
            seen=form.get("seen", ""),
            agreed=agreed,
            actor=access.actor(),
            now=edge.now(),
        )

    return save(
        act,
        lambda form, refusal: _week_page(who, form, refusal),
        "The hours are changed, from now on.",
    )


@bp.get("/settings/hours/day")
@managers
def opening_day() -> ResponseReturnValue:
    return _day_page({})


@bp.post("/settings/hours/day")
@managers
def add_day() -> ResponseReturnValue:
    form = request.form
    return save(
        lambda agreed: single_days.add(
            edge.site(),
            form.getlist("who"),
            form.get("day", ""),
            form.get("hours", ""),
            agreed=agreed,
            actor=access.actor(),
            now=edge.now(),
        ),
        _day_page,
        "The hours of that day are changed.",
    )


@bp.post("/settings/hours/day/end")
@managers
def end_day() -> ResponseReturnValue:
    form = request.form
    day = _day(form.get("day", ""))
    return save(
        lambda agreed: single_days.take_away(
            edge.site(),
            form.get("who", ""),
            day,
            agreed=agreed,
            actor=access.actor(),
            now=edge.now(),
        ),
        lambda _form, refusal: overview(refusal),
        "That day has its usual hours again.",
    )


def _owner(who: str) -> Any:
    try:
        return changing.owner_of(edge.site(), who)
    except InvalidRequest:
        raise NotFound("There is nobody here with hours like that.") from None


def _day(text: str) -> date:
    return day_of(text, "day")


def _week_page(
    who: str, form: Mapping[str, Any], refusal: BookingError | None = None
) -> str:
    site = edge.site()
    owner = _owner(who)
    now_said = weeks.typed(weeks.week_of(site, owner))
    changed = isinstance(refusal, HoursChanged)
    stamp = weeks.stamp(site, owner)
    return forms_page(
        "desk/opening_week.html",
        form,
        refusal,
        who=who,
        name=owner.name if owner else "The clinic",
        weekdays=[
            (weeks.field_of(day), weeks.NAMES[day], now_said[day])
            for day in weeks.WEEKDAYS
        ],
        follows=not any(now_said.values()),
        changed=changed,
        # Only who has been told of the others' change may save over it.
        seen=stamp if changed else form.get("seen", stamp),
    )


def _day_page(form: Mapping[str, Any], refusal: BookingError | None = None) -> str:
    who = request.form.getlist("who")
    people = practitioners(edge.site())
    return forms_page("desk/opening_day.html", form, refusal, who=who, people=people)
