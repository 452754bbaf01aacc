"""The clinic that is measured: 20 practitioners, Monday to Saturday, 90 days, 60 %
booked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

import screening
from booking import rulebooks
from booking.crypto import new_token
from booking.db import db
from booking.diary import cells
from booking.models import (
    PRACTITIONER,
    Appointment,
    Capability,
    Claim,
    OpeningHours,
    Resource,
    Screening,
    Site,
    Status,
    Treatment,
)

PRACTITIONERS = 20
DAYS = 90
LENGTH = 9  # cells: 45 minutes
TREATMENT = "microneedling"
ZONE = ZoneInfo("Europe/London")
OPENS, CLOSES = time(9), time(18)


def build(*, now: datetime, booked: float) -> int:
    """Fill an empty database; the number of visits made."""
    site = clinic()
    answers = clear_answers(site)
    old = Screening(
        token_digest=new_token(),
        site_id=site.id,
        treatment=TREATMENT,
        area="face",
        rulebook="bench",
        day=now.date(),
        answers=answers,
        clearance={},
        created_at=now,
        expires_at=now + timedelta(days=400),
    )
    db.session.add(old)
    db.session.flush()
    visits = list(_visits(site, old.id, now=now, booked=booked))
    _insert(visits)
    db.session.commit()
    return len(visits)


def clinic() -> Site:
    """The site without a visit; not committed."""
    site = Site(
        name="Bench",
        timezone="Europe/London",
        address="1 Bench Road",
        phone="020 7946 0000",
        email="desk@clinic.example",
        horizon_days=200,
        least_notice_minutes=0,
    )
    db.session.add(site)
    db.session.flush()
    for number in range(PRACTITIONERS):
        resource = Resource(
            site_id=site.id, kind=PRACTITIONER, name=f"P{number}", active=True
        )
        resource.capabilities = [Capability(name=TREATMENT)]
        db.session.add(resource)
    for weekday in range(6):
        db.session.add(
            OpeningHours(site_id=site.id, weekday=weekday, opens=OPENS, closes=CLOSES)
        )
    need = {"key": "practitioner", "kind": PRACTITIONER, "capability": TREATMENT}
    phase = {"name": "needling", "minutes": 45, "patient": True, "needs": [need]}
    db.session.add(Treatment(id=TREATMENT, phases=[phase], consultation=None))
    db.session.flush()
    return site


def clear_answers(site: Site) -> dict[str, Any]:
    """Answers that raise nothing."""
    asked = screening.questionnaire(rulebooks.current(site), TREATMENT, "face")
    return {q.id: q.clear_answer for q in asked if q.asked_if is None}


def _visits(
    site: Site, screening_id: int, *, now: datetime, booked: float
) -> Iterator[dict[str, Any]]:
    dice = random.Random(1)
    first: date = now.astimezone(ZONE).date() + timedelta(days=1)
    resources = [resource.id for resource in site.resources]
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        if day.weekday() == 6:
            continue
        opens, closes = cells.local_span(ZONE, day, OPENS, CLOSES)
        for resource in resources:
            for cell in range(opens, closes - LENGTH + 1, LENGTH):
                if dice.random() < booked:
                    yield _visit(site.id, screening_id, resource, cell, now)


def _visit(
    site: int, screening_id: int, resource: int, cell: int, now: datetime
) -> dict[str, Any]:
    token = new_token()
    return {
        "public_id": token,
        "uid": token,
        "site_id": site,
        "treatment": TREATMENT,
        "area": "face",
        "screening_id": screening_id,
        "status": Status.CONFIRMED,
        "practitioner_id": resource,
        "starts_at": cells.instant_of(cell),
        "ends_at": cells.instant_of(cell + LENGTH),
        "first_visit": False,
        "source": "bench",
        "sequence": 0,
        "link_version": 1,
        "details_by_mail": False,
        "extensions": 0,
        "created_at": now,
        "booked_at": now,
        "records_checked_at": now,
    }


def _insert(visits: list[dict[str, Any]]) -> None:
    for first in range(0, len(visits), 1000):
        part = visits[first : first + 1000]
        ids = db.session.scalars(
            insert(Appointment).returning(Appointment.id, sort_by_parameter_order=True),
            part,
        ).all()
        claims = [
            {
                "appointment_id": number,
                "resource_id": visit["practitioner_id"],
                "patient_id": None,
                "first_cell": cells.cell_of(visit["starts_at"]),
                "until_cell": cells.cell_of(visit["ends_at"]),
                "live": True,
            }
            for number, visit in zip(ids, part, strict=True)
        ]
        db.session.execute(insert(Claim), claims)
