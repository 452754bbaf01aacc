"""The demo's mailbox: reads the local maildir, so that every mail can be looked at.

It exists only in the demo, and only while no mail server is set.
"""

from __future__ import annotations

import email.policy
import email.utils
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, render_template

from booking.errors import NotFound
from booking.messages.mail import maildir_of

MOST_LISTED = 300
# Whatever stands in a mail, it runs nothing, loads nothing and reads nothing here.
SANDBOX = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

bp = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")


@dataclass(frozen=True)
class Attachment:
    number: int
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """A mail as the page shows it; `name` is that of its file."""

    name: str
    sender: str
    recipient: str
    subject: str
    date: datetime
    text: str = ""
    page: str = ""
    attachments: tuple[Attachment, ...] = ()


def init(app: Flask) -> None:
    """Show the mailbox only where mail is kept in it, and only in the demo."""
    if app.config["DEMO"] and app.config["MAIL_URL"] is None:
        app.register_blueprint(bp)


@bp.get("")
def listing() -> str:
    parser = BytesHeaderParser(policy=email.policy.default)
    mails = []
    for path in _files()[:MOST_LISTED]:
        with path.open("rb") as file:
            mails.append(_headed(path, parser.parse(file)))
    return render_template("mailbox/list.html", mails=mails)


@bp.get("/<name>")
def show(name: str) -> str:
    return render_template("mailbox/mail.html", mail=_found(name))


@bp.get("/<name>/page")
def page(name: str) -> Response:
    answer = Response(_found(name).page)
    answer.headers["Content-Security-Policy"] = SANDBOX
    return answer


@bp.get("/<name>/<int:number>")
def attachment(name: str, number: int) -> Response:
    for part in _found(name).attachments:
        if part.number == number:
            answer = Response(part.content, content_type=part.content_type)
            answer.headers.set("Content-Disposition", "attachment", filename=part.name)
            return answer
    raise NotFound


def _files() -> list[Path]:
    """The newest first."""
    folder = maildir_of(current_app.config)
    found = [*folder.glob("new/*.eml"), *folder.glob("cur/*.eml")]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _found(name: str) -> Mail:
    # Looked up in the listing, so that a name can never lead out of the folder.
    path = next((path for path in _files() if path.stem == name), None)
    if path is None:
        raise NotFound("There is no such mail here any more.")
    message = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    return _read(path, message)


def _headed(path: Path, message: EmailMessage) -> Mail:
    return Mail(
        path.stem,
        str(message["From"]),
        str(message["To"]),
        str(message["Subject"]),
        email.utils.parsedate_to_datetime(str(message["Date"])),
    )


def _read(path: Path, message: EmailMessage) -> Mail:
    head = _headed(path, message)
    text = message.get_body(("plain",))
    page = message.get_body(("html",))
    return Mail(
        head.name,
        head.sender,
        head.recipient,
        head.subject,
        head.date,
        text=text.get_content() if text else "",
        page=page.get_content() if page else "",
        attachments=tuple(
            Attachment(
                number,
                part.get_filename() or f"part-{number}",
                part.get_content_type(),
                bytes(part.get_payload(decode=True)),
            )
            for number, part in enumerate(message.iter_attachments(), 1)
        ),
    )
