"""A place on the waitlist and an offer, by the links that only ever come by mail.

Opening one changes nothing: mail programs open links by themselves.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import links, rulebooks, waitlist
from booking.actors import PROVEN_PATIENT
from booking.db import db
from booking.errors import BookingError, OfferEnded, OfferUnsafe, WrongState
from booking.messages.waiting import is_shared
from booking.models.appointment import Status
from booking.models.clinic import Resource
from booking.models.waitlist import OfferState, WaitlistEntry, WaitlistOffer
from booking.web import edge, offers, security, wishes

bp = Blueprint("waiting", __name__)

Answered = str | Response | tuple[str, int]


@bp.get("/waiting/<token>")
def show(token: str) -> str:
    entry = links.open_waiting(token)
    return render_template("patient/waiting.html", token=token, **_about(entry))


@bp.post("/waiting/<token>/confirm")
@security.limiter.limit(security.PUBLIC_WRITES)
def confirm(token: str) -> Response:
    entry = links.open_waiting(token)
    waitlist.confirm(entry, now=edge.now(), actor=PROVEN_PATIENT)
    return redirect(url_for(".show", token=token), 303)


@bp.post("/waiting/<token>/leave")
@security.limiter.limit(security.PUBLIC_WRITES)
def leave(token: str) -> Response:
    entry = links.open_waiting(token)
    waitlist.leave(entry, now=edge.now(), actor=PROVEN_PATIENT)
    return redirect(url_for(".show", token=token), 303)


@bp.get("/offer/<token>")
def offered(token: str) -> str:
    return _offer_page(token, links.open_offer(token))


@bp.post("/offer/<token>/take")
@security.limiter.limit(security.PUBLIC_WRITES)
def take(token: str) -> Answered:
    offer = links.open_offer(token)
    moves = offer.entry.appointment_id is not None
    try:
        visit = waitlist.accept(offer, now=edge.now())
    except (OfferEnded, OfferUnsafe, WrongState) as refusal:
        db.session.rollback()
        return _offer_page(token, links.open_offer(token), refusal), refusal.status
    mailed = links.mailed_token(visit)
    if moves:
        return redirect(url_for("visit.show", token=mailed, moved=1), 303)
    return redirect(url_for("visit.show", token=mailed, new=1), 303)


@bp.post("/offer/<token>/decline")
@security.limiter.limit(security.PUBLIC_WRITES)
def decline(token: str) -> Response:
    offer = links.open_offer(token)
    waitlist.decline(offer, now=edge.now(), actor=PROVEN_PATIENT)
    return redirect(url_for(".offered", token=token), 303)


def _offer_page(
    token: str, offer: WaitlistOffer, refusal: BookingError | None = None
) -> str:
    entry, place = offer.entry, offer.appointment
    who = db.session.get(Resource, place.practitioner_id or 0)
    accepted = offer.state == OfferState.ACCEPTED
    visit = (entry.appointment or place) if accepted else None
    return render_template(
        "patient/offer.html",
        token=token,
        offer=offer,
        place=place,
        practitioner=who.name if who else "",
        refusal=refusal,
        is_open=offer.state == OfferState.OPEN
        and offer.answer_by > edge.now()
        and place.status == Status.RESERVED,
        visit_token=links.mailed_token(visit) if visit else None,
        shared=is_shared(offer),
        waiting_token=links.waiting_token(entry),
        **_about(entry),
    )


def _about(entry: WaitlistEntry) -> dict[str, object]:
    site = edge.site()
    rulebook = rulebooks.current(site)
    names = offers.practitioners(site, entry.treatment)
    return {
        "entry": entry,
        "treatment": rulebook.treatments[entry.treatment],
        "area": rulebook.areas[entry.area],
        "wish": wishes.words_of(waitlist.wish_of(entry), names),
    }
