"""The clinic's own versions of the rulebook: what they change, who made and signed
them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Line, Model, Word


class VersionState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"  # from effective_on, or now if in_force
    WITHDRAWN = "withdrawn"


class RulebookVersion(Model):
    """The shipped rulebook with a clinic's edits, for one device profile.

    `version` is the content hash that screenings store; null while a draft. `edits` are
    applied to the shipped files and hold no patient's data. Once published a row never
    changes but for `in_force`, which one row of a site has, and a withdrawal before its
    day. `loosens`: a rule becomes less strict than in `based_on_id`, the version that
    was in force when the draft was made, so a clinician who is none of its `editors`
    has to sign. `signed_by` is emptied by every change.
    """

    __table_args__ = (
        CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
        Index("ix_rulebook_version_site_version", "site_id", "version"),
        Index(
            "uq_rulebook_version_in_force",
            "site_id",
            unique=True,
            sqlite_where=text("in_force = 1"),
            postgresql_where=text("in_force"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    based_on_id: Mapped[int | None] = mapped_column(ForeignKey("rulebook_version.id"))
    version: Mapped[Word | None]
    profile: Mapped[Word]
    edits: Mapped[list[Any]] = mapped_column(JSON)
    title: Mapped[Line]
    state: Mapped[Word] = mapped_column(default=VersionState.DRAFT)
    in_force: Mapped[bool] = mapped_column(default=False)
    loosens: Mapped[bool] = mapped_column(default=False)
    author: Mapped[Line]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    editors: Mapped[list[int] | None] = mapped_column(JSON)
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
    signed_by: Mapped[Line | None]
    signed_at: Mapped[Instant | None]
    published_by: Mapped[Line | None]
    published_at: Mapped[Instant | None]
    effective_on: Mapped[date | None]


class RulebookContent(Model):
    """All that the files of one version said: packed JSON, and no patient's data.

    Kept for every version that ever decided, because the shipped files change with a
    release and what was decided must still be explained.
    """

    version: Mapped[Word] = mapped_column(primary_key=True)
    profile: Mapped[Word]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[Instant]
