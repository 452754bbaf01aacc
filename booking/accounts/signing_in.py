"""Signing in: Flask-Security with passwords, and codes of an app for those who wish."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import qrcode
from flask import Flask, current_app
from flask_security import (
    MailUtil,
    Security,
    SQLAlchemyUserDatastore,
    Totp,
    UserMixin,
    user_authenticated,
    user_failed_authn,
)
from flask_security.forms import (
    LoginForm,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
)
from passlib.totp import TotpMatch
from qrcode.image.svg import SvgPathImage
from sqlalchemy import select
from wtforms import RadioField

from booking import audit
from booking.actors import Actor, staff_actor
from booking.db import begin_write, db
from booking.errors import NotAllowed
from booking.models.account import Role, User
from booking.models.audit import AuditEvent

_SETTINGS: dict[str, Any] = {
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    # Argon2 salts by itself; a second secret here could only be lost.
    "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": (
        "The e-mail address or the password is not right. Please try again.",
        "error",
    ),
    "SECURITY_MSG_UNAUTHENTICATED": ("Please sign in to see that page.", "info"),
    "SECURITY_POST_LOGIN_VIEW": "/desk/",
    "SECURITY_POST_LOGOUT_VIEW": "/login",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_DEFAULT_REMEMBER_ME": False,
    "SECURITY_FLASH_MESSAGES": True,
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_IMPLEMENTATIONS": {
        "code": "flask_security.twofactor.CodeTfPlugin"
    },
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/tf-setup",
    "SECURITY_TOTP_ISSUER": "Clearslot",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MSG_TWO_FACTOR_INVALID_TOKEN": (
        "That code is not right, or was used before. Wait for the next one.",
        "error",
    ),
}


class NoMail(MailUtil):
    """Nothing about an account is ever sent by e-mail."""

    def send_mail(self, *_arguments: Any, **_details: Any) -> None:
        raise NotAllowed("Ask your manager to reset your account.")


class Codes(Totp):
    """Codes of an authenticator app, each good once.

    The last one used is read off the audit trail, where its use was written down.
    """

    def verify_totp(
        self, token: str, totp_secret: str, user: UserMixin, window: int = 0
    ) -> bool:
        account: Any = user
        user_id = account.id
        begin_write()
        # The same code sent twice at once waits here for its turn.
        db.session.get_one(User, user_id, with_for_update=True)
        return super().verify_totp(token, totp_secret, user, window)

    def get_last_counter(self, user: UserMixin) -> int | None:
        account: Any = user
        detail = db.session.scalar(
            select(AuditEvent.detail)
            .where(
                AuditEvent.subject_kind == "user",
                AuditEvent.subject_id == account.id,
                AuditEvent.action == "account.code",
            )
            .order_by(AuditEvent.id.desc())
            .limit(1)
        )
        return detail["counter"] if detail else None

    def set_last_counter(self, user: UserMixin, tmatch: TotpMatch) -> None:
        account: Any = user
        audit.record(
            actor_of(account),
            "account.code",
            account,
            now=current_app.config["CLOCK"](),
            detail={"counter": tmatch.counter},
        )
        db.session.commit()

    def generate_qrcode(self, username: str, totp: str) -> str:
        """An svg element: our content policy lets no image come out of the page."""
        drawn = qrcode.make(
            self.get_totp_uri(username, totp), image_factory=SvgPathImage
        )
        return str(drawn.to_string(encoding="unicode"))


class SignInForm(LoginForm):
    """Without "remember me": a shared desk must not stay signed in."""

    remember = None


class SetUpForm(TwoFactorSetupForm):
    """The original names its choices in a way that WTForms gives up."""

    setup = RadioField(choices=["disable", "authenticator"], validate_choice=False)


class RescueForm(TwoFactorRescueForm):
    """Likewise."""

    help_setup = RadioField(choices=["help"], validate_choice=False)


def init(app: Flask) -> None:
    """Set up sign-in at /login and sign-out by POST."""
    for name, value in _SETTINGS.items():
        app.config.setdefault(name, value)
    app.config.setdefault("SECURITY_TOTP_SECRETS", {"1": _key(app, "totp")})
    app.config.setdefault(
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS", [_key(app, "recovery")]
    )
    security = Security(
        app,
        SQLAlchemyUserDatastore(db, User, Role),
        login_form=SignInForm,
        two_factor_setup_form=SetUpForm,
        two_factor_rescue_form=RescueForm,
        mail_util_cls=NoMail,
        totp_cls=Codes,
    )
    # The desk is entered by signing in; programs use our own bearer tokens.
    security.login_manager.request_loader(lambda _request: None)
    user_authenticated.connect(_signed_in, app)
    user_failed_authn.connect(_failed, app)


def _key(app: Flask, purpose: str) -> str:
    """A key of its own for each purpose, from the secret that never rotates."""
    secret = str(app.config["SECRET_KEY"]).encode()
    made = hmac.new(secret, purpose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode()


def actor_of(user: User) -> Actor:
    """The account as somebody who acts, with what its roles allow."""
    account: Any = user  # the columns of Flask-Security's mixins have no types
    roles = [role.name for role in account.roles]
    return staff_actor(account.full_name or account.email, account.id, roles)


def _signed_in(app: Flask, user: Any, **_details: Any) -> None:
    _note(app, user.id, "account.sign_in")


def _failed(app: Flask, user: Any, **_details: Any) -> None:
    _note(app, user.id, "account.sign_in_failed")


def _note(app: Flask, user_id: int, action: str) -> None:
    # Ends what the sign-in changed before (a renewed hash): a unit of writing must
    # begin clean.
    db.session.commit()
    begin_write()
    user = db.session.get_one(User, user_id)
    audit.record(actor_of(user), action, user, now=app.config["CLOCK"]())
    db.session.commit()
