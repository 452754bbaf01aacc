"""Whatever is sent: a clear 4xx as a problem, nothing stored, never a 500."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from booking.models import (
    Appointment,
    IdempotencyKey,
    Message,
    Patient,
    Screening,
)
from tests.api.calls import JSON, V1, fields
from tests.builders import at

POSTS = [
    "/clearances",
    "/appointments",
    "/appointments/{token}/move",
    "/appointments/{token}/answers",
    "/holds/1/release",
    "/holds/1/decline",
]
DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000
BODIES = {
    "nothing": (b"", 422),
    "spaces": (b"  \n", 422),
    "no json": (b"treatment=microneedling", 400),
    "half a body": (b'{"treatment": "micro', 400),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "a list of bodies": (b"[{}]", 422),
    "text": (b'"microneedling"', 422),
    "a number": (b"7", 422),
    "true": (b"true", 422),
    "an empty object": (b"{}", 422),
    "an unknown field": (b'{"levitation": true}', 422),
    "not UTF-8": (b'{"treatment": "\xff\xfe"}', 400),
    "UTF-16": ('{"treatment": "x"}'.encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "NaN": (b'{"site": NaN}', 400),
    "infinity": (b'{"site": -Infinity}', 400),
    "an endless number": (b'{"site": ' + b"9" * 9000 + b"}", 400),
    "a deep hole": (DEEP, 400),
    "a deep list": (b"[" * 90_000, 400),
    "half a character": (b'{"treatment": "\\ud800"}', 422),
    "half a character as a name": (b'{"\\udfff": 1}', 422),
    "a control character": (b'{"treatment": "\\u0000", "reason": "\\u0007"}', 422),
    "a megabyte": (json.dumps({"treatment": "x" * 1_000_000}).encode(), 413),
}


@pytest.fixture
def paths(api):
    """A path to fill with the token of a visit."""
    token = api.book(api.clearance(), at(7)).json["token"]
    return lambda path: path.format(token=token)


@pytest.fixture
def stored(session):
    """How many rows there are of everything that a call could make."""

    def count():
        return [
            session.scalar(select(func.count()).select_from(model))
            for model in (Appointment, IdempotencyKey, Message, Patient, Screening)
        ]

    return count


@pytest.mark.parametrize("path", POSTS)
def test_a_bad_body_is_refused(api, paths, stored, bearer, path):
    headers = {"Idempotency-Key": "one", **bearer("reception")}
    before = stored()

    found = {
        name: api.post(paths(path), data=raw, content_type=JSON, headers=headers)
        for name, (raw, _) in BODIES.items()
    }

    assert {name: one.status_code for name, one in found.items()} == {
        name: status for name, (_, status) in BODIES.items()
    }
    for one in found.values():
        assert one.mimetype == "application/problem+json"
        assert {"type", "title", "status", "code", "detail"} <= set(one.json)
        assert one.json["status"] == one.status_code
        if one.status_code == 422:
            assert all(error["message"] for error in one.json["errors"])
    assert stored() == before


@pytest.mark.parametrize("path", POSTS)
def test_another_content_type_is_refused(api, paths, stored, bearer, path):
    headers = {"Idempotency-Key": "one", **bearer("reception")}
    before = stored()
    kinds = ["text/plain", "application/x-www-form-urlencoded", "", "multipart/mixed"]

    found = [
        api.post(paths(path), data=b'{"a": 1}', content_type=kind, headers=headers)
        for kind in kinds
    ]

    assert [(one.status_code, one.json["code"]) for one in found] == [
        (415, "not_json")
    ] * len(kinds)
    assert stored() == before


ODD = [
    *(None, True, 7, -1, 1.5, 10**30, [], {}, ["face"], {"a": "b"}),
    *("", " ", "\x00", "\x1f", "\x7f", "x" * 10_000, "unknown", "'; DROP TABLE", "🙂"),
]


@pytest.mark.parametrize("field", ["treatment", "area", "answers", "site"])
def test_odd_values_of_a_clearance_are_named(api, stored, field):
    body = {"treatment": "facial", "area": "face", "answers": {}, "site": 1}
    odd = [value for value in ODD if not (field == "answers" and value == {})]
    before = stored()

    found = [api.post("/clearances", body | {field: value}) for value in odd]

    named = "a" if field == "answers" else field
    assert {one.status_code for one in found} == {422}
    assert {name.split(".")[0] for one in found for name in fields(one)} <= {
        field,
        named,
    }
    assert stored() == before


def test_odd_answers_are_named(api, stored):
    body = {"treatment": "microneedling", "area": "face"}
    before = stored()

    found = [
        api.post("/clearances", body | {"answers": {name: value}})
        for name in ("sunburn", "skin_type", "autoimmune", "pregnant", "date_of_birth")
        for value in ODD
        if not (name == "autoimmune" and value == [])
    ]

    assert {one.status_code for one in found} == {422}
    assert all(len(fields(one)) == 1 for one in found)
    assert stored() == before


@pytest.mark.parametrize(
    "field", ["clearance", "site", "start", "practitioner", "patient", "language"]
)
def test_odd_values_of_a_booking_are_named(api, stored, field):
    body, headers = api.booking(api.clearance(), at(7)), {"Idempotency-Key": "two"}
    before = stored()

    found = [
        api.post("/appointments", body | {field: value}, headers=headers)
        for value in ODD
    ]

    assert {one.status_code for one in found} == {422}
    assert {name.split(".")[0] for one in found for name in fields(one)} == {field}
    assert stored() == before


STARTS = [
    "2027-03-10",
    "2027-03-10T10:00:00",
    "2027-03-10 10:00:00Z",
    "2027-02-30T10:00:00Z",
    "2027-03-10T25:00:00Z",
    "2027-03-10T10:00:60Z",
    "2027-03-10T10:00:00+25:00",
    "2027-03-10T10:00:00+0000",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "20270310T100000Z",
    "2027-W10-3T10:00:00Z",
    "1772445600",
    "tomorrow at ten",
    "２０27-03-10T10:00:00Z",
]


def test_odd_starts_are_named(api, paths, stored):
    body, headers = api.booking(api.clearance(), at(7)), {"Idempotency-Key": "two"}
    visit = paths("/appointments/{token}/move")
    before = stored()

    booked = [
        api.post("/appointments", body | {"start": start}, headers=headers)
        for start in STARTS
    ]
    moved = [api.post(visit, {"start": start}) for start in STARTS]

    expected = [(422, ["start"])] * len(STARTS)
    assert [(one.status_code, fields(one)) for one in booked] == expected
    assert [(one.status_code, fields(one)) for one in moved] == expected
    assert stored() == before


@pytest.mark.parametrize("start", ["2027-03-10T10:00:00Z", "2027-03-10t12:00:00+02:00"])
def test_an_instant_may_have_any_offset(api, start):
    body = api.booking(api.clearance(), at(7)) | {"start": start}

    found = api.post("/appointments", body, headers={"Idempotency-Key": "two"})

    assert found.json["start"] == "2027-03-10T10:00:00+00:00"


def test_unknown_paths_are_problems(api):
    paths = ["", "/", "/sites/", "/unknown", "/appointments/a/b/c"]
    paths.append("/treatments/%00/questions?area=face")

    found = [api.get(path) for path in paths]

    assert [(one.status_code, one.mimetype, one.json["code"]) for one in found] == [
        (404, "application/problem+json", "not_found")
    ] * len(paths)


def test_another_method_is_a_problem(api):
    methods = ["PUT", "PATCH", "DELETE", "GET", "TRACE"]

    found = [api.client.open(V1 + "/clearances", method=name) for name in methods]

    assert [(one.status_code, one.json["code"]) for one in found] == [
        (405, "method_not_allowed")
    ] * len(methods)
    assert all("POST" in one.headers["Allow"] for one in found)
    assert {one.mimetype for one in found} == {"application/problem+json"}


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 405), ("/metrics", 405), ("/nowhere", 404)]
)
def test_what_is_not_there_asks_for_no_form_token(make_app, site, path, status):
    client = make_app(WTF_CSRF_ENABLED=True).test_client()

    assert client.post(path).status_code == status
    assert client.post("/book/facial/face").status_code == 400


def test_a_failure_of_ours_is_a_problem_too(make_app):
    app = make_app(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    @app.get("/api/v1/broken")
    def broken():
        raise ZeroDivisionError("a secret detail")

    found = app.test_client().get("/api/v1/broken")

    assert (found.status_code, found.json["code"]) == (500, "internal_error")
    assert "secret" not in found.text


def test_an_unreachable_database_is_a_problem_too(make_app, tmp_path):
    url = f"sqlite:///{tmp_path / 'nowhere' / 'clearslot.db'}"

    found = make_app(DATABASE_URL=url).test_client().get(V1 + "/sites")

    assert (found.status_code, found.json["code"]) == (503, "unavailable")
    assert found.headers["Retry-After"]


def test_a_clinic_that_is_not_set_up_says_so(client):
    body = {"treatment": "facial", "area": "face", "answers": {}}

    found = client.post(V1 + "/clearances", json=body)

    assert (found.status_code, found.json["code"]) == (404, "not_found")


def test_answers_set_no_cookie(api):
    found = api.post("/clearances", {})

    assert "Set-Cookie" not in found.headers
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
