"""Joining the waitlist: from the calendar where nothing suits, or for an earlier time
than a booked visit has."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import appointments, gate, links, rulebooks, waitlist
from booking.errors import InvalidRequest, WrongState
from booking.links import OpenedVisit
from booking.web import edge, journey, security, visit_links, wishes
from booking.web.forms import WaiterForm
from booking.web.journey import Journey
from booking.web.wishes import WishForm
from screening import Clearance

bp = Blueprint("wait", __name__)

Answered = str | Response | tuple[str, int]


@bp.get("/booking/<key>/wait")
def ask(key: str) -> str:
    trip = journey.find(key)
    form = wishes.blank(trip.draft.treatment, trip.clearance())
    return _ask_page(trip, form, WaiterForm(data=trip.contact))


@bp.post("/booking/<key>/wait")
@security.limiter.limit(security.BOOKINGS)
def asked(key: str) -> Answered:
    trip = journey.find(key)
    form, person = wishes.sent(trip.draft.treatment), WaiterForm()
    wish = form.wish()
    if not person.validate_on_submit() or wish is None:
        return _ask_page(trip, form, person), 422
    trip.save(contact=asdict(person.contact))
    try:
        waitlist.ask(trip.screening(), person.contact, wish, now=edge.now())
    except InvalidRequest as refusal:
        _spread(refusal, form, person)
        return _ask_page(journey.find(key), form, person), 422
    return redirect(url_for(".thanks", key=key), 303)


@bp.get("/booking/<key>/wait/thanks")
def thanks(key: str) -> str:
    return render_template("patient/wait_thanks.html", trip=journey.find(key))


@bp.get("/visit/<token>/wait")
def earlier_page(token: str) -> str:
    opened = links.open_to_change(token)
    _refuse_late(opened)
    form = wishes.blank(
        opened.appointment.treatment, _clearance(opened), opened.appointment
    )
    return _earlier_page(token, opened, form)


@bp.post("/visit/<token>/wait")
@security.limiter.limit(security.BOOKINGS)
def earlier(token: str) -> Answered:
    opened = visit_links.change(token)
    _refuse_late(opened)
    form = wishes.sent(opened.appointment.treatment)
    wish = form.wish()
    if wish is None:
        return _earlier_page(token, opened, form), 422
    try:
        entry = waitlist.join_with_visit(
            opened.appointment, wish, now=edge.now(), actor=opened.actor
        )
    except InvalidRequest as refusal:
        form.refuse(refusal)
        return _earlier_page(token, links.open_to_change(token), form), 422
    if entry.state == "asked":
        flash("Please open the link in the e-mail that we have just sent you.", "info")
    else:
        flash(
            "You are on the list. We write to you when an earlier time opens.", "done"
        )
    return redirect(url_for("visit.show", token=token), 303)


def _ask_page(trip: Journey, form: WishForm, person: WaiterForm) -> str:
    return render_template(
        "patient/wait.html",
        trip=trip,
        form=form,
        person=person,
        problems=[*form.problems, *person.problems],
    )


def _earlier_page(token: str, opened: OpenedVisit, form: WishForm) -> str:
    visit = opened.appointment
    return render_template(
        "patient/wait_earlier.html",
        token=token,
        visit=visit,
        form=form,
        treatment=rulebooks.current(edge.site()).treatments[visit.treatment],
    )


def _spread(refusal: InvalidRequest, form: WishForm, person: WaiterForm) -> None:
    """Each problem beside its field, of the wish or of the person."""
    own = [p for p in refusal.problems if p.field in person]
    person.refuse(InvalidRequest(own))
    form.refuse(InvalidRequest([p for p in refusal.problems if p not in own]))


def _clearance(opened: OpenedVisit) -> Clearance:
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


def _refuse_late(opened: OpenedVisit) -> None:
    if not appointments.can_change(opened.appointment, edge.site(), now=edge.now()):
        raise WrongState("This visit can no longer be moved online. Please call us.")
