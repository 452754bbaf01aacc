"""A mail as bytes: text and page as alternatives, with or without a calendar file.

With the standard library's older classes: its newer EmailMessage takes five times as
long and would be half of what a mail costs us.
"""

from __future__ import annotations

import email.policy
from collections.abc import Iterable
from dataclasses import dataclass
from email import encoders
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr

POLICY = email.policy.compat32.clone(linesep="\r\n", max_line_length=76)
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_LONGEST = 900  # RFC 5322 forbids more than 998


@dataclass(frozen=True)
class CalendarFile:
    """A calendar file and the method that its content type must name too."""

    name: str
    method: str
    content: bytes
    is_invitation: bool


def address(name: str, spec: str) -> str:
    """A mailbox for a header; whatever stands in the name, it is one."""
    name = one_line(name)
    if name.isascii():
        return formataddr((name, spec))
    # In as many encoded words as it takes: none may be longer than 75 characters.
    return f"{Header(name, 'utf-8').encode(linesep='')} <{spec}>"


def one_line(text: str) -> str:
    """*text* without line ends or control characters, which could start a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def compose(
    head: Iterable[tuple[str, str]],
    text: str,
    page: str,
    calendar: CalendarFile | None = None,
) -> bytes:
    """The whole mail with CRLF line ends.

    An invitation is one of the alternatives, so that a mail program shows its buttons,
    and the same bytes are attached, for those that only look there.
    """
    mail = MIMEMultipart("alternative", policy=POLICY)
    mail.attach(_text(text, "plain"))
    mail.attach(_text(page, "html"))
    if calendar is not None:
        if calendar.is_invitation:
            mail.attach(_calendar(calendar))
        whole = MIMEMultipart("mixed", policy=POLICY)
        whole.attach(mail)
        whole.attach(_attachment(calendar))
        mail = whole
    for name, value in head:
        mail[name] = value
    return mail.as_bytes(policy=POLICY)


def _text(text: str, subtype: str) -> MIMEText:
    """Links stay whole and readable where nothing has to be encoded."""
    longest = max((len(line) for line in text.splitlines()), default=0)
    plain = text.isascii() and longest < _LONGEST
    charset = "us-ascii" if plain else _UTF8
    return MIMEText(text, subtype, charset, policy=POLICY)  # type: ignore[arg-type]


def _calendar(calendar: CalendarFile) -> MIMEBase:
    part = MIMEBase(
        "text", "calendar", policy=POLICY, method=calendar.method, charset="utf-8"
    )
    return _encoded(part, calendar.content)


def _attachment(calendar: CalendarFile) -> MIMEBase:
    if calendar.is_invitation:
        # Not text/calendar, or some programs would handle the invitation twice.
        part = _encoded(MIMEBase("application", "ics", policy=POLICY), calendar.content)
    else:
        part = _calendar(calendar)
    part.add_header("Content-Disposition", "attachment", filename=calendar.name)
    return part


def _encoded(part: MIMEBase, content: bytes) -> MIMEBase:
    part.set_payload(content)
    encoders.encode_base64(part)
    return part
