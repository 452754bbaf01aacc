"""A real SMTP server on this machine that keeps what it gets, or refuses as told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class SmtpSink:
    """The lists of answers are given instead of "250", first come first."""

    received: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    port: int = 0
    pause: float = 0

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if self.senders:
            return self.senders.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - likewise
        if self.recipients:
            return self.recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 - likewise
        if self.bodies:
            answer = self.bodies.pop(0)
            if answer == "hang up":
                server.transport.close()
            return answer
        self.received.append(envelope.content)
        # Between the mail's arrival and the answer is when a kill makes a second copy.
        time.sleep(self.pause)
        return "250 kept"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)


@contextlib.contextmanager
def listening(
    sink: SmtpSink, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[SmtpSink]:
    """Serve *sink* on a port of loopback."""
    sink.port = port or free_port()
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=sink.port,
        ssl_context=tls,
        authenticator=sink.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
