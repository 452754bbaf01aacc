"""The desk in a real browser, on a phone and on a desk: usable, and clean by axe."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import accounts
from booking.actors import PATIENT
from booking.models import Appointment, Release, Status
from booking.records import filing
from booking.records.entries import KINDS, Entry
from booking.symptoms import reports
from tests import builders
from tests.browser.accessibility import assert_accessible, assert_fits_everybody
from tests.builders import BOB, CLINICIAN, at
from tests.clock import NOW

SIZES = [(390, 844), (1280, 850)]
PASSWORD = "four words with spaces"
TOXIN = {"last_toxin": str((NOW - timedelta(days=15)).date())}
MEDICINE = {"blood_thinner": "yes"}


@pytest.fixture
def site(session):
    site = builders.make_clinic()
    accounts.create_staff(
        "robin@clinic.example", "Robin Desk", ["reception"], PASSWORD, now=NOW
    )
    accounts.create_staff(
        "cleo@clinic.example", "Cleo Hart", ["clinician"], PASSWORD, now=NOW
    )
    return site


def _sign_in(page, email="robin@clinic.example"):
    page.goto("/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/")


def _status(session, booked):
    session.expire_all()
    return session.get(Appointment, booked.appointment.id).status


def test_every_page_of_the_desk_is_accessible(page, site, session):
    visit = builders.book_at_desk(site, at(0, 11)).appointment
    held = builders.book(site, at(5), contact=BOB, **TOXIN, **MEDICINE)

    page.goto("/desk/")
    assert_fits_everybody(page)
    _sign_in(page)
    for path in (
        "/desk/",
        "/desk/sheet",
        "/desk/holds",
        f"/desk/holds/{held.hold.id}",
        "/desk/tasks",
        "/desk/patients?q=a",
        f"/desk/patients/{visit.patient_id}",
        f"/desk/visits/{visit.id}",
        f"/desk/visits/{visit.id}/answers",
        f"/desk/visits/{visit.id}/move",
        f"/desk/visits/{visit.id}/move/to?start=2027-03-07T10:00:00Z",
        f"/desk/explain?visit={held.appointment.id}",
        "/desk/book",
    ):
        page.goto(path)
        assert_fits_everybody(page)


def test_records_conflicts_signs_and_tasks_are_accessible(page, site, session):
    done = builders.complete(
        builders.book_at_desk(site, at(-2), now=at(-3)).appointment
    )
    said = reports.Said(["F-03", "F-11"], "Since noon")
    reports.report(done, said, step="report", now=NOW, actor=PATIENT)
    visit = builders.book_at_desk(site, at(6), contact=BOB).appointment
    letter = Entry("treatment", "filler", "letter", at(-9).date(), "face")
    record = filing.enter(site, visit.patient_id, letter, now=NOW, actor=CLINICIAN)
    _sign_in(page)
    file = f"/desk/patients/{visit.patient_id}"

    for path in (
        file,
        f"/desk/patients/{done.patient_id}",
        *(f"{file}/records/new?kind={kind}" for kind in ("", *KINDS)),
        f"{file}/records/new?kind=answer&question=last_needling",
        f"/desk/records/{record.id}/correct",
        f"/desk/visits/{done.id}/symptoms",
        f"/desk/visits/{done.id}/notes",
        "/desk/tasks",
    ):
        page.goto(path)
        for closed in page.locator("details:not([open]) > summary").all():
            closed.click()
        assert_fits_everybody(page)


def test_a_clinician_starts_with_signs_and_holds_and_clears_them(page, site, session):
    done = builders.complete(
        builders.book_at_desk(site, at(-2), now=at(-3)).appointment
    )
    said = reports.Said(["F-03"], "Since noon")
    reports.report(done, said, step="report", now=NOW, actor=PATIENT)
    _sign_in(page, "cleo@clinic.example")

    page.get_by_role("link", name="See them").click()
    assert_accessible(page)
    page.get_by_role("link", name="Read the signs").click()
    page.get_by_label("Seen here, and all is well").check()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("Cleared. The visits to come").wait_for()

    session.expire_all()
    assert reports.open_reports([done.id]) == []


def test_a_hold_is_released_with_two_keystrokes(page, site, session):
    held = builders.book(site, at(5), **TOXIN)
    _sign_in(page)
    page.goto("/desk/holds")

    page.keyboard.press("r")
    page.keyboard.press("5")
    page.get_by_text("Released. The visit is confirmed.").wait_for()

    assert _status(session, held) == Status.CONFIRMED
    assert session.query(Release).one().reason == "clinic_policy"


def test_a_hold_is_declined_with_two_keystrokes(page, site, session):
    builders.book(site, at(3), **TOXIN)
    second = builders.book(site, at(9), contact=BOB, **TOXIN)
    _sign_in(page)
    page.goto("/desk/holds")

    page.keyboard.press("j")
    page.keyboard.press("d")
    page.keyboard.press("2")
    page.get_by_text("Declined. The time is free again.").wait_for()

    assert _status(session, second) == Status.DECLINED


def test_another_reason_waits_for_its_words(page, site, session):
    held = builders.book(site, at(5), **TOXIN)
    _sign_in(page)
    page.goto("/desk/holds")

    page.keyboard.press("r")
    page.keyboard.press("6")
    page.keyboard.type("Seen on a photo: the skin is calm.")
    page.get_by_role("button", name="Release and confirm the visit").click()
    page.get_by_text("Released. The visit is confirmed.").wait_for()

    assert _status(session, held) == Status.CONFIRMED


def test_keys_typed_into_a_note_decide_nothing(page, site, session):
    held = builders.book(site, at(5), **TOXIN)
    _sign_in(page)
    page.goto(f"/desk/holds/{held.hold.id}")

    page.locator("summary", has_text="Decline").click()
    page.locator(f"#decline-{held.hold.id}-note").fill("")
    page.locator(f"#decline-{held.hold.id}-note").press_sequentially("r2 d1 j k")

    assert _status(session, held) == Status.HELD


def test_the_desk_works_without_script(browser, site, session, live_server, serving):
    held = builders.book(site, at(5), **MEDICINE)
    context = browser.new_context(base_url=live_server, java_script_enabled=False)
    page = context.new_page()
    _sign_in(page)

    page.goto("/desk/holds")
    page.locator("summary", has_text="Release").click()
    page.get_by_label("A clinician has cleared it").check()
    page.get_by_label("Who").select_option("Cleo Hart")
    page.get_by_label("How", exact=True).select_option("by phone")
    page.get_by_role("button", name="Release and confirm the visit").click()
    page.get_by_text("Released. The visit is confirmed.").wait_for()
    context.close()

    assert _status(session, held) == Status.CONFIRMED
    assert session.query(Release).one().authority == "attested"


@pytest.mark.parametrize("size", SIZES)
def test_a_caller_is_booked_from_the_first_question_to_the_visit(
    page, site, session, size
):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _sign_in(page)

    page.get_by_role("link", name="Book", exact=True).click()
    page.get_by_label("Treatment and area").select_option("microneedling/face")
    page.get_by_role("button", name="Go on to the questions").click()
    for part, value in (("Day", "17"), ("Month", "May"), ("Year", "1990")):
        page.get_by_label(part, exact=True).fill(value)
    page.get_by_label("Fair: burns easily, tans a little").check()
    page.get_by_label("Fine lines and wrinkles").check()
    page.get_by_label("A facial", exact=True).check()
    assert_accessible(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("On this date").check()
    for part, value in (("day", "1"), ("month", "3"), ("year", "2027")):
        page.locator(f"#last_facial-{part}").fill(value)
    assert_accessible(page)
    page.get_by_role("button", name="See the times").click()
    assert_accessible(page)
    page.locator(".slot").first.click()
    page.get_by_label("Name", exact=True).fill("Eve Newman")
    page.get_by_label("E-mail address").fill("eve@example.com")
    assert_accessible(page)
    page.get_by_role("button", name="Book the visit").click()
    page.get_by_text("Booked. Confirmed.").wait_for()

    visit = session.query(Appointment).one()
    assert visit.patient.name == "Eve Newman"
    assert visit.starts_at == at(12, 9)
