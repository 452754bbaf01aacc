"""The settings of the clinic, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import site_settings
from booking.errors import BookingError, SettingsChanged
from booking.web import access, edge
from booking.web.desk.blueprint import attempt, bp
from booking.web.desk.opening import forms_page, managers


@bp.get("/settings/clinic")
@managers
def clinic_settings() -> ResponseReturnValue:
    return _page(site_settings.shown(edge.site()))


@bp.post("/settings/clinic")
@managers
def change_settings() -> ResponseReturnValue:
    form = request.form
    result = attempt(
        lambda: site_settings.change(
            edge.site(),
            form,
            seen=form.get("seen", ""),
            actor=access.actor(),
            now=edge.now(),
        )
    )
    if isinstance(result, BookingError):
        return _page(form, result), result.status
    flash("The settings are saved." if result else "Nothing was different.", "done")
    return redirect(url_for(".clinic_settings"), 303)


def _page(form: Mapping[str, str], refusal: BookingError | None = None) -> str:
    site = edge.site()
    stamp = site_settings.stamp(site)
    changed = isinstance(refusal, SettingsChanged)
    return forms_page(
        "desk/clinic_settings.html",
        form,
        refusal,
        limits=site_settings.NUMBERS,
        now_set=site_settings.shown(site) if changed else {},
        # Only who has been told of the others' change may save over it.
        seen=stamp if changed else form.get("seen", stamp),
    )
