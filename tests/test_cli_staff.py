"""The accounts of staff, as an operator keeps them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import accounts
from booking.models import AuditEvent, User

PASSWORD = "--password=four words with spaces"
ROBIN = "robin@clinic.example"


def _add(runner, *more):
    return runner.invoke(
        args=["staff", "add", ROBIN, "--name=Robin", "--role=reception", *more]
    )


def test_a_member_of_staff_is_added_with_their_roles(runner, session):
    result = _add(runner, "--role=manager", PASSWORD)

    assert (result.exit_code, result.output) == (0, f"{ROBIN} can sign in.\n")
    user = session.scalars(select(User)).one()
    assert sorted(role.name for role in user.roles) == ["manager", "reception"]
    assert user.verify_and_update_password("four words with spaces")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("--password=short", "Use at least 12 characters"),
        ("--role=doctor", "'doctor' is not one of"),
    ],
)
def test_a_wrong_account_is_refused(runner, session, change, words):
    result = _add(runner, PASSWORD, change)

    assert result.exit_code != 0
    assert words in result.output
    assert session.scalars(select(User)).all() == []


def test_another_password_ends_what_they_were_signed_in_to(runner, session):
    _add(runner, PASSWORD)
    before = session.scalar(select(User.fs_uniquifier))
    session.rollback()

    result = runner.invoke(
        args=["staff", "password", ROBIN, "--password=quite another one"]
    )

    assert result.output == f"{ROBIN} has a new password.\n"
    session.rollback()
    user = session.scalars(select(User)).one()
    assert user.verify_and_update_password("quite another one")
    assert user.fs_uniquifier != before


def test_who_has_left_is_locked_out_at_once(runner, session, now):
    _add(runner, PASSWORD)
    bearer = "Bearer " + accounts.mint_token(ROBIN, now=now)
    assert accounts.user_of_bearer(bearer, now=now)
    session.rollback()

    result = runner.invoke(args=["staff", "close", ROBIN])

    assert result.output == f"{ROBIN} can no longer sign in.\n"
    session.rollback()
    assert accounts.user_of_bearer(bearer, now=now) is None
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert last.action == "account.close"


@pytest.mark.parametrize(
    "command", ["staff close x@clinic.example", "token x@clinic.example"]
)
def test_nobody_else_is_meant(runner, command):
    result = runner.invoke(args=command.split())

    assert result.exit_code == 1
    assert result.output == "Error: There is no account x@clinic.example.\n"
