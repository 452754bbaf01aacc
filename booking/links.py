"""Signed links to a visit.

A link names the visit and its link version; raising that revokes it. Two kinds: the one
a browser or program gets when it books, and the one that only ever travels by mail. A
change made through the mailed one proves that its sender reads that address.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from booking.actors import PATIENT, PROVEN_PATIENT, Actor
from booking.db import db, keys
from booking.errors import NotAllowed, NotFound
from booking.models.appointment import Appointment
from booking.models.screening import BY_PATIENT

_SHOWN, _MAILED = "v", "m"


@dataclass(frozen=True)
class OpenedVisit:
    appointment: Appointment
    mailed: bool

    @property
    def is_private(self) -> bool:
        """Whether this link may only tell when the visit is and how it stands.

        So it is with the link shown at booking, once staff or the owner of the address
        have answered something: whoever booked need not be that owner (I-9b).
        """
        answered_by = self.appointment.screening.answered_by
        return not self.mailed and answered_by != BY_PATIENT

    @property
    def actor(self) -> Actor:
        """Who acts through this link; a mailed one proves the address."""
        return PROVEN_PATIENT if self.mailed else PATIENT


def open_to_change(token: str) -> OpenedVisit:
    """The visit a token names, to be changed; NotAllowed if it may only be shown."""
    opened = open_visit(token)
    if opened.is_private:
        raise NotAllowed(
            "Please use the link in the mail that we sent you: this one can only show "
            "the visit."
        )
    return opened


def visit_token(appointment: Appointment) -> str:
    """The token that answers a booking.

    It proves nothing about the address.
    """
    return _token(appointment, _SHOWN)


def mailed_token(appointment: Appointment) -> str:
    """The token that is only ever sent to the patient's address."""
    return _token(appointment, _MAILED)


def open_visit(token: str) -> OpenedVisit:
    """The visit a token names; NotFound if it is foreign, damaged or revoked."""
    try:
        kind, public_id, version = _serializer().loads(token)
    except (BadSignature, ValueError):
        raise NotFound from None
    appointment = db.session.scalar(
        select(Appointment).where(
            Appointment.public_id == public_id,
            Appointment.link_version == version,
            Appointment.booked_at.is_not(None),
        )
    )
    if appointment is None:
        raise NotFound
    return OpenedVisit(appointment, kind == _MAILED)


def _token(appointment: Appointment, kind: str) -> str:
    return str(
        _serializer().dumps([kind, appointment.public_id, appointment.link_version])
    )


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(keys().signing_key, salt="visit")
