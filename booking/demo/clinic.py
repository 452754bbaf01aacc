"""A clinic's plan (site, hours, people, rooms, devices) from TOML into the database."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select

from booking.db import begin_write, db
from booking.errors import FieldProblem, InvalidRequest
from booking.models.clinic import (
    DEVICE,
    PRACTITIONER,
    ROOM,
    Capability,
    OpeningHours,
    Resource,
    Site,
    Treatment,
)

FOLDER = Path(__file__).parent
SITE = ("name", "timezone", "address", "phone", "email")
RESOURCES = (
    ("practitioners", PRACTITIONER, ("name", "skills", "hours")),
    ("rooms", ROOM, ("name", "capabilities")),
    ("devices", DEVICE, ("name", "capabilities")),
)

Plan = dict[str, Any]


def is_empty() -> bool:
    """Whether nobody has set up a clinic in this database."""
    return db.session.scalar(select(Site.id).limit(1)) is None


def demo_plan() -> Plan:
    """The plan of the demo clinic."""
    return read_plan(FOLDER / "clinic.toml")


def read_plan(path: Path) -> Plan:
    """A plan from a file, or InvalidRequest."""
    try:
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest.of(str(path), str(error)) from None
    check_plan(plan)
    return plan


def bare_plan(name: str, timezone: str, email: str) -> Plan:
    """A clinic with office hours and nothing else, to be filled in later."""
    return {
        "site": {
            "name": name,
            "timezone": timezone,
            "address": "",
            "phone": "",
            "email": email,
            "hours": [{"days": [0, 1, 2, 3, 4], "times": ["09:00-17:00"]}],
        }
    }


def check_plan(plan: Mapping[str, Any]) -> None:
    """InvalidRequest that names what is missing or wrong in a plan."""
    problems = _missing("site", plan.get("site", {}), (*SITE, "hours"))
    for table, _, needed in RESOURCES:
        for number, item in enumerate(plan.get(table, ()), start=1):
            problems += _missing(f"{table} {number}", item, needed)
    if not problems:
        problems = _wrong(plan)
    if problems:
        raise InvalidRequest(problems)


def _missing(
    where: str, item: Mapping[str, Any], needed: Iterable[str]
) -> list[FieldProblem]:
    return [
        FieldProblem(where, f"'{name}' is missing")
        for name in needed
        if name not in item
    ]


def _wrong(plan: Mapping[str, Any]) -> list[FieldProblem]:
    problems = []
    try:
        ZoneInfo(plan["site"]["timezone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(FieldProblem("timezone", "Give one like Europe/London."))
    for item in (plan["site"], *plan.get("practitioners", ())):
        try:
            list(_spans(item["hours"]))
        except (KeyError, TypeError, ValueError):
            problems.append(
                FieldProblem(
                    item["name"],
                    "hours are rows of days (0 is Monday) and times like 09:00-17:30",
                )
            )
    return problems


def add_clinic(plan: Mapping[str, Any]) -> Site:
    """Store the clinic of a checked plan with all treatments, and commit."""
    begin_write()
    given = {key: value for key, value in plan["site"].items() if key != "hours"}
    site = Site(**given)
    db.session.add(site)
    db.session.flush()
    resources = [
        (_add_resource(site, kind, item), item.get("hours", ()))
        for table, kind, _ in RESOURCES
        for item in plan.get(table, ())
    ]
    db.session.flush()
    rows = [*_hours(site, None, plan["site"]["hours"])]
    for resource, hours in resources:
        rows += _hours(site, resource.id, hours)
    db.session.execute(insert(OpeningHours), rows)
    db.session.execute(insert(Treatment), _treatments())
    db.session.commit()
    return site


def _add_resource(site: Site, kind: str, item: Mapping[str, Any]) -> Resource:
    able_to = item["skills"] if kind == PRACTITIONER else item["capabilities"]
    resource = Resource(site_id=site.id, kind=kind, name=item["name"], active=True)
    resource.capabilities = [Capability(name=word) for word in able_to]
    db.session.add(resource)
    return resource


def _hours(
    site: Site, resource_id: int | None, rows: Iterable[dict[str, Any]]
) -> Iterable[dict[str, Any]]:
    for weekday, opens, closes in _spans(rows):
        yield {
            "site_id": site.id,
            "resource_id": resource_id,
            "weekday": weekday,
            "opens": opens,
            "closes": closes,
        }


def _spans(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[int, time, time]]:
    for row in rows:
        for span in row["times"]:
            opens, closes = (time.fromisoformat(text) for text in span.split("-"))
            if opens >= closes:
                raise ValueError(f"{span} ends before it begins")
            for weekday in row["days"]:
                if weekday not in range(7):
                    raise ValueError(f"{weekday} is no weekday")
                yield weekday, opens, closes


@cache
def _treatments() -> list[dict[str, Any]]:
    """Every treatment of the rulebook with its usual phases: rows to insert."""
    found = tomllib.loads((FOLDER / "treatments.toml").read_text(encoding="utf-8"))
    consultation = found["consultation_phase"]
    rows = []
    for position, item in enumerate(found["treatments"]):
        first = consultation if item.get("consultation", True) else None
        rows.append(
            {
                "id": item["id"],
                "position": position,
                "active": True,
                "phases": [_phase(phase, item) for phase in item["phases"]],
                "consultation": _phase(first, item) if first else None,
            }
        )
    return rows


def _phase(phase: dict[str, Any], treatment: dict[str, Any]) -> dict[str, Any]:
    needs = {
        "r": ("room", ROOM, treatment.get("room", "treatment_room")),
        "p": ("practitioner", PRACTITIONER, treatment["id"]),
        "d": ("device", DEVICE, treatment.get("device", "")),
    }
    return {
        "name": phase["name"],
        "minutes": phase["minutes"],
        "patient": phase.get("patient", True),
        "needs": [
            dict(zip(("key", "kind", "capability"), needs[letter], strict=True))
            for letter in phase["uses"]
        ],
    }
