"""What we ask about a booked visit by mail: "has anything changed?", and answers that
have become too old. Opening a link changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking import rulebooks, screenings
from booking.errors import AlreadyAnswered, InvalidRequest, NotAllowed, WrongState
from booking.links import OpenedVisit, open_to_change, open_visit
from booking.models.appointment import UPCOMING, Appointment
from booking.rescreening import expired_answers, recheck_answers, rechecks
from booking.web import edge, security, visit_changes, visit_links

bp = Blueprint("visit_checks", __name__, url_prefix="/visit/<token>")

Answered = str | Response | tuple[str, int]


@bp.get("/check")
def check_page(token: str) -> str:
    return _check_page(token, _mailed(token).appointment)


@bp.post("/check")
@security.limiter.limit(security.PUBLIC_WRITES)
def check(token: str) -> Answered:
    """One tap: nothing has changed; or on to the questions."""
    _mailed(token)
    said = request.form.get("changed")
    if said not in ("yes", "no"):
        raise InvalidRequest.of("changed", "Choose one of the two answers.")
    opened = visit_links.change(token)
    try:
        recheck_answers.answer(
            opened.appointment,
            changed=said == "yes",
            way=rechecks.MAIL,
            now=edge.now(),
            actor=opened.actor,
        )
    except AlreadyAnswered as again:
        return _check_page(token, visit_links.look(token), again), again.status
    if said == "no":
        return redirect(url_for("visit.show", token=token, checked=1), 303)
    return visit_changes.ask_anew(token, visit_links.look(token))


def _check_page(
    token: str, visit: Appointment, again: AlreadyAnswered | None = None
) -> str:
    site, now = edge.site(), edge.now()
    said = rechecks.answer_of(visit, rechecks.MAIL)
    return render_template(
        "patient/check.html",
        token=token,
        visit=visit,
        again=again,
        said=said,
        told=said is not None and rechecks.is_told_what(visit, said),
        can_answer=recheck_answers.can_answer(visit, site, now=now),
        is_upcoming=visit.status in UPCOMING and visit.starts_at > now,
    )


def _mailed(token: str) -> OpenedVisit:
    """The visit, if this is the link of our mail: only its owner may speak for it."""
    opened = open_visit(token)
    if not opened.mailed:
        raise NotAllowed(
            "Please use the link in the mail that we sent you: this one can only show "
            "the visit."
        )
    return opened


@bp.get("/again")
def again_page(token: str) -> str:
    # What was answered is not for a link that may only show the visit.
    visit = open_to_change(token).appointment
    names = too_old(visit)
    questions = rulebooks.current(edge.site()).questions
    return render_template(
        "patient/again.html",
        token=token,
        visit=visit,
        questions=[questions[name] for name in names],
        stale="stale" in request.args,
    )


@bp.post("/again")
@security.limiter.limit(security.PUBLIC_WRITES)
def again(token: str) -> Response:
    """To the questions whose answers have become too old, and to no others."""
    visit = visit_links.change(token).appointment
    if visit.status not in UPCOMING:
        raise WrongState
    names = too_old(visit)
    if not names:
        return redirect(url_for("visit.show", token=token), 303)
    return visit_changes.ask_anew(token, visit, names)


def too_old(visit: Appointment) -> Sequence[str]:
    """What is to be answered again before the visit, or to move it."""
    if visit.status not in UPCOMING:
        return []
    site, now = edge.site(), edge.now()
    due = set(expired_answers.to_ask(visit, site, now=now))
    due |= set(screenings.expired(visit.screening, site, edge.today()))
    order = rulebooks.current(site).questions
    return [name for name in order if name in due]
