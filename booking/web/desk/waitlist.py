"""The waitlist at the desk: who waits and why; on it for a caller, and off it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import waitlist
from booking.errors import InvalidRequest
from booking.patients import Contact, files
from booking.waitlist import MOST_SHOWN, Standing
from booking.web import access, edge, journey, offers, wishes
from booking.web.desk.blueprint import bp, page
from booking.web.desk.book import caller_of
from booking.web.forms import WaiterForm
from booking.web.journey import Journey
from booking.web.wishes import WishForm

OFFER_WORDS = {
    "accepted": "taken",
    "declined": "declined",
    "expired": "missed",
    "gone": "taken by others or withdrawn",
}


@dataclass(frozen=True)
class Row:
    standing: Standing
    wish: list[str]


@bp.get("/waitlist")
def waiting_list() -> ResponseReturnValue:
    site, now = edge.site(), edge.now()
    text = request.args.get("skip", "")
    skip = int(text) if text.isdecimal() and len(text) < 6 else 0
    found = waitlist.waiting_at(site, skip=skip)
    numbers = [entry.id for entry in found[:MOST_SHOWN]]
    # Why somebody waits tells of their answers: that it was read is noted first.
    files.note_readings(
        [entry.patient for entry in found[:MOST_SHOWN]], actor=access.actor(), now=now
    )
    entries = [waitlist.get(number) for number in numbers]
    return page(
        "desk/waitlist.html",
        rows=[
            Row(
                waitlist.standing_of(entry, site, now=now),
                wishes.words_of(
                    waitlist.wish_of(entry),
                    offers.practitioners(site, entry.treatment),
                ),
            )
            for entry in entries
        ],
        offer_words=OFFER_WORDS,
        following=skip + MOST_SHOWN if len(found) > MOST_SHOWN else None,
    )


@bp.post("/waitlist/<int:entry_id>/leave")
def take_off(entry_id: int) -> ResponseReturnValue:
    waitlist.leave(waitlist.get(entry_id), now=edge.now(), actor=access.actor())
    flash("Taken off the list.", "done")
    return redirect(url_for(".waiting_list"), 303)


@bp.get("/book/<key>/wait")
def wait(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    form = wishes.blank(trip.draft.treatment, trip.clearance())
    return _wait_page(trip, form, WaiterForm(data=trip.contact))


@bp.post("/book/<key>/wait")
def put_on(key: str) -> ResponseReturnValue:
    trip = journey.find(key)
    form, person = wishes.sent(trip.draft.treatment), WaiterForm()
    caller = caller_of(trip)
    wish = form.wish()
    if wish is None or not (caller or person.validate()):
        return _wait_page(trip, form, person), 422
    contact = person.contact
    if caller is not None:
        contact = Contact(caller.name, caller.email, caller.phone, caller.language)
    try:
        waitlist.join_at_desk(
            trip.screening(),
            contact,
            wish,
            now=edge.now(),
            actor=access.actor(),
            patient_id=caller.id if caller else None,
        )
    except InvalidRequest as refusal:
        form.refuse(refusal)
        return _wait_page(journey.find(key), form, person), 422
    flash("On the list. They get a mail that says so.", "done")
    return redirect(url_for(".waiting_list"), 303)


def _wait_page(trip: Journey, form: WishForm, person: WaiterForm) -> str:
    caller = caller_of(trip)
    problems = [*form.problems, *([] if caller else person.problems)]
    return page(
        "desk/wait.html",
        trip=trip,
        caller=caller,
        form=form,
        person=person,
        problems=problems,
    )
