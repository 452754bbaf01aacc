"""The demo's mailbox in a browser: readable, accessible, and its links work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import jobs
from booking.db import db
from booking.messages import plan
from tests.booking.mailing import make_visit
from tests.browser.accessibility import assert_accessible
from tests.builders import make_clinic
from tests.clock import NOW


@pytest.fixture
def app(make_app, live_server):
    return make_app(BASE_URL=live_server, DEMO=True, MAIL_URL=None)


@pytest.fixture
def mail(app):
    with app.app_context():
        visit = make_visit(make_clinic(), NOW + timedelta(days=60))
        plan.follow(visit, "confirmed", now=NOW)
        db.session.commit()
    jobs.tick_once(app)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_mail_can_be_read_and_its_link_opens_the_visit(page, mail, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/dev/mailbox")
    assert_accessible(page)
    page.get_by_role("link", name="Your appointment at Test Clinic").click()
    assert_accessible(page)

    assert page.get_by_text("Your appointment is booked.").is_visible()
    page.get_by_role("link", name="/visit/").first.click()

    assert page.get_by_text("Sunday 2 May").first.is_visible()
