"""The OpenAPI document, and whether every call keeps what it says."""

from __future__ import annotations

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from tests import builders

CALLS = {
    "get /api/v1/sites",
    "get /api/v1/treatments",
    "get /api/v1/treatments/{treatment}/questions",
    "post /api/v1/clearances",
    "get /api/v1/slots",
    "post /api/v1/appointments",
    "get /api/v1/appointments/{token}",
    "get /api/v1/appointments/{token}/calendar.ics",
    "post /api/v1/appointments/{token}/move",
    "post /api/v1/appointments/{token}/cancel",
    "post /api/v1/appointments/{token}/answers",
    "post /api/v1/appointments/{token}/symptoms",
    "get /api/v1/holds",
    "post /api/v1/holds/{number}/release",
    "post /api/v1/holds/{number}/decline",
}


# They take nothing, or any text in their path.
CANNOT_BE_BAD = {
    "GET /api/v1/sites",
    "GET /api/v1/treatments",
    "GET /api/v1/appointments/{token}",
    "GET /api/v1/appointments/{token}/calendar.ics",
}


# Only its token can be bad, and every case is sent with a good one.
TAKES_A_TOKEN_ALONE = "GET /api/v1/holds"


def test_the_document_lists_every_call(client):
    found = client.get("/api/v1/openapi.json").json

    assert found["openapi"] == "3.1.0"
    assert {
        f"{method} {path}"
        for path, methods in found["paths"].items()
        for method in methods
        if method != "parameters"
    } == CALLS


def test_the_document_says_which_calls_need_staff(client):
    found = client.get("/api/v1/openapi.json").json

    guarded = {
        path
        for path, methods in found["paths"].items()
        for call in methods.values()
        if isinstance(call, dict) and call.get("security") == [{"staff": []}]
    }
    assert guarded == {path.split()[1] for path in CALLS if "/holds" in path}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_call_keeps_to_the_document(app, site, session, bearer, mode):
    builders.book(site, builders.at(7), last_toxin="2027-02-20")
    staff = bearer("reception")
    session.commit()
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)

    tried = {
        operation.ok().label: _try(operation.ok(), mode, staff)
        for operation in document.get_all_operations()
    }

    silent = {name for name, count in tried.items() if count == 0}
    assert len(tried) == len(CALLS)
    assert silent == (CANNOT_BE_BAD if mode is GenerationMode.NEGATIVE else set())


def _try(operation, mode, headers):
    """Call it with what the document allows, or forbids; how often."""
    tried = []

    @settings(max_examples=5, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        # A valid form can still name a treatment or a clearance that does not exist.
        excluded = [positive_data_acceptance]
        if operation.label == TAKES_A_TOKEN_ALONE:
            excluded.append(negative_data_rejection)
        case.call_and_validate(headers=headers, excluded_checks=excluded)
        tried.append(case)

    with contextlib.suppress(Unsatisfiable):
        check()
    return len(tried)
