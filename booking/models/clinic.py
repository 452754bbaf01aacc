"""The clinic: site, opening hours, resources and what they can do, treatments and their
phases."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from booking.db import Line, Model, Word
from booking.models.rulebook import RulebookVersion

PRACTITIONER, ROOM, DEVICE = "practitioner", "room", "device"


class Site(Model):
    """Where.

    `timezone` is an IANA name; every rule counts this zone's calendar days.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Line]
    timezone: Mapped[Word]
    address: Mapped[Line]
    phone: Mapped[Word]
    email: Mapped[Line]
    # holidays library: country and subdivision whose public holidays close the site
    holiday_country: Mapped[Word | None]
    holiday_subdivision: Mapped[Word | None]
    least_notice_minutes: Mapped[int] = mapped_column(default=120)
    horizon_days: Mapped[int] = mapped_column(default=120)
    grid_minutes: Mapped[int] = mapped_column(default=15)
    cancel_cutoff_hours: Mapped[int] = mapped_column(default=24)
    reservation_minutes: Mapped[int] = mapped_column(default=10)
    hold_opening_hours: Mapped[int] = mapped_column(default=24)
    hold_before_visit_hours: Mapped[int] = mapped_column(default=24)
    online_hold_notice_hours: Mapped[int] = mapped_column(default=48)
    quiet_from: Mapped[time] = mapped_column(default=time(20))
    quiet_until: Mapped[time] = mapped_column(default=time(8))
    device_profile: Mapped[Word] = mapped_column(default="SkinPen")
    attestation_allowed: Mapped[bool] = mapped_column(default=True)
    # "has anything changed?" unanswered a day before: "call" the patient, or "hold"
    recheck_silence: Mapped[Word] = mapped_column(default="call", server_default="call")
    # how many people a freed slot is offered to at once, and for how long
    waitlist_group: Mapped[int] = mapped_column(default=1, server_default="1")
    waitlist_minutes: Mapped[int] = mapped_column(default=120, server_default="120")

    # Read along with the site, so that no page needs another statement for it.
    rulebook_in_force: Mapped[str | None] = column_property(
        select(RulebookVersion.version)
        .where(RulebookVersion.site_id == id, RulebookVersion.in_force)  # noqa: A003 - the column above
        .correlate_except(RulebookVersion)
        .scalar_subquery()
    )
    resources: Mapped[list[Resource]] = relationship(
        back_populates="site", order_by="Resource.id"
    )
    hours: Mapped[list[OpeningHours]] = relationship(order_by="OpeningHours.id")


class Resource(Model):
    """A practitioner, room or device of a site; what it can do is its capabilities.

    A practitioner's capabilities are treatment ids (skills); a room's or device's are
    words that the phases of a treatment ask for ("treatment_room", "laser").
    """

    __table_args__ = (
        CheckConstraint("kind IN ('practitioner', 'room', 'device')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    kind: Mapped[Word]
    name: Mapped[Line]
    active: Mapped[bool] = mapped_column(default=True)

    site: Mapped[Site] = relationship(back_populates="resources")
    capabilities: Mapped[list[Capability]] = relationship(cascade="all, delete-orphan")


class Capability(Model):
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True
    )
    name: Mapped[Word] = mapped_column(primary_key=True)


class OpeningHours(Model):
    """Weekly wall-clock hours of a resource, or of the site's desk where `resource_id`
    is null.

    `weekday` counts Monday as 0. Several rows for a weekday make a break between them.
    A room or device without rows follows the site's hours.
    """

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens < closes", name="order"),
        Index("ix_opening_hours_site_resource", "site_id", "resource_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class HoursException(Model):
    """One day's own hours instead of the weekly ones; both times null means closed that
    day."""

    __table_args__ = (
        CheckConstraint("(opens IS NULL) = (closes IS NULL)", name="both_or_none"),
        Index("ix_hours_exception_resource_day", "resource_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    day: Mapped[date]
    opens: Mapped[time | None]
    closes: Mapped[time | None]


class Absence(Model):
    """A resource is away (holiday, repair, meeting) over a half-open span of 5-minute
    cells."""

    __table_args__ = (CheckConstraint("first_cell < until_cell", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    first_cell: Mapped[int]
    until_cell: Mapped[int]
    reason: Mapped[Line | None]


class Closure(Model):
    """A day on which the whole site is closed, besides the public holidays."""

    __table_args__ = (UniqueConstraint("site_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    day: Mapped[date]
    name: Mapped[Line]


class Treatment(Model):
    """How this clinic performs a treatment of the rulebook (`id` is the rulebook's id).

    `phases` is a list of {name, minutes, patient, needs: [{key, kind, capability}]}, in
    order; the needs that share a key are served by one resource throughout.
    `consultation` is such a phase, put first on a first visit, or null. Minutes are
    multiples of five. `prerequisites` is a list of {kind, least_hours, valid_days}:
    what must have taken place before, kind consultation or patch_test.
    """

    id: Mapped[Word] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    phases: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    consultation: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    prerequisites: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
