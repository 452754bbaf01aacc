"""Find a Chromium for the browser tests, or install one; say plainly if neither works.

Run as `python -m tools.chromium`. The tests themselves only look, with `find()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")

ADVICE = """\
The browser tests need Chromium and none was found.
Debian: apt-get install chromium. Elsewhere: .venv/bin/playwright install chromium,
or name one that you have: CHROMIUM=/path/to/chromium make test"""


def find() -> Path | None:
    """The first Chromium that starts: $CHROMIUM, the system's, then Playwright's."""
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("CHROMIUM"):
        # Whoever names a browser means that one: no quiet change to another.
        yield Path(named)
        return
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)


def _starts(path: Path) -> bool:
    # Ubuntu's chromium-browser is a stub that only asks for a snap: run it to know.
    try:
        answer = subprocess.run(  # noqa: S603 (a browser that the developer installed)
            [path, "--version"], capture_output=True, timeout=60, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"),
    ):
        subprocess.run(  # noqa: S603 (the two fixed commands above)
            command, env=environment, stdout=subprocess.DEVNULL, check=False
        )


def main() -> int:
    if find():
        return 0
    may_install = (
        hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    )
    if may_install and "CHROMIUM" not in os.environ:
        print("Installing Chromium for the browser tests ...", flush=True)
        _install()
    if find():
        return 0
    print(ADVICE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
