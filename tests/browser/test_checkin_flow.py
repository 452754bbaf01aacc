"""From the check-in mail to what to do now, on a phone and on a desk."""

from __future__ import annotations

import pytest

from booking import links
from booking.models import SymptomReport
from booking.symptoms import reports
from tests import builders
from tests.browser.accessibility import assert_accessible
from tests.builders import at

SIZES = [(390, 844), (1280, 850)]


@pytest.fixture
def done(session):
    site = builders.make_clinic()
    visit = builders.book_at_desk(site, at(-4), now=at(-5)).appointment
    return builders.complete(visit)


@pytest.mark.parametrize("size", SIZES)
def test_call_me_leads_to_the_signs_and_to_what_to_do_now(page, done, session, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"/visit/{links.mailed_token(done)}/checkin/checkin-72h")
    assert_accessible(page)
    assert session.query(SymptomReport).count() == 0

    page.get_by_role("button", name="Please call me").click()
    page.get_by_text("We have noted that you would like a call").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="See what to do now").click()
    page.get_by_role("alert").wait_for()
    assert_accessible(page)
    page.get_by_label("Swelling of lips").check()
    page.get_by_label("In your own words").fill("It began an hour ago.")
    page.get_by_role("button", name="See what to do now").click()

    heading = page.get_by_role("heading", level=1)
    heading.get_by_text("Call the emergency number now").wait_for()
    first = page.locator("h1").bounding_box()
    assert first["y"] + first["height"] < size[1]
    assert_accessible(page)
    session.rollback()
    assert len(reports.open_reports([done.id])) == 2


def test_all_fine_takes_one_tap_and_no_script(
    browser, done, session, live_server, serving
):
    context = browser.new_context(base_url=live_server, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/visit/{links.mailed_token(done)}/checkin/checkin-72h")

    page.get_by_role("button", name="All fine").click()
    page.get_by_text("Good to hear").wait_for()
    context.close()

    session.rollback()
    assert session.query(SymptomReport).one().answer == "fine"


def test_at_night_nothing_is_promised_and_help_is_named(page, done, session, clock):
    clock.set(at(0, 22))
    page.goto(f"/visit/{links.mailed_token(done)}")
    page.get_by_role("link", name="Report a problem").click()

    page.get_by_label("Pus, yellow crust").check()
    page.get_by_role("button", name="See what to do now").click()

    page.get_by_text("do not wait for us: call your medical helpline").wait_for()
    assert page.get_by_text("We call you").count() == 0
    assert_accessible(page)
