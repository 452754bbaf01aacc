"""A patient in a real browser: what they tap and type, page by page."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import Page


def begin(page: Page, treatment: str = "Microneedling", area: str = "Face") -> None:
    page.goto("/")
    page.get_by_role("link", name=treatment, exact=True).click()
    page.get_by_role("button", name=area, exact=True).click()


def consultation(page: Page) -> None:
    """To the calendar of a treatment that asks nothing."""
    begin(page, "Not sure yet? Talk to us first")
    page.get_by_role("heading", name="The next safe times").wait_for()


def about(page: Page) -> None:
    fill_date(page, "date_of_birth", date(1990, 5, 17))
    page.get_by_label("Fair: burns easily, tans a little").check()
    page.get_by_label("Fine lines and wrinkles").check()


def fill_date(page: Page, name: str, day: date) -> None:
    for part in ("day", "month", "year"):
        page.locator(f"#{name}-{part}").fill(str(getattr(day, part)))


def go_on(page: Page) -> None:
    """Press the page's main button, and wait until the next page is there."""
    with page.expect_navigation():
        page.locator("main form .actions button").click()


def answer(page: Page, **ticked: str | date) -> None:
    """Everything from the first page to the calendar; *ticked* by question id."""
    about(page)
    while not page.url.endswith("/check"):
        if page.url.endswith("/more"):
            for name, value in ticked.items():
                _tell(page, name, value)
        else:
            for name in ticked:
                box = page.locator(f"#tick-{name}")
                if box.count():
                    box.check()
        go_on(page)
    go_on(page)


def _tell(page: Page, name: str, value: str | date) -> None:
    option = "day" if isinstance(value, date) else value
    choice = page.locator(f"#{name}-is-{option}")
    if not choice.count():
        return
    choice.check()
    if isinstance(value, date):
        fill_date(page, name, value)


def details(page: Page) -> None:
    page.get_by_label("Your name").fill("Ada Fair")
    page.get_by_label("E-mail address").fill("ada@example.com")
