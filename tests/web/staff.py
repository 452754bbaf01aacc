"""Signing in as somebody of the clinic, and reading the pages that come back."""

from __future__ import annotations

import re

from booking import accounts
from tests.clock import NOW

PASSWORD = "four words with spaces"


def sign_in(client, *roles: str, name: str = "Robin Desk"):
    """Make an account with these roles and sign the client in; needs a context."""
    email = f"{name.split()[0].lower()}@clinic.example"
    user = accounts.create_staff(email, name, roles, PASSWORD, now=NOW)
    answer = client.post("/login", data={"email": email, "password": PASSWORD})
    assert answer.headers["Location"] == "/desk/"
    return user


def text_of(answer) -> str:
    """What a page says, without its tags and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.get_data(as_text=True)))
