"""What a receptionist in a hurry gets wrong and puts right, at both widths."""

from __future__ import annotations

import pytest

from booking import accounts
from booking.records import filing
from booking.records.entries import Entry
from tests import builders
from tests.browser import patient_steps as steps
from tests.browser.accessibility import assert_accessible
from tests.builders import BOB, CLINICIAN, at
from tests.clock import NOW
from tests.web.staff import PASSWORD

SIZES = [(390, 844), (1280, 850)]
STAFF = (("Robin Desk", "reception"), ("Cleo Hart", "clinician"))


@pytest.fixture
def site(session):
    site = builders.make_clinic()
    for name, role in STAFF:
        email = f"{name.split()[0].lower()}@clinic.example"
        accounts.create_staff(email, name, [role], PASSWORD, now=NOW)
    return site


@pytest.fixture(params=SIZES, ids=["phone", "desk"])
def look(request, page, site):
    """Calling it checks that everybody can use what is shown now, at this width."""
    width, height = request.param
    page.set_viewport_size({"width": width, "height": height})
    page.goto("/login")
    page.get_by_label("E-mail address").fill("robin@clinic.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")

    def check(words: str) -> None:
        page.get_by_text(words).first.wait_for()
        assert_accessible(page)
        wide = "document.documentElement.scrollWidth > window.innerWidth"
        assert not page.evaluate(wide), page.url

    return check


def test_a_conflict_a_record_and_a_lot_are_put_right(look, page, site, session):
    visit = builders.book_at_desk(site, at(6), contact=BOB).appointment
    letter = Entry("treatment", "filler", "patient_phone", at(-9).date(), "face")
    record = filing.enter(site, visit.patient_id, letter, now=NOW, actor=CLINICIAN)
    today = builders.book_at_desk(site, at(0, 11)).appointment
    session.commit()

    page.goto(f"/desk/patients/{visit.patient_id}#conflicts")
    page.locator("summary", has_text="Settle it").click()
    page.get_by_role("button", name="Settle it").click()
    look("Choose which of the two counts.")
    page.goto(f"/desk/records/{record.id}/correct")
    page.get_by_role("button", name="Correct it").click()
    look("Say why in at least 15 characters.")
    page.get_by_label("Why is the old record wrong?").fill("It was her sister.")
    page.get_by_role("button", name="Take it back altogether").click()
    look("Taken back.")

    page.goto(f"/desk/visits/{today.id}")
    page.get_by_role("button", name="No: mark as arrived").click()
    page.get_by_role("button", name="Complete").click()
    look("Enter the lot number")
    page.get_by_label("Lot number").fill("LOT-7")
    page.get_by_role("button", name="Complete").click()
    look("Aftercare is on its way.")


def test_a_caller_is_put_on_the_waitlist(look, page):
    page.goto("/desk/book")
    page.locator("#what").select_option("microneedling/face")
    page.get_by_role("button", name="Go on to the questions").click()
    steps.about(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Nothing suits: put on the waitlist").click()
    page.get_by_role("button", name="Put on the list").click()
    look("There is a problem")
    page.get_by_label("Name", exact=True).fill("Bob Quill")
    page.get_by_label("E-mail address").fill("bob@example.com")
    page.get_by_role("button", name="Put on the list").click()
    look("On the list. They get a mail that says so.")
