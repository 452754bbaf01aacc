"""One message as bytes: text, page and calendar file for one recipient."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sqlalchemy import or_, select

from booking import links
from booking.courses import sessions
from booking.db import db
from booking.messages import invitations, letterhead, mime, waiting, wording
from booking.messages.kinds import COURSE
from booking.messages.mail import Letter
from booking.messages.mime import CalendarFile, one_line
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.patient import Patient

_INVITES = ("confirmed", "moved")
_KEEPS_UP = ("held", "reheld", "rescreen_refused")
_CANCELS = ("cancelled", "declined", "expired")


class Unwritable(Exception):  # noqa: N818 - a refusal, told to staff
    """The message cannot be put into a mail; the text says why."""


def letter(message: Message, kind: str, *, now: datetime) -> Letter:
    """Render *message*, or raise Unwritable.

    Called once per message: the outbox stores the bytes, because Message-ID and Date
    must be the same at every attempt.
    """
    recipient = _recipient(message)
    values = (
        waiting.context(message)
        if message.entry_id is not None
        else wording.context(message, kind, now=now)
    )
    message_id = f"<{secrets.token_hex(16)}@{_domain(letterhead.current().sender)}>"
    head = _head(message, recipient, message_id, now)
    head.append(("Subject", one_line(_template(f"{kind}.subject.txt", values))))
    body = mime.compose(
        head,
        _plain(kind, values),
        _template(f"{kind}.html", values),
        _calendar(message, kind, now),
    )
    return Letter(message_id, recipient, body)


def _head(
    message: Message, recipient: str, message_id: str, now: datetime
) -> list[tuple[str, str]]:
    sender = letterhead.current().sender
    about = message.entry or message.appointment
    site = db.session.get_one(Site, about.site_id)
    name = _addressee(message) if message.audience == "patient" else ""
    head = [
        ("From", mime.address(site.name, sender)),
        ("To", mime.address(name, recipient)),
        ("Date", format_datetime(now.astimezone(UTC))),
        ("Message-ID", message_id),
        # RFC 3834: no out-of-office answer comes back.
        ("Auto-Submitted", "auto-generated"),
    ]
    if site.email != sender:
        head.append(("Reply-To", mime.address(site.name, site.email)))
    return head


def _addressee(message: Message) -> str:
    if message.entry is not None:
        return waiting.addressee(message.entry)
    return message.appointment.addressee


def _patient(message: Message) -> Patient | None:
    return (message.entry or message.appointment).patient


def _recipient(message: Message) -> str:
    patient = _patient(message)
    address = message.recipient or (patient.email if patient else None)
    if not address:
        raise Unwritable("there is no address")
    local, _, domain = address.rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode()}"
        address.encode("ascii")
    except UnicodeError:
        raise Unwritable(
            "the address has letters that mail servers may not take"
        ) from None
    return address


def _plain(kind: str, values: dict[str, Any]) -> str:
    text = _template(f"{kind}.txt", values).strip()
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def _template(name: str, values: dict[str, Any]) -> str:
    return letterhead.current().templates.get_template(f"mail/{name}").render(values)


def _calendar(message: Message, kind: str, now: datetime) -> CalendarFile | None:
    """An invitation with a notice; with the steps before a visit, a file to take."""
    if message.entry_id is not None or message.audience != "patient":
        return None
    appointment = message.appointment
    token = links.mailed_token(appointment)
    if kind == "prep":
        content = invitations.calendar_file(appointment, now=now, token=token)
        return CalendarFile(
            "appointment.ics", invitations.PUBLISH, content, is_invitation=False
        )
    if kind == COURSE:
        visits = sessions.told_of(appointment)
        tokens = [links.mailed_token(visit) for visit in visits]
        content = invitations.course_file(visits, now=now, tokens=tokens)
        return CalendarFile(
            "appointments.ics", invitations.PUBLISH, content, is_invitation=False
        )
    method = _method(appointment, kind)
    if method is None:
        return None
    content = invitations.invitation(appointment, method, now=now, token=token)
    return CalendarFile("invite.ics", method, content, is_invitation=True)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _method(appointment: Appointment, kind: str) -> str | None:
    """How the patient's calendar is to be told, if it is.

    A visit that is held is not put into a calendar, but one that is there already is
    kept up (as tentative), and taken out when the visit ends.
    """
    if kind in _INVITES:
        return invitations.REQUEST
    if kind in _KEEPS_UP and _may_be_invited(appointment):
        return invitations.REQUEST
    if kind in _CANCELS and _may_be_invited(appointment):
        return invitations.CANCEL
    return None


def _may_be_invited(appointment: Appointment) -> bool:
    """Whether an invitation left, or may have: we do not hear of every success."""
    left = or_(Message.state == MessageState.SENT, Message.attempts > 0)
    # A session of a course may only have been in the one mail about all of them.
    course = [one.id for one in sessions.all_with(appointment)]
    own = (Message.appointment_id == appointment.id) & Message.step.in_(_INVITES)
    shared = Message.appointment_id.in_(course) & (Message.step == COURSE)
    query = select(Message.id).where(or_(own, shared), left)
    return db.session.scalar(query.limit(1)) is not None
