from __future__ import annotations

import re

import pytest
from passlib.totp import TOTP

from booking.models import User
from tests import builders
from tests.web.staff import PASSWORD, sign_in, text_of

SIGN_IN = {"email": "robin@clinic.example", "password": PASSWORD}


@pytest.fixture
def key(session, client) -> str:
    """The key in the app of Robin, who has switched it on and signed out."""
    builders.make_clinic()
    sign_in(client, "reception")
    page = client.post("/tf-setup", data={"setup": "authenticator"})
    found = re.search(r"<dt>Key</dt><dd>([^<]*)</dd>", page.get_data(as_text=True))
    action = re.search(r'action="(/tf-setup/[^"]*)"', page.get_data(as_text=True))
    # The code of the half minute before: the present one is left for signing in.
    client.post(action[1], data={"code": _code(found[1], ago=30)})
    client.post("/logout")
    return found[1]


def _code(key: str, *, ago: int = 0) -> str:
    app = TOTP(key)
    return app.generate(app.normalize_time(None) - ago).token


def _is_in(client) -> bool:
    return client.get("/desk/").status_code == 200


def test_a_password_alone_no_longer_opens_the_desk(key, client):
    answer = client.post("/login", data=SIGN_IN)

    assert "/tf-validate" in answer.headers["Location"]
    assert not _is_in(client)


def test_the_code_of_the_app_opens_it(key, client):
    client.post("/login", data=SIGN_IN)

    client.post("/tf-validate", data={"code": _code(key)})

    assert _is_in(client)


def test_a_wrong_code_opens_nothing(key, client):
    client.post("/login", data=SIGN_IN)

    answer = client.post("/tf-validate", data={"code": "000000"})

    assert "That code is not right" in text_of(answer)
    assert not _is_in(client)


def test_a_code_works_once(key, client):
    code = _code(key)
    client.post("/login", data=SIGN_IN)
    client.post("/tf-validate", data={"code": code})
    client.post("/logout")

    client.post("/login", data=SIGN_IN)
    answer = client.post("/tf-validate", data={"code": code})

    assert "was used before" in text_of(answer)
    assert not _is_in(client)


def test_a_recovery_code_works_once(key, client):
    client.post("/login", data=SIGN_IN)
    client.post("/tf-validate", data={"code": _code(key)})
    page = client.post("/mf-recovery-codes", data={"generate_new_codes": "yes"})
    spare = re.search(r"<code>([^<]*)</code>", page.get_data(as_text=True))[1]
    client.post("/logout")

    client.post("/login", data=SIGN_IN)
    client.post("/mf-recovery", data={"code": spare})
    first = _is_in(client)
    client.post("/logout")
    client.post("/login", data=SIGN_IN)
    client.post("/mf-recovery", data={"code": spare})

    assert first
    assert not _is_in(client)


def test_neither_key_nor_recovery_code_is_stored_in_plain_words(key, client, session):
    client.post("/login", data=SIGN_IN)
    client.post("/tf-validate", data={"code": _code(key)})
    page = client.post("/mf-recovery-codes", data={"generate_new_codes": "yes"})
    spare = re.search(r"<code>([^<]*)</code>", page.get_data(as_text=True))[1]

    user = session.query(User).one()

    assert key.replace("-", "") not in user.tf_totp_secret
    assert spare not in "".join(user.mf_recovery_codes)


def test_it_can_be_switched_off_again(key, client):
    client.post("/login", data=SIGN_IN)
    client.post("/tf-validate", data={"code": _code(key)})

    client.post("/tf-setup", data={"setup": "disable"})
    client.post("/logout")
    client.post("/login", data=SIGN_IN)

    assert _is_in(client)


def test_asking_for_a_code_by_mail_is_refused(key, client):
    client.post("/login", data=SIGN_IN)

    answer = client.post("/tf-rescue", data={"help_setup": "help"})

    assert answer.status_code in (200, 403)
    assert not _is_in(client)
