"""Take the pictures of the README from a fresh demo: python -m tools.pictures."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

from tools import chromium

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "only for the pictures"  # noqa: S105 - a demo of some seconds
WIDTH, MARGIN = 1180, 12
PATIENCE_SECONDS = 120
FLAGS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars")


def main() -> None:
    found = chromium.find()
    if found is None:
        sys.exit(chromium.ADVICE)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with _demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for name, take in (("calendar", _calendar), ("desk", _desk)):
            page = browser.new_page(
                base_url=address,
                locale="en-GB",
                viewport={"width": WIDTH, "height": 600},
            )
            last = take(page)
            path = PICTURES / f"{name}.png"
            page.screenshot(path=path, full_page=True, clip=_down_to(last))
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")
        browser.close()


def _down_to(last: Locator) -> FloatRect:
    """The page from its top to the end of an element."""
    box = last.bounding_box()
    if box is None:
        raise RuntimeError(f"{last} is not on the page")
    height = box["y"] + box["height"] + MARGIN
    return {"x": 0, "y": 0, "width": WIDTH, "height": height}


def _calendar(page: Page) -> Locator:
    """What somebody sees who had strong sun and a facial last week."""
    today = date.today()  # noqa: DTZ011 - the demo is around this machine's today
    dated = {
        "strong_sun": today - timedelta(days=9),
        "last_facial": today - timedelta(days=5),
    }
    page.goto("/")
    page.get_by_role("link", name="Microneedling", exact=True).click()
    page.get_by_role("button", name="Face", exact=True).click()
    _fill_date(page, "date_of_birth", date(1990, 5, 17))
    page.get_by_label("Fair: burns easily, tans a little").check()
    page.get_by_label("Fine lines and wrinkles").check()
    while not page.url.endswith("/check"):
        for name, day in dated.items():
            if page.locator(f"#tick-{name}").count():
                page.locator(f"#tick-{name}").check()
            if page.locator(f"#{name}-is-day").count():
                page.locator(f"#{name}-is-day").check()
                _fill_date(page, name, day)
        _go_on(page)
    _go_on(page)
    return page.get_by_role("heading", name="What stands in the way").locator(
        "xpath=.."
    )


def _desk(page: Page) -> Locator:
    """The board of the next day on which a visit is held."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill("reception@clinic.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")
    while not page.get_by_text("Held", exact=True).count():
        page.get_by_role("link", name="Day after").click()
    return page.get_by_role("main")


def _fill_date(page: Page, name: str, day: date) -> None:
    for part in ("day", "month", "year"):
        page.locator(f"#{name}-{part}").fill(str(getattr(day, part)))


def _go_on(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form .actions button").click()


@contextmanager
def _demo() -> Iterator[str]:
    """The address of a demo clinic that is gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        given = {
            "CLEARSLOT_DATA": data,
            "CLEARSLOT_PORT": str(port),
            "CLEARSLOT_DEMO_PASSWORD": PASSWORD,
            "CLEARSLOT_RATE_LIMITS": "off",
        }
        running = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "flask", "--app", "app", "up"],
            cwd=ROOT,
            env=os.environ | given,
        )
        try:
            _wait(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait()


def _wait(address: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}/healthz")  # noqa: S310 - our own
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the demo did not start")


if __name__ == "__main__":
    main()
