"""Where mail goes: a real server by SMTP, or the maildir in the data folder.

Both take the stored bytes as they are. A failure is told in three kinds, because the
outbox does something else with each: nobody there, not this one now, not this one ever.
"""

from __future__ import annotations

import email
import hashlib
import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.policy import default as mail_policy
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT_SECONDS = 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PORTS = {"smtp": 25, "smtps": 465}
# RFC 3463: "unable to route" is about a directory out of reach, not about the address.
_NOT_PERMANENT = (b"5.4.4",)


class Unreachable(Exception):  # noqa: N818 - says what the server is, as Deferred does
    """The server cannot be used at all now; no mail was tried."""


class Deferred(Exception):  # noqa: N818 - the server's word, not our error
    """This mail was not taken now, or we cannot know; try it again later."""


class Refused(Exception):  # noqa: N818 - the server's word, not our error
    """This mail will never be taken."""


@dataclass(frozen=True)
class Letter:
    """A rendered mail: one recipient, and bytes that are the same at every attempt."""

    message_id: str
    recipient: str
    body: bytes


class Transport(Protocol):
    """A context that delivers letters."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def open(self) -> None:
        """Make sure that somebody is there, or raise Unreachable."""

    def send(self, letter: Letter) -> None:
        """Deliver, or raise Unreachable, Deferred or Refused."""


def transport(config: Mapping[str, Any]) -> Transport:
    """The one that the settings name."""
    if config["MAIL_URL"] is None:
        return Maildir(maildir_of(config))
    return Server(config["MAIL_URL"], sender=config["MAIL_FROM"])


def maildir_of(config: Mapping[str, Any]) -> Path:
    return Path(config["DATA"]) / "mail"


class Maildir:
    """The local mailbox. A letter's file is named after its Message-ID, so that sending
    it again replaces it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is kept open."""

    def open(self) -> None:
        try:
            for name in ("tmp", "new", "cur"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"{self.folder}: {error.strerror}") from error

    def send(self, letter: Letter) -> None:
        self.open()
        name = hashlib.sha256(letter.message_id.encode()).hexdigest()[:32] + ".eml"
        unfinished = self.folder / "tmp" / f"{name}.{os.getpid()}"
        try:
            with unfinished.open("wb") as file:
                file.write(letter.body)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.folder / "new" / name)
        except OSError as error:
            raise Deferred(f"{self.folder}: {error.strerror}") from error


class Server:
    """An SMTP server; one connection serves a pass, and is renewed if it breaks."""

    def __init__(self, url: str, *, sender: str) -> None:
        self.parts = urlsplit(url)
        self.sender = sender
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            try:
                self._connection.quit()
            except (smtplib.SMTPException, OSError):
                self._connection.close()
            self._connection = None

    def open(self) -> None:
        if self._connection is None:
            self._connection = _connected(self.parts)

    def send(self, letter: Letter) -> None:
        """Deliver, in two steps that fail differently.

        1. MAIL FROM: if the connection has broken meanwhile, once more on a new one.
        2. RCPT TO and the bytes: if the connection breaks now, we cannot know.
        """
        connection = self._begun()
        try:
            _check(*connection.rcpt(letter.recipient))
            _check(*_data(connection, letter.body))
        except (Deferred, Refused):
            self._reset(connection)
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Deferred(f"the connection broke: {error}") from error

    def _begun(self) -> smtplib.SMTP:
        reused = self._connection is not None
        self.open()
        connection = self._connection
        if connection is None:
            raise Unreachable("not connected")
        try:
            code, answer = connection.mail(self.sender)
        except (smtplib.SMTPException, OSError) as error:
            code, answer = 421, str(error).encode()
        if code == 250:
            return connection
        self._drop()
        if reused:
            return self._begun()
        # Our own address is refused, or the server is: no fault of this letter.
        raise Unreachable(_said(code, answer))

    def _reset(self, connection: smtplib.SMTP) -> None:
        try:
            connection.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connected(parts: SplitResult) -> smtplib.SMTP:
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        if parts.scheme == "smtps":
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(f"{host}:{port}: {error}") from error
    try:
        _prepare(connection, parts)
    except (smtplib.SMTPException, OSError) as error:
        connection.close()
        raise Unreachable(f"{host}:{port}: {error}") from error
    return connection


def _prepare(connection: smtplib.SMTP, parts: SplitResult) -> None:
    connection.ehlo_or_helo_if_needed()
    encrypts = parts.scheme == "smtp" and connection.has_extn("starttls")
    # A relay on this machine often has a certificate for another name.
    if encrypts and parts.hostname not in _LOOPBACK:
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    if parts.username:
        connection.login(unquote(parts.username), unquote(parts.password or ""))


def _check(code: int, answer: bytes) -> None:
    if 200 <= code < 300:
        return
    permanent = code >= 500 and not answer.startswith(_NOT_PERMANENT)
    raise (Refused if permanent else Deferred)(_said(code, answer))


def _said(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode(errors='replace')}"


def _data(connection: smtplib.SMTP, body: bytes) -> tuple[int, bytes]:
    try:
        return connection.data(body)
    except smtplib.SMTPDataError as error:
        answer = error.smtp_error
        return error.smtp_code, answer if isinstance(answer, bytes) else answer.encode()


def delete(folder: Path, message_ids: set[str]) -> None:
    """Delete what the local mailbox keeps of these messages."""
    for path in (*folder.glob("new/*"), *folder.glob("cur/*")):
        with path.open("rb") as file:
            letter = email.message_from_binary_file(file, policy=mail_policy)
        if letter["Message-ID"] in message_ids:
            path.unlink()
