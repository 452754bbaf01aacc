"""A visit at the desk: its page, arrive, complete, no-show, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import appointments, rulebooks, tasks
from booking.board import entry_of
from booking.errors import BookingError, InvalidRequest
from booking.models.appointment import UPCOMING, Appointment
from booking.patients import files
from booking.records.visit_notes import NEEDS_LOT
from booking.rescreening import expired_answers, recheck_answers, rechecks
from booking.tasks import desk, kinds
from booking.web import access, course_view, edge
from booking.web.desk.blueprint import (
    attempt,
    bp,
    name_of,
    page,
    problems_of,
    text_of,
    visit_day,
)
from booking.web.desk.record_forms import depth_of
from booking.web.desk.telling import told

ASK_FIRST = "Ask whether anything has changed since they answered, and choose."


@bp.get("/visits/<int:visit_id>")
def visit(visit_id: int) -> ResponseReturnValue:
    return _page(visit_id)


def _page(visit_id: int, refusal: BookingError | None = None) -> str:
    found = files.get_visit(visit_id)
    files.note_reading(found, actor=access.actor(), now=edge.now())
    site = edge.site()
    rulebook = rulebooks.current(site)
    return page(
        "desk/visit.html",
        entry=entry_of(found, site, rulebook, now=edge.now()),
        day=visit_day(found),
        told=told(found.screening),
        messages=desk.messages_of(found),
        needs_lot=found.treatment in NEEDS_LOT,
        checks=_checks(found),
        task_kind=kinds.kind_of,
        sessions=course_view.sessions_with(found),
        line=course_view.line_of(found),
        gap=course_view.gap_without(found),
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
    )


def _checks(found: Appointment) -> dict[str, Any]:
    """What the patient was asked about this visit, and what is still to be asked."""
    site, now = edge.site(), edge.now()
    said = rechecks.answer_of(found, rechecks.ARRIVAL)
    return {
        "must_tell": said is not None and not rechecks.is_told_what(found, said),
        "has_told": said is not None and rechecks.is_told_what(found, said),
        "unanswered": recheck_answers.is_asked_at_desk(found, site, now=now),
        "too_old": found.status in UPCOMING
        and len(expired_answers.to_ask(found, site, now=now)),
        "tasks": tasks.of_visit(found),
    }


@bp.post("/visits/<int:visit_id>/arrive")
def arrive(visit_id: int) -> ResponseReturnValue:
    """Once more "has anything changed?": yes leads to the questions first."""
    found = files.get_visit(visit_id)
    said = request.form.get("changed")
    if said == "no":
        return _on_the_day(visit_id, appointments.arrive, "Arrived.")
    if said != "yes":
        return _refused(visit_id, InvalidRequest.of("changed", ASK_FIRST))
    result = attempt(
        lambda: recheck_answers.tell_change_on_arrival(
            found, now=edge.now(), actor=access.actor()
        )
    )
    if isinstance(result, BookingError):
        return _refused(visit_id, result)
    flash("Not arrived yet. Record what has changed, then mark the arrival.", "info")
    return redirect(url_for(".answers", visit_id=visit_id, all="yes"), 303)


@bp.post("/visits/<int:visit_id>/recheck")
def nothing_changed(visit_id: int) -> ResponseReturnValue:
    """What a patient said when called before the visit."""
    found = files.get_visit(visit_id)
    result = attempt(
        lambda: recheck_answers.answer(
            found,
            changed=False,
            way=rechecks.DESK,
            now=edge.now(),
            actor=access.actor(),
        )
    )
    if isinstance(result, BookingError):
        return _refused(visit_id, result)
    flash("Recorded: nothing has changed.", "done")
    return redirect(url_for(".visit", visit_id=visit_id), 303)


@bp.post("/visits/<int:visit_id>/no-show")
def no_show(visit_id: int) -> ResponseReturnValue:
    return _on_the_day(visit_id, appointments.no_show, "Marked as not come.")


@bp.post("/visits/<int:visit_id>/complete")
def complete(visit_id: int) -> ResponseReturnValue:
    def act(found: Appointment, **who: Any) -> Appointment:
        return appointments.complete(
            found,
            depth_mm=depth_of(request.form.get("depth_mm", "")),
            lot=text_of(request.form, "lot"),
            product=text_of(request.form, "product"),
            **who,
        )

    return _on_the_day(visit_id, act, "Completed. Aftercare is on its way.")


@bp.post("/visits/<int:visit_id>/cancel")
def cancel(visit_id: int) -> ResponseReturnValue:
    found = files.get_visit(visit_id)
    result = attempt(
        lambda: appointments.cancel(
            found,
            now=edge.now(),
            actor=access.actor(),
            reason=text_of(request.form, "cancel_reason")[:500],
        )
    )
    if isinstance(result, BookingError):
        return _refused(visit_id, result)
    flash("Cancelled. The patient is told by e-mail.", "done")
    return redirect(url_for(".visit", visit_id=visit_id), 303)


def _refused(visit_id: int, refusal: BookingError) -> ResponseReturnValue:
    return _page(visit_id, refusal), refusal.status


def _on_the_day(
    visit_id: int, act: Callable[..., Appointment], done: str
) -> ResponseReturnValue:
    found = files.get_visit(visit_id)
    name = found.patient.name if found.patient else ""
    result = attempt(lambda: act(found, now=edge.now(), actor=access.actor()))
    if isinstance(result, BookingError):
        return _refused(visit_id, result)
    flash(f"{name_of(name)}: {done}", "done")
    day = visit_day(result)
    if request.form.get("from") == "board":
        return redirect(url_for(".board", day=day, _anchor=f"visit-{visit_id}"), 303)
    return redirect(url_for(".visit", visit_id=visit_id), 303)
