"""Public writes are limited per address, unless that is switched off for load tests."""

from __future__ import annotations

import pytest

from tests import builders
from tests.api.calls import Api
from tests.builders import at


@pytest.fixture
def limited(make_app):
    return make_app(RATE_LIMITS="on")


@pytest.fixture
def api(limited):
    with limited.app_context():
        yield Api(limited.test_client(), builders.make_clinic())


def test_bookings_are_limited(api):
    clearance = api.clearance()
    found = [api.book(clearance, at(-1)).status_code for _ in range(21)]

    assert found == [422] * 20 + [429]


def test_a_limited_answer_says_when_to_come_back(api):
    for _ in range(60):
        api.post("/clearances", {})

    found = api.post("/clearances", {})

    assert (found.status_code, found.json["code"]) == (429, "too_many_requests")
    assert found.mimetype == "application/problem+json"
    assert 0 < int(found.headers["Retry-After"]) <= 61


def test_another_address_is_not_limited(api):
    for _ in range(61):
        api.post("/clearances", {})

    found = api.post("/clearances", {}, environ_base={"REMOTE_ADDR": "192.0.2.8"})

    assert found.status_code == 422


def test_reading_is_not_limited(api):
    found = {api.get("/sites").status_code for _ in range(100)}

    assert found == {200}


def test_limits_are_lifted_for_load_tests(make_app):
    app = make_app(RATE_LIMITS="off")
    with app.app_context():
        unlimited = Api(app.test_client(), builders.make_clinic())
        found = {unlimited.post("/clearances", {}).status_code for _ in range(100)}

    assert found == {422}
