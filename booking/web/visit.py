"""The page of a booked visit, opened by its link. Reading it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select

from booking import appointments, gate, holds, links, rulebooks, screenings
from booking.clock import local_day
from booking.db import db
from booking.diary import calendar
from booking.links import OpenedVisit
from booking.messages import invitations, kinds
from booking.models.appointment import UPCOMING, Appointment, Hold, Status
from booking.models.clinic import Resource
from booking.models.message import Message, MessageState
from booking.rescreening import expired_answers, rechecks
from booking.rescreening import recheck_answers as rechecking
from booking.web import care, course_view, edge, journey, offers, visit_links
from screening import Authority, Clearance, Verdict

bp = Blueprint("visit", __name__, url_prefix="/visit/<token>")

TITLES = {
    "confirmed": "Your visit is booked",
    "course": "Your visits are booked",
    "moved": "Your visit has a new time",
    "held": "We have your request",
    "reheld": "We need to check something with you",
    "rescreen_refused": "This day does not suit any more",
    "declined": "We cannot offer this visit",
    "expired": "Your request has run out",
    "cancelled": "Your visit is cancelled",
    "prep": "How to prepare",
    "recheck": "Has anything changed?",
    "reask": "Some questions again",
    "aftercare": "After your visit",
    "checkin": "How are you?",
    "checkin_again": "How are you? We ask once more",
}
"""What a mail is called on the page; nothing of it names the treatment."""


@dataclass(frozen=True)
class Post:
    """A mail that was sent or is planned."""

    title: str
    at: datetime
    is_sent: bool


@dataclass(frozen=True)
class Waiting:
    """What a held visit waits for, as its patient may know it."""

    reasons: tuple[str, ...]
    answer_by: datetime
    neutral: bool = False
    refused: bool = False
    by_answer: bool = False
    first_clear_day: date | None = None
    slots: tuple[offers.Time, ...] = ()


@bp.get("")
def show(token: str) -> str:
    opened = links.open_visit(token)
    visit = opened.appointment
    site, now = edge.site(), edge.now()
    rulebook = rulebooks.current(site)
    return render_template(
        "patient/visit.html",
        token=token,
        visit=visit,
        treatment=rulebook.treatments[visit.treatment],
        area=rulebook.areas[visit.area],
        practitioner=_name(visit.practitioner_id),
        waiting=_waiting(opened),
        posts=_posts(opened),
        notices=[] if opened.is_private else _notices(visit),
        course=course_view.shown_to(opened),
        line=course_view.line_of(visit),
        can_rebook=opened.mailed and visit.patient is not None,
        can_move=appointments.can_change(visit, site, now=now),
        can_cancel=appointments.can_cancel(visit, site, now=now),
        is_upcoming=visit.status in UPCOMING and visit.starts_at > now,
        asks=_asks(opened),
        is_new="new" in request.args,
        then=journey.find_waiting(request.args.get("then")),
        was_told="told" in request.args,
        was_moved="moved" in request.args,
        was_checked="checked" in request.args,
    )


@bp.get("/care")
def care_page(token: str) -> str:
    visit = visit_links.look(token)
    rulebook = rulebooks.current(edge.site())
    return render_template(
        "patient/care.html",
        token=token,
        visit=visit,
        treatment=rulebook.treatments[visit.treatment],
        before=care.before(visit, edge.site()),
        after=care.after(visit, edge.site()),
        flags=care.red_flags(visit, edge.site()),
    )


@bp.get("/calendar.ics")
def calendar_file(token: str) -> Response:
    visit = visit_links.look(token)
    body = invitations.calendar_file(visit, now=edge.now(), token=token)
    answer = Response(body, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    answer.headers["Content-Disposition"] = "attachment; filename=appointment.ics"
    return answer


def _name(resource_id: int | None) -> str:
    resource = db.session.get(Resource, resource_id) if resource_id else None
    return resource.name if resource else ""


def _waiting(opened: OpenedVisit) -> Waiting | None:
    visit = opened.appointment
    hold = holds.open_of(visit) if visit.status == Status.HELD else None
    if hold is None:
        return None
    windows = holds.windows_of(hold)
    # What the records say is for whoever reads the patient's mail (I-9b).
    from_records = any(window.provenance == "record" for window in windows)
    if not opened.mailed and (hold.neutral or from_records or opened.is_private):
        return Waiting((), hold.decide_by, neutral=True)
    clearance = _clearance(opened)
    refused = any(w.verdict is Verdict.REFUSE for w in windows) or _is_dead(hold)
    return Waiting(
        reasons=tuple(dict.fromkeys(window.reason for window in windows)),
        answer_by=hold.decide_by,
        refused=refused,
        by_answer=hold.owner == Authority.ANSWER,
        first_clear_day=clearance.first_clear_day(edge.today()),
        slots=_first_safe(visit, clearance) if refused else (),
    )


def _is_dead(hold: Hold) -> bool:
    return hold.owner == Authority.NOBODY


def _clearance(opened: OpenedVisit) -> Clearance:
    """As a move would decide: with the records only through a mailed link."""
    visit = opened.appointment
    return gate.clearance_for(
        edge.site(),
        visit.treatment,
        visit.area,
        visit.screening.answers,
        given_on=visit.screening.given_on,
        now=edge.now(),
        patient_id=visit.patient_id if opened.mailed else None,
        ignoring=visit.id,
    )


def _first_safe(visit: Appointment, clearance: Clearance) -> tuple[offers.Time, ...]:
    """The first free time of the next safe days, to be taken with one tap."""
    site, now = edge.site(), edge.now()
    if not appointments.can_change(visit, site, now=now):
        return ()
    if screenings.is_stale(visit.screening, site, now=now):
        return ()
    slots = calendar.first_safe(
        site, visit.treatment, clearance, now=now, first_visit=visit.first_visit
    )
    return offers.named(offers.Scope(site, visit.treatment, clearance), slots)


def _asks(opened: OpenedVisit) -> str:
    """What we wait to hear from this patient: "check", "again" or nothing."""
    visit, site, now = opened.appointment, edge.site(), edge.now()
    if opened.is_private or visit.status not in UPCOMING:
        return ""
    can_answer = opened.mailed and rechecking.can_answer(visit, site, now=now)
    # Who has answered since that was due is not asked the same again at once.
    if can_answer and rechecks.is_unanswered(visit, site, now=now):
        return "check"
    return "again" if expired_answers.to_ask(visit, site, now=now) else ""


def _notices(visit: Appointment) -> list[str]:
    """The advice that travels with the booking, for its day."""
    day = local_day(visit.starts_at, edge.site().timezone)
    clearance = screenings.clearance_of(visit.screening)
    return list(dict.fromkeys(n.text for n in clearance.notices if n.covers(day)))


def _posts(opened: OpenedVisit) -> list[Post]:
    visit = opened.appointment
    plan = rulebooks.current(edge.site()).plan(visit.treatment)
    rows = db.session.scalars(
        select(Message)
        .where(
            Message.appointment_id == visit.id,
            Message.audience == "patient",
            Message.state.in_((MessageState.PLANNED, MessageState.SENT)),
        )
        .order_by(Message.due_at, Message.id)
    )
    titles = {step.id: step.title for step in plan}
    posts = []
    for row in rows:
        kind = kinds.kind_of(row.step, plan) or ""
        if kind == "rescreen_refused" and not opened.mailed:
            kind = "reheld"  # more is for the owner of the address (I-9b)
        title = titles.get(row.step) or TITLES.get(kind)
        if title:
            posts.append(
                Post(title, row.sent_at or row.due_at, row.sent_at is not None)
            )
    return posts
