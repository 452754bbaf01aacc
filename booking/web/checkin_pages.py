"""How are you? Two buttons, then the signs, and at once what to do now.

Opening a page changes nothing. Any link of the visit will do: a report tells nobody
anything of the records, and no sign may be turned away for want of the right mail.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking import links
from booking.errors import BookingError, InvalidRequest, WrongState
from booking.links import OpenedVisit
from booking.models.appointment import Appointment, Status
from booking.models.checkin import SymptomReport
from booking.symptoms import advice, checkins, reports
from booking.symptoms.reports import CALL, FINE, OWN_WISH, Said
from booking.web import edge, security
from booking.web.questions import Problem

bp = Blueprint("checkin", __name__, url_prefix="/visit/<token>")

Answered = str | Response | tuple[str, int]
TICK_SOMETHING = "Tick what you see, or write a few words."


@bp.get("/checkin/<step>")
def page(token: str, step: str) -> str:
    visit = links.open_visit(token).appointment
    return _page(token, visit, _closed(visit, step))


@bp.post("/checkin/<step>")
@security.limiter.limit(security.PUBLIC_WRITES)
def answer(token: str, step: str) -> Answered:
    opened = links.open_visit(token)
    refused = _closed(opened.appointment, step)
    wanted = request.form.get("answer")
    if refused is not None:
        return _page(token, opened.appointment, refused), refused.status
    if wanted not in (FINE, CALL):
        raise InvalidRequest.of("answer", "Choose one of the two buttons.")
    said = Said(wants_call=wanted == CALL)
    _report(opened, said, step)
    if wanted == CALL:
        return redirect(url_for(".problem_page", token=token, called=1), 303)
    return redirect(url_for(".page", token=token, step=step, thanks=1), 303)


@bp.get("/problem")
def problem_page(token: str) -> str:
    visit = links.open_visit(token).appointment
    return _problem_page(token, visit)


@bp.post("/problem")
@security.limiter.limit(security.PUBLIC_WRITES)
def problem(token: str) -> Answered:
    """The answer to the post itself says what to do: it needs no second request."""
    opened = links.open_visit(token)
    said = Said(request.form.getlist("signs"), request.form.get("text", ""))
    if not said.signs and not said.text.strip():
        return _problem_page(token, opened.appointment, TICK_SOMETHING), 422
    try:
        row = _report(opened, said, OWN_WISH)
    except InvalidRequest as bad:
        message = bad.problems[0].message
        return _problem_page(token, opened.appointment, message), bad.status
    visit = links.open_visit(token).appointment
    return render_template(
        "patient/advice.html",
        token=token,
        visit=visit,
        advice=advice.about(row, visit, edge.site(), now=edge.now()),
        night=advice.NIGHT,
    )


def _report(opened: OpenedVisit, said: Said, step: str) -> SymptomReport:
    return reports.report(
        opened.appointment, said, step=step, now=edge.now(), actor=opened.actor
    )


def _closed(visit: Appointment, step: str) -> BookingError | None:
    try:
        checkins.check_open(visit, edge.site(), step, now=edge.now())
    except WrongState as refusal:
        return refusal
    return None


def _page(token: str, visit: Appointment, refused: BookingError | None) -> str:
    return render_template(
        "patient/checkin.html",
        token=token,
        visit=visit,
        refused=refused.sentence if refused else "",
        is_over=visit.status == Status.COMPLETED,
        thanks="thanks" in request.args,
    )


def _problem_page(token: str, visit: Appointment, error: str = "") -> str:
    if visit.status != Status.COMPLETED:
        raise WrongState(reports.NOT_COMPLETED)
    flags = reports.flags_of(visit, edge.site()).values()
    signs = [flag for flag in flags if flag.action != "none"]
    return render_template(
        "patient/problem.html",
        token=token,
        visit=visit,
        options=[(flag.id, f"{flag.sign} ({_lower(flag.when)})") for flag in signs],
        usual=[flag for flag in flags if flag.action == "none"],
        ticked=request.form.getlist("signs"),
        text=request.form.get("text", ""),
        problems=[Problem("signs", error, "signs")] if error else [],
        called="called" in request.args,
        promise=_promise(visit),
        night=advice.NIGHT,
    )


def _promise(visit: Appointment) -> advice.Advice | None:
    """What was promised to whoever has just asked for a call."""
    rows = reports.open_reports([visit.id]) if "called" in request.args else []
    # As it was then: opened again tomorrow, the page must not promise a later call.
    return advice.about(rows[0], visit, edge.site(), now=rows[0].at) if rows else None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
