"""The whole way of a patient, on a phone and on a desk, with and without script."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from booking import links
from tests.browser import patient_steps as steps
from tests.browser.accessibility import assert_accessible
from tests.builders import BOB, at, book, make_clinic

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
TOXIN = date(2027, 2, 20)  # 11 days ago: refused to 5 March, checked to 19 March


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def size() -> str:
    return "phone"


both_sizes = pytest.mark.parametrize("size", SIZES)


@pytest.fixture
def screen(page, site, size):
    """Calling it checks that everybody can use what is shown now, at this width."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})

    def check() -> None:
        assert_accessible(page)
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= width, f"{page.url} scrolls sideways"

    return check


@both_sizes
def test_a_patient_answers_the_questions(screen, page):
    page.goto("/")
    screen()
    page.get_by_role("link", name="Microneedling", exact=True).click()
    screen()
    page.get_by_role("button", name="Face").click()
    screen()
    steps.go_on(page)
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Error: About you – Test Clinic")
    screen()
    page.get_by_role("link", name="Enter the day, the month and the year").click()
    expect(page.locator("#date_of_birth-day")).to_be_focused()
    steps.about(page)
    steps.go_on(page)
    screen()
    page.get_by_label("Sunburn there now or lately").check()
    page.get_by_label("Cold sores at any time in my life").check()
    steps.go_on(page)
    page.get_by_label("Not any more. It ended on").check()
    screen()
    steps.fill_date(page, "sunburn", date(2026, 12, 1))
    steps.go_on(page)
    page.get_by_label("Microneedling").check()
    steps.go_on(page)
    screen()
    page.locator("#last_needling-is-unsure").check()
    page.get_by_label("Nobody told me").check()
    steps.go_on(page)
    while not page.url.endswith("/check"):
        steps.go_on(page)
    screen()
    expect(page.get_by_text("Over since 1 December 2026")).to_be_visible()


@both_sizes
def test_a_patient_is_refused_then_asks_then_books(screen, page):
    steps.begin(page)
    steps.answer(page, last_toxin=TOXIN)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your first safe day is Saturday 20 March"
    )
    screen()

    page.get_by_role("link", name="Thursday 4 March: 4 Not safe").click()
    panel = page.locator("#day")
    expect(panel).to_contain_text("Not safe for you")
    expect(panel).to_contain_text("The first safe day from then on: Saturday 20 March")
    screen()

    page.get_by_role("link", name="Monday 8 March: 8 We check").click()
    expect(panel).to_contain_text("We check this day first")
    screen()
    panel.get_by_role("button", name="10:00").click()
    expect(page.get_by_text("You hear from us by")).to_be_visible()
    screen()

    page.get_by_role("link", name="Choose another time").click()
    page.get_by_role("button", name="Saturday 20 March").first.click()
    page.get_by_role("button", name="Book this visit").click()
    expect(page.get_by_role("alert")).to_be_focused()
    screen()
    steps.details(page)
    page.get_by_role("button", name="Book this visit").click()
    expect(page.get_by_role("heading", name="You’re booked")).to_be_visible()
    screen()


def test_a_request_says_by_when_it_is_answered(screen, page):
    steps.begin(page)
    steps.answer(page, heart_condition="yes")
    screen()
    page.get_by_role("link", name="Monday 8 March: 8 We check").click()
    page.locator("#day").get_by_role("button", name="10:00").click()
    steps.details(page)
    page.get_by_role("button", name="Ask for this time").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("We will answer by")
    screen()


def test_refused_altogether_offers_a_way_on(screen, page):
    steps.begin(page)
    steps.answer(page, pregnant="now")

    expect(page.get_by_role("heading", level=1)).to_contain_text("We cannot offer")
    screen()
    _ask_to_be_called(screen, page)
    page.get_by_role("link", name="Book a consultation").click()
    page.get_by_role("button", name="Face").click()
    page.get_by_role("heading", name="The next safe times").wait_for()


def _ask_to_be_called(screen, page):
    page.get_by_role("link", name="Ask us to call you").first.click()
    screen()
    go_on = page.get_by_role("button", name="Call me")
    go_on.click()
    expect(page.locator("#problems")).to_contain_text("Give a phone number")
    screen()
    page.get_by_label("Your name").fill("Ada Fair")
    page.get_by_label("Phone number").fill("020 7946 0001")
    go_on.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("We will call you")
    screen()
    page.get_by_role("link", name="Back to the calendar").click()


