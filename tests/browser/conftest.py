"""A real browser against a real server, on SQLite: the browser cannot tell the engines.

`page` opens paths of `live_server`. What a test writes through `session` it must commit
before the browser can see it. A page that calls another host, throws in a script or
breaks the content security policy fails its test.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Request
from werkzeug.serving import make_server

from tests.clock import Clock
from tools import chromium

FOLDER = Path(__file__).parent
FLAGS = [
    "--no-sandbox",  # Chromium has none to offer to root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.serial)


@pytest.fixture(scope="session")
def engine_name() -> str:
    return "sqlite"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    found = chromium.find()
    if found is None:
        pytest.skip(chromium.ADVICE)
    return browser_type_launch_args | {"executable_path": found, "args": FLAGS}


class Busy:
    """The application, each response made and closed as a whole before it is sent.

    The server for tests does not close a response whose reader went away, and so keeps
    its database connection. `wait` ends when no request is under way any more.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.idle = threading.Condition()
        self.running = 0

    def __call__(self, environ, start_response):
        with self.idle:
            self.running += 1
        try:
            with contextlib.closing(self.app(environ, start_response)) as body:
                return [b"".join(body)]
        finally:
            with self.idle:
                self.running -= 1
                self.idle.notify_all()

    def wait(self) -> None:
        with self.idle:
            assert self.idle.wait_for(lambda: not self.running, timeout=10)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """The socket of the server: made first, as the application must know its port."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def live_server(listening) -> str:
    """The address of the server, such as http://127.0.0.1:40123."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="session")
def shared_app(database, apps) -> Flask:
    return apps(database.url, WTF_CSRF_ENABLED=True)


@pytest.fixture
def app(app, live_server) -> Flask:
    app.config["BASE_URL"] = live_server
    return app


@pytest.fixture
def serving(app, listening) -> Iterator[None]:
    port = listening.getsockname()[1]
    busy = Busy(app)
    server = make_server("127.0.0.1", port, busy, threaded=True, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()
    busy.wait()


@pytest.fixture
def browser_context_args(browser_context_args, live_server):
    return browser_context_args | {"base_url": live_server, "locale": "en-GB"}


@pytest.fixture
def context(context, serving, clock) -> Iterator[BrowserContext]:
    context.set_default_timeout(10_000)
    _set_time(context, clock)
    strangers: list[str] = []
    faults: list[str] = []

    def note_request(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", "localhost", None):
            strangers.append(request.url)

    def note_console(message: ConsoleMessage) -> None:
        # A refused form answers 422, which the console calls an error: not a fault.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(message.text)

    context.on("request", note_request)
    context.on("console", note_console)
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield context
    assert strangers == []
    assert faults == []


def _set_time(context: BrowserContext, clock: Clock) -> None:
    # Scripts that count down to a server's instant need the server's idea of now.
    context.clock.install(time=clock())
