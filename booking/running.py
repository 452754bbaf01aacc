"""`make run`: the web server here, the worker in a child, stopped together."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

import waitress

from booking.settings import SettingsError

HOST = "127.0.0.1"
THREADS = 8
GRACE_SECONDS = 10
FIRST_PAUSE_SECONDS = 1
LONGEST_PAUSE_SECONDS = 60
# A worker that ran this long was well: the next pause is short again.
STEADY_SECONDS = 60
# The application refuses more than 256 KiB politely; this only bounds what is buffered.
MOST_BODY_BYTES = 4 * 1024 * 1024
MOST_CONNECTIONS = 1000
# A browser that sends nothing for this long opens another connection later.
IDLE_SECONDS = 30
WORKER = (sys.executable, "-m", "flask", "--app", "app", "worker", "--stop-with-stdin")

Say = Callable[[str], object]


def stop_on_signals() -> None:
    """From now on SIGTERM ends this process as Ctrl-C does: by KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)


def take_port(port: int) -> socket.socket:
    """Take the port before anything else is done, or raise SettingsError.

    Nobody can connect yet: that the port answers shall mean that the clinic is ready.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except OSError as error:
        taken.close()
        raise _unusable(port, error) from None
    return taken


def _most_connections() -> int:
    """Browsers keep some connections each, and at the limit nobody else gets in; so as
    many as the files that this process may open leave room for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = MOST_CONNECTIONS if files == resource.RLIM_INFINITY else files // 2
    return max(100, min(MOST_CONNECTIONS, room))


def _unusable(port: int, error: OSError) -> SettingsError:
    return SettingsError(
        f"Port {port} cannot be used ({error.strerror}). "
        "Set CLEARSLOT_PORT to another one."
    )


def serve(app: Any, taken: socket.socket, *, say: Say) -> None:
    """Run web server and worker until Ctrl-C or SIGTERM; leave nothing running."""
    try:
        server = waitress.create_server(
            app,
            sockets=[taken],
            threads=THREADS,
            ident="clearslot",
            max_request_body_size=MOST_BODY_BYTES,
            connection_limit=_most_connections(),
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=IDLE_SECONDS,
            asyncore_use_poll=True,
            # The application itself says which proxies it trusts, and must see that
            # there is one at all.
            clear_untrusted_proxy_headers=False,
        )
    except OSError as error:
        raise _unusable(app.config["PORT"], error) from None
    # It warns of every request that waits for a thread; /metrics tell that better.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with Worker(WORKER, folder=app.root_path, say=say):
        say(f"Clearslot is running at {app.config['BASE_URL']}/  (Ctrl-C stops it)")
        # Returns on KeyboardInterrupt, once the requests in hand are answered.
        server.run()
        say("Stopping ...")
        _ignore_signals()
    server.close()


class Worker:
    """The worker process, started again whenever it ends by itself."""

    def __init__(self, command: tuple[str, ...], *, folder: str, say: Say) -> None:
        self._command = command
        self._folder = folder
        self._say = say
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it finish the mail in hand; insist after ten seconds."""
        with self._lock:
            self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._watcher.join()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _start(self) -> subprocess.Popen[bytes]:
        # In a session of its own, so that Ctrl-C reaches it through us only. Its
        # standard input is our pipe, which ends with us however we end.
        return subprocess.Popen(  # noqa: S603 - our own command, no input
            self._command,
            cwd=self._folder,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _watch(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - began >= STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._say(
                f"The worker stopped by itself ({_ended(code)}). "
                f"Starting it again in {pause} s."
            )
            if self._stopping.wait(pause):
                return
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = self._start()
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def stop_with_stdin() -> None:
    """Stop this process as if by SIGTERM once its standard input ends."""
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    # Read without Python's buffer, whose lock a daemon thread must not hold at exit.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # Nobody is left to insist.
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """A second Ctrl-C must not cut off the stopping."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
