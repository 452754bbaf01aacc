"""What every answer carries, and what is shown when something fails."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError

from booking.web import security
from tests.builders import make_clinic
from tests.web.patient_walk import ABOUT, site, walk, words

__all__ = ["site", "walk"]


def _broken() -> str:
    raise ZeroDivisionError


def _without_database() -> str:
    raise OperationalError("SELECT 1", {}, Exception("connection refused"))


@pytest.fixture
def failing(make_app):
    """A client of an application with two pages that fail, as a visitor sees it."""
    app = make_app(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/broken", view_func=_broken)
    app.add_url_rule("/api/v1/broken", "api_broken", _broken)
    app.add_url_rule("/offline", view_func=_without_database)
    app.add_url_rule("/api/v1/offline", "api_offline", _without_database)
    with app.app_context():
        make_clinic()
    return app.test_client()


def test_every_page_carries_the_security_headers(walk):
    headers = walk.client.get("/").headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_an_https_site_says_so_and_guards_its_cookie(make_app):
    app = make_app(BASE_URL="https://clinic.example")
    with app.app_context():
        make_clinic()
    client = app.test_client()

    answer = client.post("/book/microneedling/face", base_url="https://clinic.example")

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_no_page_has_inline_script_or_style(walk):
    walk.start()
    walk.answer({"sunburn": {"sunburn": "now"}})
    walk.post("check")
    pages = [walk.client.get("/"), walk.get("check"), walk.get("calendar")]

    for answer in pages:
        page = answer.get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)


def test_stylesheets_are_kept_until_they_change(walk):
    page = walk.client.get("/").get_data(as_text=True)
    address = re.search(r'href="(/static/css/base\.css\?v=\w+)"', page).group(1)

    with walk.client.get(address) as answer:
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_a_form_without_its_token_changes_nothing(make_app):
    app = make_app(WTF_CSRF_ENABLED=True)
    with app.app_context():
        make_clinic()
    client = app.test_client()

    refused = client.post("/book/microneedling/face")
    page = client.get("/book/microneedling").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    taken = client.post("/book/microneedling/face", data={"csrf_token": token})

    assert refused.status_code == 400
    assert "Please go back and reload the page" in words(refused)
    assert taken.status_code == 303


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("get", "/nowhere", 404, "We could not find that page"),
        ("get", "/visit/nobody", 404, "We could not find that"),
        ("post", "/", 405, "That does not work here"),
        ("put", "/book/microneedling/face", 405, "That does not work here"),
    ],
)
def test_a_wrong_address_or_method_gets_a_plain_page(
    walk, method, path, status, sentence
):
    answer = getattr(walk.client, method)(path)

    assert answer.status_code == status
    assert sentence in words(answer)
    if status == 405:
        assert answer.headers["Allow"]


def test_a_megabyte_is_too_much(walk):
    walk.start()

    answer = walk.post("questions/about", ABOUT | {"x": "y" * 1_000_000})

    assert answer.status_code == 413
    assert "That is too much text" in words(answer)


def test_a_fault_of_ours_shows_a_calm_page_and_no_detail(failing):
    answer = failing.get("/broken")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in words(answer)
    assert "ZeroDivision" not in answer.get_data(as_text=True)


def test_a_database_that_is_down_gives_a_plain_page(failing):
    answer = failing.get("/offline")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "We will be right back" in words(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/broken", 500),
        ("/api/v1/offline", 503),
        ("/api/v1/nowhere", 404),
    ],
)
def test_below_api_a_failure_is_a_problem_for_programs(failing, path, status):
    answer = failing.get(path)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status


def test_a_clinic_that_is_not_set_up_says_so(client):
    answer = client.get("/")

    assert answer.status_code == 404
    assert "This clinic has not been set up yet." in words(answer)


def test_too_many_forms_have_to_wait(make_app):
    app = make_app(RATE_LIMITS="on")
    with app.app_context():
        make_clinic()
    client = app.test_client()

    answers = [client.post("/book/microneedling/face") for _ in range(61)]

    assert security.PUBLIC_WRITES.startswith("60 per minute")
    assert [a.status_code for a in answers[:60]] == [303] * 60
    assert answers[60].status_code == 429
    assert int(answers[60].headers["Retry-After"]) > 0
    assert "Please wait a minute" in words(answers[60])
    assert client.get("/").status_code == 200


def test_guessing_passwords_has_to_wait(make_app):
    app = make_app(RATE_LIMITS="on")
    with app.app_context():
        make_clinic()
    client = app.test_client()

    states = [
        client.post(
            "/login", data={"email": "a@b.example", "password": "x"}
        ).status_code
        for _ in range(11)
    ]

    assert states[:10] == [200] * 10
    assert states[10] == 429
    assert client.get("/login").status_code == 200


def test_limits_can_be_lifted_for_load_tests(make_app):
    app = make_app(RATE_LIMITS="off")
    with app.app_context():
        make_clinic()
    client = app.test_client()

    assert all(
        client.post("/book/microneedling/face").status_code == 303 for _ in range(70)
    )
