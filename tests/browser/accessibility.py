"""The automatic part of WCAG 2.2 A and AA. It finds perhaps half of what matters."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SIZES = ((390, 844), (1280, 850))
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},  # axe leaves it out by default
    "resultTypes": ["violations"],
}


def assert_accessible(page: Page) -> None:
    """Fail with axe's findings: which rule, how bad, and which elements."""
    # A click returns as soon as the next page has answered, when there may be no
    # document yet, or half of one: axe would fail on the first and praise the second.
    page.wait_for_load_state("load")
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, "\n".join(_sentence(violation) for violation in found)


def assert_fits(page: Page) -> None:
    """The page is accessible, and no wider than the window."""
    assert_accessible(page)
    wider = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(wider), f"{page.url} scrolls sideways"


def assert_fits_everybody(page: Page) -> None:
    """The same on a phone and on a desk, for a page that need be loaded only once."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page)


def _sentence(violation: dict) -> str:
    places = ", ".join(str(node["target"]) for node in violation["nodes"])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {places}"
