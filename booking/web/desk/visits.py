"""A visit at the desk: its page, arrive, complete, no-show, cancel and move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import (
    appointments,
    course_sessions,
    desk_tasks,
    expired_answers,
    patient_files,
    recheck_answers,
    rechecks,
    rulebooks,
    shift_proposals,
    shifting,
    tasks,
)
from booking.board import entry_of
from booking.course_places import Place
from booking.diary import Slot
from booking.errors import BookingError, InvalidRequest
from booking.models.appointment import UPCOMING, Appointment
from booking.overrides import ReleaseNote
from booking.visit_notes import NEEDS_LOT
from booking.web import access, course_moves, course_view, course_wishes, edge
from booking.web.desk import releases, times
from booking.web.desk.blueprint import (
    attempt,
    bp,
    instant_of,
    name_of,
    page,
    problems_of,
    text_of,
    visit_day,
)
from booking.web.desk.effects import effects_on
from booking.web.desk.record_forms import depth_of
from booking.web.desk.telling import told, words_of
from screening import Clearance

ASK_FIRST = "Ask whether anything has changed since they answered, and choose."


@bp.get("/visits/<int:visit_id>")
def visit(visit_id: int) -> ResponseReturnValue:
    return _page(visit_id)


def _page(visit_id: int, refusal: BookingError | None = None) -> str:
    found = patient_files.get_visit(visit_id)
    patient_files.note_reading(found, actor=access.actor(), now=edge.now())
    site = edge.site()
    rulebook = rulebooks.current(site)
    return page(
        "desk/visit.html",
        entry=entry_of(found, site, rulebook, now=edge.now()),
        day=visit_day(found),
        told=told(found.screening),
        messages=desk_tasks.messages_of(found),
        needs_lot=found.treatment in NEEDS_LOT,
        checks=_checks(found),
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
    found = patient_files.get_visit(visit_id)
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
    found = patient_files.get_visit(visit_id)
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
    found = patient_files.get_visit(visit_id)
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
    found = patient_files.get_visit(visit_id)
    name = found.patient.name if found.patient else ""
    result = attempt(lambda: act(found, now=edge.now(), actor=access.actor()))
    if isinstance(result, BookingError):
        return _refused(visit_id, result)
    flash(f"{name_of(name)}: {done}", "done")
    day = visit_day(result)
    if request.form.get("from") == "board":
        return redirect(url_for(".board", day=day, _anchor=f"visit-{visit_id}"), 303)
    return redirect(url_for(".visit", visit_id=visit_id), 303)


@bp.get("/visits/<int:visit_id>/move")
def choose_move(visit_id: int) -> ResponseReturnValue:
    found = patient_files.get_visit(visit_id)
    patient_files.note_reading(found, actor=access.actor(), now=edge.now())
    clearance = _clearance(found)

    def link(slot: Slot) -> str:
        return url_for(
            ".move",
            visit_id=visit_id,
            start=slot.start.isoformat(),
            practitioner=slot.practitioner,
        )

    def day_link(first: date, day: date | None = None) -> str:
        values: dict[str, Any] = {"from": first, "day": day}
        return url_for(".choose_move", visit_id=visit_id, **values)

    return page(
        "desk/move.html",
        visit=found,
        said=words_of(found.screening.answers),
        times=times.offered(
            clearance,
            first_visit=found.first_visit,
            link=link,
            day_link=day_link,
            ignoring=found.id,
            horizon_days=course_sessions.horizon_of(found, edge.site()),
        ),
    )


@bp.get("/visits/<int:visit_id>/move/to")
def move(visit_id: int) -> ResponseReturnValue:
    return _move_page(visit_id, request.args)


@bp.post("/visits/<int:visit_id>/move/to")
def do_move(visit_id: int) -> ResponseReturnValue:
    found = patient_files.get_visit(visit_id)

    def act() -> appointments.Booked:
        start = instant_of(request.form.get("start", ""), "start")
        who = practitioner_of(request.form.get("practitioner", ""))
        asked = asked_release()
        now, actor = edge.now(), access.actor()
        if request.form.get("rest_how") != "all":
            return appointments.move(
                found, start, who, now=now, actor=actor, release=asked
            )
        rest = course_moves.targets_of(found, request.form.getlist("rest"))
        return shifting.move_together(
            found, Place(start, who), rest, now=now, actor=actor, release=asked
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _move_page(visit_id, request.form, result), result.status
    held = "It is held now." if result.hold else "It is confirmed."
    flash(f"Moved. {held} The patient is told by e-mail.", "done")
    return redirect(url_for(".visit", visit_id=visit_id), 303)


def _move_page(visit_id: int, given: Any, refusal: BookingError | None = None) -> str:
    found = patient_files.get_visit(visit_id)
    start = instant_of(given.get("start", ""), "start")
    clearance = _clearance(found)
    shift = shift_proposals.propose(found, start, now=edge.now(), actor=access.actor())
    going = [step.visit.id for step in shift.steps] if shift else []
    return page(
        "desk/move_to.html",
        visit=found,
        shift=shift,
        names=course_view.names(found.treatment),
        value_of=course_wishes.value_of,
        effects=effects_on(
            found.patient,
            found.treatment,
            found.area,
            [start],
            leaving_out=[found.id, *going],
        ),
        said=words_of(found.screening.answers),
        start=start,
        practitioner_id=given.get("practitioner", ""),
        practitioner=resource_of(practitioner_of(given.get("practitioner", ""))),
        decided=times.decided(clearance, start),
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
        **releases.choices(),
    )


def _clearance(found: Appointment) -> Clearance:
    """Later sessions of its course may follow it, so they close no day."""
    return shift_proposals.clearance_before_shift(
        found, edge.site(), now=edge.now(), actor=access.actor()
    )


def asked_release() -> ReleaseNote | None:
    """The release in the posted form, if "release" is what was chosen there."""
    if request.form.get("how") != releases.RELEASE:
        return None
    return releases.release_note(request.form)


def practitioner_of(text: str) -> int | None:
    """A resource id, None for any, InvalidRequest for anything else."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise InvalidRequest.of("practitioner", "Choose one of the practitioners.")
    return int(text)


def resource_of(practitioner: int | None) -> str:
    """The name of a practitioner of this site."""
    names = {resource.id: resource.name for resource in edge.site().resources}
    if practitioner is None:
        return "Anybody who is free"
    if practitioner not in names:
        raise InvalidRequest.of("practitioner", "Choose one of the practitioners.")
    return names[practitioner]
