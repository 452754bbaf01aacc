"""People who asked to be called: a name and a number, nothing about their health."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Line, Model, Word


class GoodTime(StrEnum):
    ANY = "any"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class CallBack(Model):
    """A wish to be called; open until somebody of the clinic has called."""

    __table_args__ = (
        CheckConstraint(
            "good_time IN ('any', 'morning', 'afternoon')", name="good_time"
        ),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="both_or_none"),
        Index(
            "uq_call_back_open",
            "site_id",
            "phone",
            "name",
            unique=True,
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[Line]
    phone: Mapped[Word]  # E.164
    good_time: Mapped[Word] = mapped_column(default=GoodTime.ANY)
    asked_at: Mapped[Instant]
    done_at: Mapped[Instant | None]
    done_by: Mapped[Line | None]
