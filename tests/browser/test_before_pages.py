"""What must come first, patch tests, and booking for somebody else, in a browser."""

from __future__ import annotations

import re

import pytest

from booking import accounts
from tests import builders
from tests.browser import patient_steps
from tests.browser.accessibility import assert_accessible
from tests.builders import at
from tests.clock import NOW

SIZES = [(390, 844), (1280, 850)]
PASSWORD = "four words with spaces"
WIDER = "document.documentElement.scrollWidth > window.innerWidth"


@pytest.fixture
def site(session):
    site = builders.make_clinic()
    for name, role in (("Max Boss", "manager"), ("Cleo Hart", "clinician")):
        email = f"{name.split()[0].lower()}@clinic.example"
        accounts.create_staff(email, name, [role], PASSWORD, now=NOW)
    return site


def _sign_in(page, name):
    page.goto("/login")
    page.get_by_label("E-mail address").fill(f"{name}@clinic.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")


def _check(page):
    assert_accessible(page)
    assert not page.evaluate(WIDER)


@pytest.mark.parametrize("size", SIZES)
def test_a_manager_asks_for_a_consultation_first(page, site, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _sign_in(page, "max")
    page.get_by_role("link", name="Rulebook", exact=True).click()
    page.get_by_role("link", name="What comes first").click()
    _check(page)
    page.get_by_role("link", name="Change Microneedling", exact=True).click()
    _check(page)
    page.get_by_label("A consultation is needed first").check()
    page.locator("#consultation_hours").fill("a day")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Give the hours as a whole number.").wait_for()
    _check(page)
    page.locator("#consultation_hours").fill("24")
    page.locator("#consultation_days").fill("180")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("A consultation at least 24 hours before").wait_for()
    _check(page)


@pytest.mark.parametrize("size", SIZES)
def test_a_clinician_enters_the_result_of_a_patch_test(page, site, session, size):
    visit = builders.book_at_desk(site, at(6)).appointment
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _sign_in(page, "cleo")
    page.goto(f"/desk/patients/{visit.patient_id}/patch-test")
    _check(page)
    page.get_by_role("button", name="Put it on record").click()
    page.get_by_text("There is a problem").wait_for()
    _check(page)


@pytest.mark.parametrize("size", SIZES)
def test_somebody_books_for_somebody_else(page, site, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    patient_steps.consultation(page)
    times = page.locator("main form button", has_text=re.compile(r"\d\d:\d\d"))
    times.first.click()
    patient_steps.details(page)
    page.get_by_text("I am booking for somebody else").click()
    _check(page)
    page.get_by_label("Your own name").fill("Bob Fair")
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_text("There is a problem").wait_for()
    _check(page)
    page.get_by_label("I am a parent").check()
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_role("heading", name="You’re booked").wait_for()
    _check(page)
