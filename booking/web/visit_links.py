"""Opening a visit by its link, and acting through it."""

from __future__ import annotations

from booking import appointments, links
from booking.links import OpenedVisit
from booking.models.appointment import Appointment
from booking.web import edge


def look(token: str) -> Appointment:
    """The visit that a link names, to be read; NotFound if it is foreign or revoked."""
    return links.open_visit(token).appointment


def change(token: str) -> OpenedVisit:
    """The visit to be changed: to act through a mailed link proves the address."""
    opened = links.open_to_change(token)
    if opened.mailed:
        appointments.prove(opened.appointment, now=edge.now())
    return opened
