"""What a manager may set for the clinic: notice, horizon, deadlines, waitlist, words of
the letterhead.

Zone and grid are not among them: stored times would no longer mean what they meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from booking import audit
from booking.actors import Actor
from booking.db import begin_write, db
from booking.errors import NotAllowed, Problems, SettingsChanged
from booking.models.clinic import Site
from booking.opening import changing, spans
from booking.rescreening import rechecks


@dataclass(frozen=True)
class Limits:
    """A whole number, with both ends allowed."""

    least: int
    most: int


NUMBERS = {
    "least_notice_minutes": Limits(0, 7 * 24 * 60),
    "horizon_days": Limits(14, 365),
    "cancel_cutoff_hours": Limits(0, 7 * 24),
    "reservation_minutes": Limits(5, 60),
    "online_hold_notice_hours": Limits(2, 14 * 24),
    "hold_opening_hours": Limits(1, 100),
    "hold_before_visit_hours": Limits(1, 7 * 24),
    "waitlist_minutes": Limits(30, 2 * 24 * 60),
    "waitlist_group": Limits(1, 10),
}
CLOCKS = ("quiet_from", "quiet_until")
CHOICES = {
    "recheck_silence": {"call", rechecks.HOLD},
    "attestation_allowed": {"yes", "no"},
}
TEXTS = {"name": 100, "address": 255, "phone": 40, "email": 255}
NEEDED = {
    "name": "Give the name of the clinic.",
    "phone": "Give the number that patients can call.",
    "email": "Give the e-mail address that patients can write to.",
}


def shown(site: Site) -> dict[str, str]:
    """Every setting as a form shows it."""
    return {
        name: _written(getattr(site, name))
        for name in (*TEXTS, *NUMBERS, *CLOCKS, *CHOICES)
    }


def stamp(site: Site) -> str:
    """What the settings say, as one word."""
    return changing.stamp(shown(site))


def change(
    site: Site, wanted: Mapping[str, str], *, seen: str, actor: Actor, now: datetime
) -> dict[str, list[str]]:
    """Put the settings as wanted; what has changed, each with its old and new value.

    InvalidRequest names the field, SettingsChanged that somebody else was faster.
    """
    if "manager" not in actor.authorities:
        raise NotAllowed("Only a manager may change the settings of the clinic.")
    number = site.id
    begin_write()
    row = select(Site).where(Site.id == number).with_for_update(key_share=True)
    site = db.session.scalars(row).one()
    if seen != stamp(site):
        raise SettingsChanged
    before = shown(site)
    for name, value in _checked(wanted).items():
        setattr(site, name, value)
    after = shown(site)
    changed = {
        name: [before[name], after[name]]
        for name in after
        if before[name] != after[name]
    }
    if changed:
        audit.record(actor, "site.settings", site, now=now, detail=changed)
    db.session.commit()
    return changed


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _checked(wanted: Mapping[str, str]) -> dict[str, Any]:
    """Every setting as it is stored, or InvalidRequest."""
    problems = Problems()
    found: dict[str, Any] = {}
    for name, most in TEXTS.items():
        found[name] = _text(wanted.get(name, ""), name, most, problems)
    for name, limits in NUMBERS.items():
        found[name] = _number(wanted.get(name, ""), name, limits, problems)
    for name in CLOCKS:
        found[name] = _clock(wanted.get(name, ""), name, problems)
    for name, allowed in CHOICES.items():
        found[name] = wanted.get(name, "")
        if found[name] not in allowed:
            problems.add(name, "Choose one of the two.")
    if not problems.found:
        _check_together(found, problems)
    problems.raise_if_any()
    found["attestation_allowed"] = found["attestation_allowed"] == "yes"
    return found


def _check_together(found: Mapping[str, Any], problems: Problems) -> None:
    before = found["hold_before_visit_hours"]
    if found["online_hold_notice_hours"] <= before:
        problems.add(
            "online_hold_notice_hours",
            f"A request has to be decided {before} hours before the visit: give more "
            "hours than that, or there is no time to decide.",
        )


def _text(text: str, name: str, most: int, problems: Problems) -> str:
    text = " ".join(text.split())
    if not text and name in NEEDED:
        problems.add(name, NEEDED[name])
    elif len(text) > most or not text.isprintable():
        problems.add(name, f"Use at most {most} ordinary letters and signs.")
    elif name == "email":
        try:
            validate_email(text, check_deliverability=False)
        except EmailNotValidError:
            problems.add(name, "Write the address like desk@clinic.example.")
    return text


def _number(text: str, name: str, limits: Limits, problems: Problems) -> int:
    text = text.strip()
    short = text.isascii() and text.isdecimal() and len(text) < 7
    number = int(text) if short else -1
    if not limits.least <= number <= limits.most:
        problems.add(name, f"Give a whole number from {limits.least} to {limits.most}.")
    return number


def _clock(text: str, name: str, problems: Problems) -> time | None:
    found = spans.read_clock(text, name, problems)
    if found is None and not text.strip():
        problems.add(name, "Give a time like 20:00.")
    return found
