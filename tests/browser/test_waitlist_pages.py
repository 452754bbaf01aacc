"""Waiting for a time in a real browser, on a phone and on a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from booking import accounts, appointments, links, waitlist
from booking.models import WaitlistEntry
from tests.booking.waiting import days, offers, wait
from tests.browser import patient_steps as steps
from tests.browser.accessibility import assert_accessible
from tests.builders import BOB, RECEPTION, at, book, book_at_desk, make_clinic
from tests.clock import NOW
from tests.web.staff import PASSWORD

SIZES = {"phone": (390, 844), "desk": (1280, 900)}


@pytest.fixture
def site(session):
    return make_clinic(practitioners=2, rooms=2)


@pytest.fixture(params=SIZES)
def screen(request, page, site):
    """Calling it checks that everybody can use what is shown now, at this width."""
    width, height = SIZES[request.param]
    page.set_viewport_size({"width": width, "height": height})

    def check() -> None:
        assert_accessible(page)
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= width, f"{page.url} scrolls sideways"

    return check


def test_a_patient_asks_confirms_and_leaves(screen, page, session):
    steps.consultation(page)
    page.get_by_role("link", name="Let us tell you when something opens").click()
    screen()
    steps.go_on(page)
    expect(page.get_by_role("alert")).to_be_focused()
    screen()
    steps.details(page)
    page.get_by_label("Tuesday").check()
    page.get_by_label("Not before").select_option("09:00")
    steps.go_on(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("open our e-mail")
    screen()

    session.expire_all()
    entry = session.scalars(select(WaitlistEntry)).one()
    page.goto(f"/waiting/{links.waiting_token(entry)}")
    screen()
    page.get_by_role("button", name="Yes, put me on the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are on the list")
    screen()
    page.get_by_role("button", name="Leave the list").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("not on the list")
    screen()


def test_a_patient_takes_an_earlier_time(screen, page, site, session):
    visit = book(site, at(20)).appointment
    page.goto(f"/visit/{links.mailed_token(visit)}")
    page.get_by_role("link", name="Tell me of an earlier time").click()
    screen()
    steps.go_on(page)
    expect(page.get_by_text("You are on the list.")).to_be_visible()
    gone = book_at_desk(site, at(6), contact=BOB).appointment
    appointments.cancel(gone, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)
    [offer] = offers()
    path = f"/offer/{links.offer_token(offer)}"
    session.commit()

    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "A time has opened for you"
    )
    screen()
    page.get_by_role("button", name="Take this time").click()
    expect(page.get_by_text("Your visit has a new time.")).to_be_visible()
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "You have taken this time"
    )
    screen()


def test_an_offer_that_has_ended_says_what_now(screen, page, site, session, clock):
    wait(site)
    gone = book_at_desk(site, at(6), contact=BOB).appointment
    appointments.cancel(gone, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)
    [offer] = offers()
    path = f"/offer/{links.offer_token(offer)}"
    page.goto(path)
    clock.set(offer.answer_by)
    session.commit()

    page.get_by_role("button", name="Take this time").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else has taken")
    screen()


def test_the_desk_sees_who_waits(screen, page, site, session):
    wait(site)
    wait(site, BOB, days(1, 9, weekdays=(0, 2)))
    accounts.create_staff(
        "robin@clinic.example", "Robin Desk", ["reception"], PASSWORD, now=NOW
    )
    session.commit()
    page.goto("/login")
    page.get_by_label("E-mail address").fill("robin@clinic.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")
    page.goto("/desk/waitlist")
    expect(
        page.get_by_text("Nothing that fits has come free yet.").first
    ).to_be_visible()
    screen()
