"""Staff accounts: who works here, and bearer tokens for their programs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_security import SQLAlchemyUserDatastore, hash_password
from sqlalchemy import select

from booking import audit
from booking.accounts.signing_in import actor_of, init
from booking.actors import SYSTEM
from booking.crypto import digest, new_token
from booking.db import begin_write, db
from booking.errors import InvalidRequest, NotFound, Problems
from booking.models.account import (
    CLINICIAN,
    MANAGER,
    RECEPTION,
    ApiToken,
    Role,
    User,
)

__all__ = [
    "actor_of",
    "clinicians",
    "close_account",
    "create_staff",
    "init",
    "mint_token",
    "password_problem",
    "set_password",
    "user_of_bearer",
]
TOKEN_LIFE = timedelta(days=30)
LEAST_PASSWORD = 12
ROLES = {
    RECEPTION: "Front desk",
    CLINICIAN: "Releases what needs a clinician",
    MANAGER: "Runs the practice; no clinical authority",
}


def create_staff(
    email: str, full_name: str, roles: Collection[str], password: str, *, now: datetime
) -> User:
    """Make an account and commit, or raise InvalidRequest; any password will do."""
    problems = Problems()
    address = _checked_email(email, problems)
    if not roles or not set(roles) <= set(ROLES):
        problems.add("roles", f"Choose from {', '.join(ROLES)}.")
    if not password:
        problems.add("password", "Give a password.")
    problems.raise_if_any()
    begin_write()
    store = _datastore()
    if store.find_user(email=address):
        raise InvalidRequest.of(
            "email", "There is an account with this address already."
        )
    user = store.create_user(
        email=address,
        full_name=full_name.strip(),
        password=hash_password(_normal(password)),
        roles=[_role(name) for name in roles],
    )
    db.session.flush()
    audit.record(SYSTEM, "account.create", user, now=now, detail=sorted(roles))
    db.session.commit()
    return cast(User, user)


def set_password(emails: Collection[str], password: str) -> None:
    """Give these accounts this password, where they have another one, and commit."""
    begin_write()
    for user in db.session.scalars(select(User).where(User.email.in_(emails))):
        if not user.verify_and_update_password(_normal(password)):
            user.password = hash_password(_normal(password))
            # Ends every session that began with the old one.
            _datastore().set_uniquifier(user)
            now = current_app.config["CLOCK"]()
            audit.record(SYSTEM, "account.password", user, now=now)
    db.session.commit()


def close_account(email: str, *, now: datetime) -> None:
    """Lock out somebody who has left, and commit; what they did keeps their name."""
    begin_write()
    user = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None or not user.active:
        raise NotFound(f"There is no account {email}.")
    user.active = False
    # Ends every session; their bearer tokens are refused from now on.
    _datastore().set_uniquifier(user)
    audit.record(SYSTEM, "account.close", user, now=now)
    db.session.commit()


def password_problem(password: str) -> str | None:
    """Why a password for a real clinic is too weak, in words; None if it is not."""
    if len(password) < LEAST_PASSWORD:
        return f"Use at least {LEAST_PASSWORD} characters; a few words are fine."
    return None


def clinicians() -> list[User]:
    """The active accounts with clinical authority, by name."""
    found = db.session.scalars(
        select(User)
        .where(User.roles.any(Role.name == CLINICIAN))
        .order_by(User.full_name, User.id)
    )
    return [user for user in found if user.active]


def mint_token(email: str, *, now: datetime) -> str:
    """A bearer token for an account's programs, shown this once; a digest is kept."""
    begin_write()
    user = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None or not user.active:
        raise NotFound(f"There is no account {email}.")
    token = new_token()
    db.session.add(
        ApiToken(
            user=user,
            digest=digest(token),
            created_at=now,
            expires_at=now + TOKEN_LIFE,
        )
    )
    audit.record(SYSTEM, "account.token", user, now=now)
    db.session.commit()
    return token


def user_of_bearer(header: str | None, *, now: datetime) -> User | None:
    """Whose token an Authorization header carries; None if it is old or malformed."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    found = db.session.scalar(
        select(ApiToken).where(
            ApiToken.digest == digest(token.strip()), ApiToken.expires_at > now
        )
    )
    return found.user if found is not None and found.user.active else None


def _checked_email(email: str, problems: Problems) -> str:
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        problems.add("email", "Give an e-mail address like name@clinic.example.")
        return ""


def _role(name: str) -> Role:
    return cast(Role, _datastore().find_or_create_role(name, description=ROLES[name]))


def _datastore() -> SQLAlchemyUserDatastore:
    store: SQLAlchemyUserDatastore = current_app.extensions["security"].datastore
    return store


def _normal(password: str) -> str:
    normal: str = current_app.extensions["security"].password_util.normalize(password)
    return normal
