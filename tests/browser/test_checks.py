"""The pages behind the mailed "has anything changed?", on a phone and on a desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from booking import links
from tests import builders
from tests.browser import patient_steps as steps
from tests.browser.accessibility import assert_accessible
from tests.builders import at
from tests.clock import NOW

SIZES = [(390, 844), (1280, 850)]
SUNNY = NOW.date() + timedelta(days=16)


@pytest.mark.parametrize("size", SIZES)
def test_a_patient_answers_the_check_and_then_tells_what_has_changed(
    page, session, clock, size
):
    site = builders.make_clinic()
    visit = builders.book_at_desk(site, at(20)).appointment
    link = f"/visit/{links.mailed_token(visit)}"
    session.commit()
    clock.set(at(17, 12))
    page.set_viewport_size({"width": size[0], "height": size[1]})

    def look():
        assert_accessible(page)
        wide = "document.documentElement.scrollWidth > window.innerWidth"
        assert not page.evaluate(wide), page.url

    page.goto(f"{link}/check")
    look()
    page.get_by_role("button", name="Nothing has changed").click()
    expect(page.get_by_text("and your visit goes ahead")).to_be_visible()
    look()
    page.goto(f"{link}/check")
    expect(page.get_by_text("that nothing has changed")).to_be_visible()
    look()
    page.get_by_role("button", name="Something has changed").click()
    expect(page.get_by_text("What you told us before is filled in")).to_be_visible()
    look()
    steps.answer(page, strong_sun=SUNNY)
    expect(page.get_by_role("heading", level=1)).to_contain_text("not safe for you")
    look()
    page.goto(f"{link}/check")
    expect(page.get_by_text("Something else still has to be checked")).to_be_visible()
    look()
    page.goto(f"{link}/again")
    look()
