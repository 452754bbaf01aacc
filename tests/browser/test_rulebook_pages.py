"""The rulebook in a real browser, as a manager and a clinician would use it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import accounts, rulebooks
from booking.models import Site
from tests import builders
from tests.browser.accessibility import SIZES, assert_fits, assert_fits_everybody
from tests.builders import at
from tests.clock import NOW

PASSWORD = "four words with spaces"
TOXIN = {"last_toxin": str((NOW - timedelta(days=25)).date())}


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


def _begin(page, title):
    page.get_by_role("link", name="Rulebook", exact=True).click()
    page.get_by_label("What the new draft is about").fill(title)
    page.get_by_role("button", name="Begin a draft").click()


def _change_toxin(page, days):
    page.get_by_role("link", name="Change a rule").click()
    page.get_by_label("Words").fill("toxin needling")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="R-55 Toxin before needling or PRP").click()
    page.get_by_role("link", name="Change Days after").click()
    page.locator("#row-0-until").fill(days)
    page.locator("#row-1-from").fill(days)
    page.get_by_role("button", name="Change the draft").click()


@pytest.mark.parametrize("size", SIZES)
def test_a_looser_rule_is_drafted_signed_and_published(page, site, session, size):
    builders.book(site, at(6), **TOXIN)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _sign_in(page, "max")
    _begin(page, "Toxin sooner")
    _change_toxin(page, "10")
    page.get_by_text("days 0 to 9: refused").wait_for()
    assert_fits(page)
    page.get_by_role("link", name="“Toxin sooner”").click()
    assert_fits(page)
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("This draft makes a rule less strict.").wait_for()
    assert_fits(page)
    page.get_by_role("button", name="Sign out").click()

    _sign_in(page, "cleo")
    page.get_by_role("link", name="Rulebook", exact=True).click()
    page.get_by_role("link", name="Toxin sooner").click()
    assert_fits(page)
    page.get_by_role("button", name="I have read this, and sign it").click()
    page.get_by_text("You have signed this draft.").wait_for()
    page.get_by_role("button", name="Sign out").click()

    _sign_in(page, "max")
    page.get_by_role("link", name="Rulebook", exact=True).click()
    page.get_by_role("link", name="Toxin sooner").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("Published, and in force now.").wait_for()
    assert_fits(page)

    session.expire_all()
    clinic = session.scalars(select(Site)).one()
    assert rulebooks.current(clinic).version == clinic.rulebook_in_force


def test_every_page_of_the_rulebook_is_accessible(page, site, session):
    builders.book(site, at(6), **TOXIN)
    builders.book(site, at(7), contact=builders.BOB, blood_thinner="yes")
    _sign_in(page, "max")
    _begin(page, "More days")
    _change_toxin(page, "21")
    assert_fits_everybody(page)
    for path in (
        "rules",
        "rules/R-57",
        "table",
        "table?draft=1",
        "questions?draft=1",
        "texts?draft=1",
        "overrides",
        "drafts/1/impact",
        "drafts/1/rules/R-53/0-0-bands",
        "drafts/1/rules/R-13/0-x-now",
        "drafts/1/table/MN/FIL",
        "drafts/1/texts/reason/R-55",
        "drafts/1/questions/unwell/days",
        "compare?one=shipped&other=shipped",
    ):
        page.goto(f"/desk/rulebook/{path}")
        assert_fits_everybody(page)

    page.goto("/desk/rulebook/drafts/1/rules/R-55/0-x-bands")
    page.locator("#row-1-from").fill("30")
    page.get_by_role("button", name="Change the draft").click()
    page.get_by_text("Nothing was changed.").wait_for()
    assert_fits_everybody(page)


def test_the_rulebook_works_without_script(browser, site, live_server, serving):
    context = browser.new_context(base_url=live_server, java_script_enabled=False)
    page = context.new_page()
    _sign_in(page, "max")
    _begin(page, "More days")
    _change_toxin(page, "21")
    page.get_by_role("link", name="“More days”").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("Published, and in force now.").wait_for()
    context.close()
