"""Asking to be called: for whoever finds no day, or would rather talk."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from booking.tasks import call_backs
from booking.web import edge, security
from booking.web.forms import CallForm

bp = Blueprint("call", __name__, url_prefix="/call-me")

Answered = str | Response | tuple[str, int]


@bp.route("", methods=["GET", "POST"])
@security.limiter.limit(security.PUBLIC_WRITES, methods=["POST"])
def ask() -> Answered:
    form = CallForm()
    if form.validate_on_submit():
        call_backs.ask(edge.site(), form.wish, now=edge.now())
        return redirect(url_for(".thanks", trip=_trip()), 303)
    page = render_template("patient/call_me.html", form=form, key=_trip())
    return page, 422 if form.errors else 200


@bp.get("/thanks")
def thanks() -> str:
    return render_template("patient/call_me_thanks.html", key=_trip())


def _trip() -> str | None:
    """The journey to go back to, if this browser has answered its questions."""
    key = request.args.get("trip", "")
    kept = session.get("journeys", {}).get(key, {})
    return key if "screening" in kept else None
