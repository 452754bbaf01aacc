"""The manager's pages of opening hours and settings in a real browser."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import accounts, waitlist
from booking.models import Task
from tests import builders
from tests.booking.waiting import days, names, wait
from tests.browser.accessibility import assert_accessible
from tests.builders import BOB, at
from tests.clock import NOW

SIZES = [(390, 844), (1280, 850)]
PASSWORD = "four words with spaces"
DAY = 6


@pytest.fixture
def site(session):
    site = builders.make_clinic(practitioners=1, rooms=1)
    accounts.create_staff(
        "max@clinic.example", "Max Boss", ["manager"], PASSWORD, now=NOW
    )
    return site


def _sign_in(page):
    page.goto("/login")
    page.get_by_label("E-mail address").fill("max@clinic.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")
    page.get_by_role("link", name="Clinic", exact=True).click()


def _check(page, name):
    assert_accessible(page)
    wider = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(wider), name


def _late_evening(page):
    page.get_by_role("link", name="Other hours on one day").click()
    _check(page, "day")
    page.get_by_label("The clinic (rooms and devices)").check()
    page.get_by_label("Cleo").check()
    page.get_by_label("Day", exact=True).fill(at(DAY).date().isoformat())
    page.get_by_label("Hours on that day").fill("20:00-09:00")
    page.get_by_role("button", name="Save the day").click()
    page.get_by_text("Nothing was changed.").wait_for()
    _check(page, "day-wrong")
    page.get_by_label("Hours on that day").fill("09:00-20:00")
    page.get_by_role("button", name="Save the day").click()
    page.get_by_text("The hours of that day are changed.").wait_for()


def _close_a_day(page):
    page.get_by_role("link", name="Close the clinic").click()
    _check(page, "closed")
    page.get_by_label("First day").fill(at(DAY).date().isoformat())
    page.get_by_label("Why").fill("Staff training")
    page.get_by_role("button", name="Close the clinic").click()
    page.get_by_role("heading", name="1 visit in the time you close").wait_for()
    _check(page, "outside")
    page.get_by_label("How many visits are these?").fill("1")
    page.get_by_role("button", name="Close this time, and make the tasks").click()
    page.get_by_text("The clinic is closed then. 1 visit").wait_for()
    _check(page, "opening")


@pytest.mark.parametrize("size", SIZES)
def test_hours_are_lengthened_and_a_day_is_closed(page, site, session, size):
    builders.book_at_desk(site, at(DAY))
    wait(site, BOB, days(DAY, DAY, from_time=at(DAY, 17).time()))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _sign_in(page)

    _late_evening(page)
    waitlist.deal_with_freed(now=NOW)
    session.commit()
    _close_a_day(page)

    assert names() == ["Bob Quill"]
    assert session.scalars(select(Task.kind)).all() == ["outside_hours"]
    page.goto("/desk/tasks")
    page.get_by_role("heading", name="Visit outside opening hours").wait_for()
    _check(page, "tasks")


@pytest.mark.parametrize("size", SIZES)
def test_week_absence_and_settings_are_accessible(page, site, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _sign_in(page)
    page.get_by_role("link", name="Change the week of Cleo").click()
    page.get_by_label("Tuesday").fill("noon")
    page.get_by_role("button", name="Save the week").click()
    page.get_by_role("link", name="Tuesday: “noon” is no span of hours.").wait_for()
    _check(page, "week")
    for name in ("away", "holidays"):
        page.goto(f"/desk/settings/hours/{name}")
        _check(page, name)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("How far ahead, in days").fill("7")
    page.get_by_role("button", name="Save the settings").click()
    page.get_by_text("Nothing was changed.").wait_for()
    _check(page, "settings")


def test_closing_works_without_script(browser, site, live_server, serving):
    builders.book_at_desk(site, at(DAY))
    context = browser.new_context(base_url=live_server, java_script_enabled=False)
    page = context.new_page()
    _sign_in(page)
    page.get_by_role("link", name="Close the clinic").click()
    page.get_by_label("First day").fill(at(DAY).date().isoformat())
    page.get_by_label("Why").fill("Staff training")
    page.get_by_role("button", name="Close the clinic").click()
    page.get_by_label("How many visits are these?").fill("1")
    page.get_by_role("button", name="Close this time, and make the tasks").click()
    page.get_by_text("The clinic is closed then. 1 visit").wait_for()
    context.close()
