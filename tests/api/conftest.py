"""A clinic, and a program that calls its API."""

from __future__ import annotations

import pytest

from booking import accounts
from tests import builders
from tests.api.calls import Api


@pytest.fixture
def site(session):
    return builders.make_clinic()


@pytest.fixture
def api(client, site):
    return Api(client, site)


@pytest.fixture
def bearer(site, now):
    """Headers of a member of staff: `bearer("reception")`."""

    def headers(*roles):
        email = f"{roles[0]}@clinic.example"
        name = {"reception": "Robin", "clinician": "Dr Cleo"}.get(roles[0], "Max")
        accounts.create_staff(email, name, roles, "a long password", now=now)
        return {"Authorization": f"Bearer {accounts.mint_token(email, now=now)}"}

    return headers
