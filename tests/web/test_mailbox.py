"""The demo's mailbox: shows every mail, runs none, and exists only in the demo."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import jobs
from booking.db import db
from booking.messages import mail, plan
from tests.booking.mailing import make_visit
from tests.builders import make_clinic
from tests.clock import NOW


@pytest.fixture
def app(make_app):
    return make_app(DEMO=True, MAIL_URL=None)


@pytest.fixture
def mails(app):
    """The one mail in the mailbox: its page."""
    with app.app_context():
        visit = make_visit(make_clinic(), NOW + timedelta(days=60))
        plan.follow(visit, "confirmed", now=NOW)
        db.session.commit()
    jobs.tick_once(app)
    [path] = (mail.maildir_of(app.config) / "new").iterdir()
    return f"/dev/mailbox/{path.stem}"


def test_a_mail_is_listed_and_can_be_read(client, mails):
    listing = client.get("/dev/mailbox")
    assert mails in listing.text
    assert "Your appointment at Test Clinic" in listing.text

    page = client.get(mails)

    assert "Your appointment is booked." in page.text
    assert 'href="http://127.0.0.1:5000/visit/' in page.text
    assert "<h1>" in page.text


def test_the_calendar_file_can_be_saved(client, mails):
    answer = client.get(f"{mails}/1")

    assert answer.status_code == 200
    assert answer.data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert "invite.ics" in answer.headers["Content-Disposition"]


def test_an_empty_mailbox_says_so(client, app):
    with app.app_context():
        make_clinic()

    assert "No mail yet" in client.get("/dev/mailbox").text


@pytest.mark.parametrize(
    "path", ["nothing", "..%2f..%2fkeys", "%00", "0123456789abcdef0123456789abcdef/9"]
)
def test_no_other_file_can_be_read(client, mails, path):
    assert client.get(f"/dev/mailbox/{path}").status_code == 404


def test_markup_in_a_mail_runs_nothing(client, app, mails):
    name = "f" * 32
    body = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: <script>1</script>\r\n"
    body += b"Date: Wed, 03 Mar 2027 10:00:00 +0000\r\nContent-Type: text/html\r\n\r\n"
    folder = mail.maildir_of(app.config) / "new"
    (folder / f"{name}.eml").write_bytes(body + b'"><script>alert(1)</script>')

    assert "<script>" not in client.get(f"/dev/mailbox/{name}").text
    page = client.get(f"/dev/mailbox/{name}/page")

    assert "<script>alert(1)" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize(
    "settings",
    [{"DEMO": False, "MAIL_URL": None}, {"DEMO": True, "MAIL_URL": "smtp://x.example"}],
)
def test_it_exists_only_where_the_demo_keeps_its_mail(make_app, settings):
    app = make_app(**settings)
    with app.app_context():
        make_clinic()

    assert app.test_client().get("/dev/mailbox").status_code == 404
