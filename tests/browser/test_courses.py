"""A course in a real browser: planned, booked, moved; at the desk too; clean by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from booking import accounts, links
from booking.courses import bookings
from booking.courses.places import Place
from tests.browser import patient_steps as steps
from tests.browser.accessibility import assert_accessible
from tests.builders import ADA, RECEPTION, at, book_at_desk, make_clinic, screen
from tests.clock import NOW

SIZES = [(390, 844), (1280, 900)]
PASSWORD = "four words with spaces"
both_sizes = pytest.mark.parametrize("size", SIZES)


@pytest.fixture
def site(session):
    made = make_clinic()
    accounts.create_staff(
        "robin@clinic.example", "Robin Desk", ["reception"], PASSWORD, now=NOW
    )
    return made


@pytest.fixture
def look(page, site, size):
    """Calling it checks that everybody can use what is shown now, at this width."""
    page.set_viewport_size({"width": size[0], "height": size[1]})

    def check():
        assert_accessible(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0], f"{page.url} scrolls sideways"

    return check


def a_course(site):
    chosen = [Place(at(3 + 35 * n), None) for n in range(3)]
    return bookings.book_at_desk(
        screen(site).screening, chosen, ADA, now=NOW, actor=RECEPTION
    ).visits


def sign_in(page):
    page.goto("/login")
    page.get_by_label("E-mail address").fill("robin@clinic.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")


@both_sizes
def test_a_patient_books_a_course(page, look):
    steps.begin(page)
    steps.answer(page)
    look()
    page.get_by_role("link", name="Plan a course of 3 visits").click()
    page.get_by_label("How many visits").select_option("4")
    page.get_by_label("Not before").fill("2027-03-20")
    page.get_by_role("button", name="Show another plan").click()
    expect(page.get_by_role("heading", name="Our plan for 4 visits")).to_be_visible()
    look()
    page.get_by_role("button", name="Take these 4 times").click()
    steps.details(page)
    look()
    page.get_by_role("button", name="Book these 4 visits").click()
    expect(page.get_by_role("heading", name="Your 4 visits are booked")).to_be_visible()
    look()


@both_sizes
def test_a_patient_moves_a_visit_and_the_rest_follows(page, look, site, session):
    second = a_course(site)[1]
    token = links.mailed_token(second)
    session.commit()
    page.goto(f"/visit/{token}")
    look()
    page.get_by_role("link", name="Choose another time").click()
    look()
    page.goto(f"/visit/{token}/move?day=2027-04-19")
    page.locator("#day").get_by_role("button", name="10:00").click()
    expect(page.get_by_text("would be too soon")).to_be_visible()
    look()
    page.get_by_role("button", name="Move it too").click()
    expect(page.get_by_text("Your visit has a new time.")).to_be_visible()
    look()
    page.get_by_role("link", name="Book another visit").click()
    look()


@both_sizes
def test_the_desk_plans_a_course_and_asks_what_if(page, look, site, session):
    needling = book_at_desk(site, at(60)).appointment
    number = needling.patient_id
    session.commit()
    sign_in(page)
    page.goto(f"/desk/patients/{number}/what-if")
    page.get_by_label("Treatment and area").select_option("botulinum_toxin/face")
    page.get_by_label("On this day").fill("2027-04-20")
    page.get_by_label("Which days would remain for").select_option("microneedling/face")
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.get_by_text("would become")).to_be_visible()
    look()
    page.goto("/desk/book")
    page.locator("#what").select_option("microneedling/face")
    page.get_by_role("button", name="Go on to the questions").click()
    steps.about(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Plan a course of 3 visits").click()
    look()
    page.locator("#name").fill("Bob Quill")
    page.get_by_label("E-mail address").fill("bob@example.com")
    page.get_by_role("button", name="Book all 3 visits").click()
    expect(page.get_by_role("heading", name="Course of 3 visits")).to_be_visible()
    look()
