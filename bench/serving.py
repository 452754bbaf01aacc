"""Servers under measurement: gunicorn on loopback, started and stopped here."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

GUNICORN = (sys.executable, "-m", "gunicorn", "--worker-class", "gthread")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serve(
    target: str, environment: Mapping[str, str], *, workers: int, threads: int
) -> Iterator[Server]:
    """Gunicorn with *target* until the block ends."""
    port = free_port()
    command = [
        *GUNICORN,
        f"--workers={workers}",
        f"--threads={threads}",
        f"--bind=127.0.0.1:{port}",
        "--log-level=warning",
        "--keep-alive=75",
        target,
    ]
    process = subprocess.Popen(  # noqa: S603 - our own command, no input
        command, env={**os.environ, **environment}
    )
    try:
        _wait(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server did not start")
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


class Server:
    """A running server: where it listens, and its processes."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    def client(self) -> Client:
        return Client(self.port)

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        with open(path) as file:
            return [int(word) for word in file.read().split()]

    def memory_mb(self) -> float:
        """The resident memory of the largest worker, in megabytes."""
        return max(_resident_kb(pid) for pid in self.workers()) / 1024


def _resident_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise RuntimeError(f"no resident memory of process {pid}")


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def post(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        self._connection.request(
            "POST",
            path,
            json.dumps(body),
            {"Content-Type": "application/json", **(headers or {})},
        )
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())
