from __future__ import annotations

from datetime import timedelta

import pytest

from booking import accounts
from booking.errors import InvalidRequest, NotFound
from booking.models import ApiToken, User

EMAIL = "cleo@clinic.example"


def _make(now, *roles, email=EMAIL, password="with some spaces"):
    return accounts.create_staff(email, "Dr Cleo", roles, password, now=now)


def test_a_clinician_may_release_what_needs_one(session, now):
    user = _make(now, "clinician")

    assert accounts.actor_of(user).authorities == {"reception", "clinician"}


def test_a_manager_alone_has_no_clinical_authority(session, now):
    user = _make(now, "manager")

    assert accounts.actor_of(user).authorities == {"reception", "manager"}


def test_a_password_is_kept_only_as_an_argon2_hash(session, now):
    user = _make(now, "reception", password=" four words  with spaces ")

    assert user.password.startswith("$argon2id$")
    assert user.verify_and_update_password(" four words  with spaces ")
    assert not user.verify_and_update_password("four words with spaces")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a b@clinic.example"}, "email"),
        ({"password": ""}, "password"),
    ],
)
def test_an_account_needs_an_address_and_a_password(session, now, values, field):
    with pytest.raises(InvalidRequest) as refusal:
        _make(now, "reception", **values)

    assert [problem.field for problem in refusal.value.problems] == [field]


@pytest.mark.parametrize("roles", [(), ("surgeon",)])
def test_an_account_has_one_of_the_known_roles(session, now, roles):
    with pytest.raises(InvalidRequest):
        _make(now, *roles)

    assert session.query(User).count() == 0


def test_an_address_has_one_account(session, now):
    _make(now, "reception")

    with pytest.raises(InvalidRequest):
        _make(now, "clinician", email="CLEO@clinic.example")


def test_a_bearer_token_names_its_account(session, now):
    user = _make(now, "clinician")

    token = accounts.mint_token("CLEO@clinic.example ", now=now)

    assert accounts.user_of_bearer(f"Bearer {token}", now=now).id == user.id
    assert accounts.user_of_bearer(f"bearer  {token} ", now=now).id == user.id


def test_a_bearer_token_is_stored_only_as_a_digest(session, now):
    _make(now, "clinician")

    token = accounts.mint_token(EMAIL, now=now)

    stored = session.query(ApiToken).one()
    assert token not in stored.digest
    assert len(stored.digest) == 64


def test_a_bearer_token_ends_after_thirty_days(session, now):
    _make(now, "clinician")
    token = accounts.mint_token(EMAIL, now=now)

    last = now + timedelta(days=30) - timedelta(seconds=1)

    assert accounts.user_of_bearer(f"Bearer {token}", now=last) is not None
    after = last + timedelta(seconds=1)
    assert accounts.user_of_bearer(f"Bearer {token}", now=after) is None


def test_a_leavers_token_opens_nothing(session, now):
    user = _make(now, "clinician")
    token = accounts.mint_token(EMAIL, now=now)

    user.active = False
    session.commit()

    assert accounts.user_of_bearer(f"Bearer {token}", now=now) is None
    with pytest.raises(NotFound):
        accounts.mint_token(EMAIL, now=now)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_a_malformed_header_opens_nothing(session, now, header):
    assert accounts.user_of_bearer(header, now=now) is None


def test_only_active_clinicians_can_be_named_as_such(session, now):
    _make(now, "clinician")
    _make(now, "reception", email="robin@clinic.example")
    gone = _make(now, "clinician", email="gone@clinic.example")
    gone.active = False
    session.commit()

    assert [user.email for user in accounts.clinicians()] == [EMAIL]


def test_a_new_password_ends_the_sessions_of_the_old_one(session, now):
    user = _make(now, "reception")
    before = user.fs_uniquifier

    accounts.set_password([EMAIL], "with some spaces")
    unchanged = user.fs_uniquifier
    accounts.set_password([EMAIL], "another one entirely")

    assert unchanged == before
    assert user.fs_uniquifier != before
    assert user.verify_and_update_password("another one entirely")
