"""Staff accounts: Flask-Security's models, and bearer tokens for the API."""

from __future__ import annotations

from flask_security.models import fsqla_v3 as fsqla
from flask_security.models.fsqla import FsModels
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Model, db

RECEPTION, CLINICIAN, MANAGER = "reception", "clinician", "manager"

FsModels.set_db_info(db)


class Role(Model, fsqla.FsRoleMixin):
    """Reception, clinician or manager."""


class User(Model, fsqla.FsUserMixin):
    """A member of staff; signs in by e-mail and password."""

    full_name: Mapped[str] = mapped_column(String(80), default="")

    # No passkeys yet: without this the mixin looks for a table of them.
    webauthn = None


class ApiToken(Model):
    """A bearer token of a staff account; only its digest is stored."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]

    user: Mapped[User] = relationship()