def test_a_visit_is_moved_changed_and_cancelled(screen, page, site, session):
    visit = book(site, at(7)).appointment
    link = "/visit/" + links.visit_token(visit)
    session.commit()

    page.goto(link)
    screen()
    page.get_by_role("link", name="How to prepare").click()
    screen()
    page.goto(link + "/move")
    screen()
    page.locator(".soon button").last.click()
    expect(page.get_by_text("Your visit has a new time.")).to_be_visible()
    page.get_by_role("link", name="Something has changed").click()
    screen()
    page.get_by_role("button", name="Look through my answers").click()
    expect(page.locator("#date_of_birth-year")).to_have_value("1990")
    steps.answer(page, last_toxin="now")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not safe for you")
    screen()
    page.get_by_role("link", name="Cancel", exact=True).click()
    screen()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This visit is cancelled")
    screen()


def test_going_back_never_meets_the_question_to_send_a_form_again(page, site):
    steps.begin(page)
    steps.go_on(page)
    expect(page.get_by_role("alert")).to_be_focused()
    steps.about(page)
    steps.go_on(page)

    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("About you")
    expect(page.locator("#date_of_birth-year")).to_have_value("1990")


def test_a_time_that_was_taken_can_be_looked_at_again(page, site):
    steps.consultation(page)
    page.get_by_role("link", name="Thursday 4 March").first.click()
    for contact in (BOB, BOB.__class__(name="Eve", email="eve@example.com")):
        book(site, at(1, 10), contact=contact)
    page.locator("#day").get_by_role("button", name="10:00").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has just taken")

    page.reload()

    expect(page).to_have_url(re.compile("/calendar$"))
    expect(page.get_by_role("heading", name="The next safe times")).to_be_visible()


def test_a_time_that_somebody_took_and_pages_that_are_not_there(screen, page, site):
    steps.consultation(page)
    page.get_by_role("link", name="Thursday 4 March").first.click()
    for contact in (BOB, BOB.__class__(name="Eve", email="eve@example.com")):
        book(site, at(1, 10), contact=contact)

    page.locator("#day").get_by_role("button", name="10:00").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else has just taken")
    screen()
    page.goto("/nowhere")
    screen()
    page.goto("/visit/nobody")
    screen()


def test_the_time_is_counted_down_warned_of_and_kept(page, site, clock):
    steps.consultation(page)
    page.locator(".soon button").first.click()
    steps.details(page)
    expect(page.locator("#kept-words")).to_contain_text("10 more minutes")

    _pass(page, clock, minutes=8, seconds=5)

    warning = page.get_by_role("alertdialog")
    expect(warning).to_be_visible()
    assert_accessible(page)
    warning.get_by_role("button", name="Keep my time").click()
    expect(warning).to_be_hidden()
    expect(page.locator("#kept-words")).to_contain_text("10 more minutes")
    expect(page.get_by_label("Your name")).to_have_value("Ada Fair")


def test_a_time_that_runs_out_keeps_what_was_typed(page, site, clock):
    steps.consultation(page)
    page.locator(".soon button").first.click()
    steps.details(page)

    _pass(page, clock, minutes=10, seconds=5)

    expect(page.get_by_role("heading", level=1)).to_have_text(
        "We could not keep your time any longer"
    )
    assert_accessible(page)
    page.locator(".soon button").first.click()
    expect(page.get_by_label("Your name")).to_have_value("Ada Fair")


def _pass(page, clock, **time):
    """Let time go by, for the server and in the browser."""
    clock.advance(timedelta(**time))
    page.clock.fast_forward(int(timedelta(**time).total_seconds() * 1000))


@pytest.fixture
def without_script(browser, browser_context_args, serving):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_every_step_works_without_script(without_script, site):
    page = without_script
    steps.begin(page)
    steps.answer(page, last_toxin=TOXIN)
    page.get_by_role("link", name="Later month").click()
    page.get_by_role("link", name="Monday 19 April").click()
    page.locator("#day").get_by_role("button", name="10:00").click()
    page.get_by_role("button", name="Keep my time").first.click()
    steps.details(page)
    page.get_by_role("button", name="Book this visit").click()

    expect(page.get_by_role("heading", name="You’re booked")).to_be_visible()
    page.get_by_role("link", name="Choose another time").click()
    page.locator(".soon button").last.click()
    expect(page.get_by_text("Your visit has a new time.")).to_be_visible()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This visit is cancelled")


def test_the_whole_way_can_be_gone_by_keyboard(page, site):
    steps.begin(page)
    # A key pressed while the next page is still on its way goes to the one before.
    page.locator("#date_of_birth-day").wait_for()
    page.wait_for_load_state()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator("#date_of_birth-day")).to_be_focused()
