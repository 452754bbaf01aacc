"""Signed links to a visit, to a place on the waitlist, and to an offer.

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
from booking.models.waitlist import WaitlistEntry, WaitlistOffer

_SHOWN, _MAILED = "v", "m"
_WAITING, _OFFER = "waiting", "offer"


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


def waiting_token(entry: WaitlistEntry) -> str:
    """The token of a place on the waitlist; only ever sent by mail."""
    return str(_serializer(_WAITING).dumps([entry.public_id, entry.link_version]))


def open_waiting(token: str) -> WaitlistEntry:
    """The entry a token names; NotFound if it is foreign, damaged or revoked."""
    public_id, version = _named(token, _WAITING)
    entry = db.session.scalar(
        select(WaitlistEntry).where(WaitlistEntry.public_id == public_id)
    )
    if entry is None or entry.link_version != version:
        raise NotFound
    return entry


def offer_token(offer: WaitlistOffer) -> str:
    """The token of an offer; only ever sent by mail."""
    version = offer.entry.link_version
    return str(_serializer(_OFFER).dumps([offer.public_id, version]))


def open_offer(token: str) -> WaitlistOffer:
    """The offer a token names; NotFound if it is foreign, damaged or revoked."""
    public_id, version = _named(token, _OFFER)
    offer = db.session.scalar(
        select(WaitlistOffer).where(WaitlistOffer.public_id == public_id)
    )
    if offer is None or offer.entry.link_version != version:
        raise NotFound
    return offer


def _named(token: str, kind: str) -> tuple[str, int]:
    try:
        public_id, version = _serializer(kind).loads(token)
    except (BadSignature, ValueError):
        raise NotFound from None
    return public_id, version


def _token(appointment: Appointment, kind: str) -> str:
    return str(
        _serializer().dumps([kind, appointment.public_id, appointment.link_version])
    )


def _serializer(salt: str = "visit") -> URLSafeSerializer:
    return URLSafeSerializer(keys().signing_key, salt=salt)
