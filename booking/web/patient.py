"""Where a patient begins: what the clinic offers, and the first page of a booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from booking import rulebooks
from booking.db import db
from booking.errors import NotFound
from booking.models.clinic import Treatment as Offer
from booking.web import edge, journey, screening_pages, security, words
from screening import Treatment, questionnaire

bp = Blueprint("patient", __name__)

CONSULTATION = "consultation"


@bp.get("/")
def home() -> str:
    rulebook = rulebooks.current(edge.site())
    offers = [
        (rulebook.treatments[offer.id], _length(offer))
        for offer in _offers()
        if offer.id in rulebook.treatments
    ]
    return render_template(
        "patient/home.html",
        offers=[one for one in offers if one[0].id != CONSULTATION],
        consultation=next((one for one in offers if one[0].id == CONSULTATION), None),
        areas=rulebook.areas,
        left="left" in request.args,
    )


@bp.get("/book/<treatment>")
def treatment_page(treatment: str) -> str:
    chosen, offer = _chosen(treatment)
    return _start_page(chosen, offer, chosen.areas)


@bp.get("/book/<treatment>/<area>")
def area_page(treatment: str, area: str) -> str:
    chosen, offer = _chosen(treatment)
    if area not in chosen.areas:
        raise NotFound
    return _start_page(chosen, offer, (area,))


@bp.post("/book/<treatment>/<area>")
@security.limiter.limit(security.PUBLIC_WRITES)
def start(treatment: str, area: str) -> Response:
    chosen, _ = _chosen(treatment)
    if area not in chosen.areas:
        raise NotFound
    trip = journey.begin(chosen.id, area)
    if waiting := journey.find_waiting(request.args.get("then")):
        trip.remember(then=waiting.key)
    if not trip.steps:
        return screening_pages.decide(trip)
    return redirect(url_for("screening.page", key=trip.key, name=trip.steps[0].id), 303)


def _start_page(treatment: Treatment, offer: Offer, areas: Sequence[str]) -> str:
    rulebook = rulebooks.current(edge.site())
    return render_template(
        "patient/treatment.html",
        treatment=treatment,
        areas=[rulebook.areas[area] for area in areas],
        minutes=_length(offer),
        asks=bool(questionnaire(rulebook, treatment.id, treatment.areas[0])),
        then=request.args.get("then"),
    )


def offered() -> list[str]:
    """The ids of the treatments that the clinic offers, in its order."""
    known = rulebooks.current(edge.site()).treatments
    return [offer.id for offer in _offers() if offer.id in known]


def _offers() -> list[Offer]:
    return list(
        db.session.scalars(select(Offer).where(Offer.active).order_by(Offer.position))
    )


def _chosen(treatment: str) -> tuple[Treatment, Offer]:
    """The treatment of this address and how the clinic performs it, or NotFound."""
    known = rulebooks.current(edge.site()).treatments.get(treatment)
    offer = db.session.get(Offer, treatment)
    if known is None or offer is None or not offer.active:
        raise NotFound
    return known, offer


def _length(offer: Offer) -> str:
    """How long a first visit takes for the patient."""
    phases = [*offer.phases, *([offer.consultation] if offer.consultation else [])]
    minutes = sum(phase["minutes"] for phase in phases if phase.get("patient", True))
    return words.length(timedelta(minutes=minutes))
