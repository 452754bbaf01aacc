"""Forms for what takes hours away: absences, closures, and public holidays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from booking.errors import BookingError, HoursChanged
from booking.opening import absences, closures, public_holidays
from booking.opening.absences import Typed
from booking.opening.closures import Closed
from booking.web import access, edge
from booking.web.desk.blueprint import bp, day_of
from booking.web.desk.opening import forms_page, managers, overview, save


@bp.get("/settings/hours/away")
@managers
def absence() -> ResponseReturnValue:
    return _away_page({})


@bp.post("/settings/hours/away")
@managers
def add_absence() -> ResponseReturnValue:
    form = request.form
    names = ("who", "first_day", "first_time", "last_day", "last_time", "reason")
    typed = Typed(*(form.get(name, "") for name in names))
    return save(
        lambda agreed: absences.add(
            edge.site(), typed, agreed=agreed, actor=access.actor(), now=edge.now()
        ),
        _away_page,
        "The absence is put down.",
    )


@bp.post("/settings/hours/away/<int:absence_id>/end")
@managers
def end_absence(absence_id: int) -> ResponseReturnValue:
    return save(
        lambda agreed: absences.end(
            edge.site(),
            absence_id,
            agreed=agreed,
            actor=access.actor(),
            now=edge.now(),
        ),
        lambda _form, refusal: overview(refusal),
        "The absence has ended.",
    )


@bp.get("/settings/hours/closed")
@managers
def closure() -> ResponseReturnValue:
    return forms_page("desk/opening_closed.html", {})


@bp.post("/settings/hours/closed")
@managers
def add_closure() -> ResponseReturnValue:
    form = request.form
    return save(
        lambda agreed: closures.add(
            edge.site(),
            form.get("first_day", ""),
            form.get("last_day", ""),
            form.get("name", ""),
            agreed=agreed,
            actor=access.actor(),
            now=edge.now(),
        ),
        lambda form, refusal: forms_page("desk/opening_closed.html", form, refusal),
        "The clinic is closed then.",
    )


@bp.post("/settings/hours/closed/end")
@managers
def end_closure() -> ResponseReturnValue:
    form = request.form
    closed = Closed(
        day_of(form.get("first_day", ""), "first_day"),
        day_of(form.get("last_day", ""), "last_day"),
        form.get("name", ""),
    )
    return save(
        lambda agreed: closures.reopen(
            edge.site(), closed, agreed=agreed, actor=access.actor(), now=edge.now()
        ),
        lambda _form, refusal: overview(refusal),
        "The clinic is open then.",
    )


@bp.get("/settings/hours/holidays")
@managers
def holidays() -> ResponseReturnValue:
    site = edge.site()
    kept = {
        "country": site.holiday_country or "",
        "region": site.holiday_subdivision or "",
    }
    return _holidays_page(kept)


@bp.post("/settings/hours/holidays")
@managers
def change_holidays() -> ResponseReturnValue:
    form = request.form
    return save(
        lambda agreed: public_holidays.change(
            edge.site(),
            form.get("country", ""),
            form.get("region", ""),
            seen=form.get("seen", ""),
            agreed=agreed,
            actor=access.actor(),
            now=edge.now(),
        ),
        _holidays_page,
        "These public holidays are kept.",
    )


def _holidays_page(form: Mapping[str, Any], refusal: BookingError | None = None) -> str:
    site = edge.site()
    stamp = public_holidays.stamp(site)
    changed = isinstance(refusal, HoursChanged)
    kept = f"{site.holiday_country or 'none'} {site.holiday_subdivision or ''}".strip()
    return forms_page(
        "desk/opening_holidays.html",
        form,
        refusal,
        now_kept=f" Now: {kept}." if changed else "",
        seen=stamp if changed else form.get("seen", stamp),
    )


def _away_page(form: Mapping[str, Any], refusal: BookingError | None = None) -> str:
    resources = [(str(one.id), one.name) for one in edge.site().resources if one.active]
    who = [("", "Choose"), *resources]
    return forms_page("desk/opening_away.html", form, refusal, resources=who)
