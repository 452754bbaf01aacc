from __future__ import annotations

from datetime import timedelta

import pytest

from booking.models import AuditEvent, User
from tests import builders
from tests.web.staff import PASSWORD, sign_in, text_of

CLINICIANS_ONLY = {
    "/desk/holds/clinician",
    "/desk/patients/1/patch-test",
    "/desk/rulebook/drafts/1/sign",
}


def _requests(app):
    """Every (method, path) under /desk, with a stand-in for each part that varies."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/desk"):
            path = rule.rule
            for argument in rule.arguments:
                path = path.replace(f"<int:{argument}>", "1")
                path = path.replace(f"<{argument}>", "x")
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, path


def test_there_are_pages_to_guard(app):
    assert len(list(_requests(app))) > 25


def test_every_page_of_the_desk_sends_strangers_to_the_sign_in(app, client, session):
    builders.make_clinic()

    answers = {
        request: client.open(request[1], method=request[0])
        for request in _requests(app)
    }

    assert {answer.status_code for answer in answers.values()} == {303}
    assert {a.headers["Location"].split("?")[0] for a in answers.values()} == {"/login"}


def test_every_page_of_the_desk_refuses_an_account_without_a_role(app, client, session):
    builders.make_clinic()
    user = sign_in(client, "reception")
    session.get(User, user.id).roles = []

    statuses = {
        client.open(path, method=method).status_code for method, path in _requests(app)
    }

    assert statuses == {403}


def test_pages_for_clinicians_refuse_everybody_else(app, client, session):
    builders.make_clinic()
    sign_in(client, "reception", "manager")

    refused = {
        path
        for method, path in _requests(app)
        if client.open(path, method=method).status_code == 403
    }

    assert refused == CLINICIANS_ONLY


def test_whatever_the_desk_package_shows_lies_behind_the_guard(app):
    outside = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if app.view_functions[rule.endpoint].__module__.startswith("booking.web.desk")
        and not rule.rule.startswith("/desk")
    ]

    assert outside == []


@pytest.mark.parametrize("path", ["/desk", "/desk/nothing-here", "/desk/visits/x"])
def test_even_addresses_that_do_not_exist_are_behind_the_guard(client, session, path):
    builders.make_clinic()

    assert client.get(path).headers["Location"].startswith("/login")


def test_a_wrong_password_says_the_same_as_an_unknown_address(client, session):
    builders.make_clinic()
    sign_in(client, "reception")
    client.post("/logout")

    wrong = client.post(
        "/login", data={"email": "robin@clinic.example", "password": "no"}
    )
    unknown = client.post(
        "/login", data={"email": "eve@clinic.example", "password": "no"}
    )

    sentence = "The e-mail address or the password is not right."
    assert sentence in text_of(wrong)
    assert text_of(unknown) == text_of(wrong)


def test_after_signing_in_one_is_where_one_wanted_to_be(client, session):
    builders.make_clinic()
    sign_in(client, "reception")
    client.post("/logout")

    asked = client.get("/desk/holds?x=1")
    answer = client.post(
        asked.headers["Location"],
        data={"email": "robin@clinic.example", "password": PASSWORD},
    )

    assert answer.headers["Location"].endswith("/desk/holds?x=1")


def test_signing_in_leads_nowhere_else(client, session):
    builders.make_clinic()
    sign_in(client, "reception")
    client.post("/logout")

    answer = client.post(
        "/login?next=https://evil.example/",
        data={"email": "robin@clinic.example", "password": PASSWORD},
    )

    assert "evil" not in answer.headers.get("Location", "")


def test_signing_out_takes_a_post(client, session):
    builders.make_clinic()
    sign_in(client, "reception")

    looked = client.get("/logout")
    still_in = client.get("/desk/")
    client.post("/logout")

    assert looked.status_code == 405
    assert still_in.status_code == 200
    assert client.get("/desk/").status_code == 303


def test_half_an_hour_without_a_click_signs_out(client, session, clock):
    builders.make_clinic()
    sign_in(client, "reception")

    clock.advance(timedelta(minutes=29))
    in_time = client.get("/desk/")
    clock.advance(timedelta(minutes=31))

    assert in_time.status_code == 200
    assert client.get("/desk/").headers["Location"].startswith("/login")


def test_nobody_stays_signed_in_over_night(client, session, clock):
    builders.make_clinic()
    sign_in(client, "reception")

    statuses = []
    for _ in range(25):
        clock.advance(timedelta(minutes=29))
        statuses.append(client.get("/desk/").status_code)

    assert statuses[:24] == [200] * 24
    assert statuses[24] == 303


def test_a_leaver_is_out_at_once(client, session):
    builders.make_clinic()
    user = sign_in(client, "reception")

    session.get(User, user.id).active = False

    assert client.get("/desk/").status_code == 303


def test_signing_in_is_written_down_and_so_is_failing_to(client, session):
    builders.make_clinic()
    sign_in(client, "reception")
    client.post("/logout")

    client.post("/login", data={"email": "robin@clinic.example", "password": "no"})

    actions = [event.action for event in session.query(AuditEvent)]
    assert actions[-2:] == ["account.sign_in", "account.sign_in_failed"]


def test_a_token_in_the_address_opens_nothing(client, session):
    builders.make_clinic()
    user = sign_in(client, "reception")
    token = session.get(User, user.id).get_auth_token()
    client.post("/logout")

    answer = client.get("/desk/", query_string={"auth_token": token})

    assert answer.status_code == 303


def test_the_desk_takes_no_post_without_the_token_of_its_form(make_app):
    app = make_app(WTF_CSRF_ENABLED=True)
    with app.app_context():
        builders.make_clinic()

    answer = app.test_client().post("/desk/names")

    assert answer.status_code == 400


def test_guessing_passwords_is_slowed_down(make_app):
    app = make_app(RATE_LIMITS="on")
    with app.app_context():
        builders.make_clinic()
    client = app.test_client()
    guess = {"email": "robin@clinic.example", "password": "a guess"}

    statuses = [client.post("/login", data=guess).status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]
