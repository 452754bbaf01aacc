"""The step between a kept time and the booking: who comes, and where to write to.

A visit and a course go through it alike; `Kept` is what they do differently.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from datetime import datetime

from flask import jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from booking.errors import ReservationEnded
from booking.web import edge
from booking.web.forms import DetailsForm
from booking.web.journey import Journey

Answered = str | Response | tuple[str, int]


class Kept(ABC):
    """What this browser keeps while its owner says who comes."""

    several = False
    """Whether it is more than one time."""

    def __init__(self, trip: Journey) -> None:
        self.trip = trip

    @property
    @abstractmethod
    def until(self) -> datetime:
        """When the first of the kept times is free again."""

    @property
    @abstractmethod
    def is_live(self) -> bool:
        """Whether it is still kept."""

    @abstractmethod
    def extend(self) -> None:
        """Keep it for longer, or ReservationEnded."""

    @abstractmethod
    def book(self, form: DetailsForm) -> Answered:
        """Book it for the person of this form, or ReservationEnded."""

    @abstractmethod
    def page(self, form: DetailsForm) -> str:
        """The page with the form."""

    @abstractmethod
    def ended(self, status: int = 200) -> Answered:
        """It is kept no longer: what was typed stays, and other times are offered."""

    @property
    def seconds_left(self) -> int:
        return max(round((self.until - edge.now()).total_seconds()), 0)

    @property
    def key(self) -> str:
        """The same for a form that is sent twice."""
        return f"page:{request.form.get('idem', '')[:64] or self.trip.kept['idem']}"


def ask(kept: Kept) -> Answered:
    """Show the form, or take it and book."""
    trip = kept.trip
    form = DetailsForm.of(trip.contact, trip.owner)
    if form.validate_on_submit():
        try:
            return kept.book(form)
        except ReservationEnded:
            trip.save(contact=asdict(form.contact))
            return kept.ended(409)
    if form.is_submitted():
        trip.save(contact=asdict(form.contact))
    if not kept.is_live:
        return kept.ended()
    return kept.page(form), 422 if form.errors else 200


def keep_longer(kept: Kept) -> Answered:
    """Keep the times for longer; what was typed so far travels along and is kept."""
    if "email" in request.form:
        kept.trip.save(contact=asdict(DetailsForm().contact))
    try:
        kept.extend()
    except ReservationEnded:
        return kept.ended()
    if request.accept_mimetypes.best == "application/json":
        return jsonify(seconds=kept.seconds_left)
    return redirect(url_for(".details", key=kept.trip.key), 303)
