"""Starts the clinic as `make run` does, in processes of their own, and watches it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def flask(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT,
        env=_environment(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


class Clinic:
    """A running clinic; `settings` are names without their prefix."""

    def __init__(self, output: Path, **settings: str) -> None:
        self.output = output
        self.settings = settings
        self.url = f"http://127.0.0.1:{settings['PORT']}"
        began = time.monotonic()
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "app", "up"],
                cwd=ROOT,
                env=_environment(settings),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_for(lambda: self.status("/healthz") == 200, "a healthy answer")
        self.seconds_to_start = time.monotonic() - began

    def __enter__(self) -> Clinic:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str, **headers: str) -> str:
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def status(self, path: str) -> int | None:
        """The HTTP status, None if nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def workers(self) -> list[int]:
        """The process ids of all workers that have started, the last one last."""
        events = [line for line in self.said.splitlines() if line.startswith("{")]
        return [
            int(event["worker"].rpartition(":")[2])
            for event in map(json.loads, events)
            if event["event"] == "worker.started"
        ]

    def wait_for_workers(self, number: int) -> int:
        self.wait_for(lambda: len(self.workers()) >= number, f"worker {number}")
        return self.workers()[-1]

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no {what}; it said:\n{self.said}")
            time.sleep(0.05)

    def press_ctrl_c(self) -> int:
        """As a terminal does: SIGINT to the whole group; the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return _state(pid) != "Z"


def wait_until_gone(pid: int) -> bool:
    end = time.monotonic() + 15
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_alive(pid)


def _state(pid: int) -> str:
    """The letter by which the system names its state; Z is dead but not yet counted."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    )
    letters = re.match(r"\s*(\w)", found.stdout)
    return letters[1] if letters else "Z"


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLEARSLOT_")}
    return inherited | {f"CLEARSLOT_{name}": value for name, value in settings.items()}
