"""Before and after a visit: what to do when, and what to look out for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from booking import rulebooks
from booking.messages import wording
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from screening import RedFlag, Step

ACTIONS = {
    "emergency": "Call the emergency services now",
    "urgent": "Get medical help now, today or at night",
    "same_day": "Call us the same day",
    "within_2_days": "Call us within two days",
    "within_3_days": "Call us within three days",
    "within_7_days": "Call us within a week",
    "none": "This is usual",
}
"""What to do about a sign, the most urgent first."""


@dataclass(frozen=True)
class Advice:
    """A step with its date; its texts are filled in."""

    title: str
    day: date
    texts: tuple[str, ...]


def before(visit: Appointment, site: Site) -> list[Advice]:
    """How to prepare, in the order of time."""
    return _advice(visit, site, ("prep",))


def after(visit: Appointment, site: Site) -> list[Advice]:
    """What to do afterwards, in the order of time."""
    return _advice(visit, site, ("aftercare", "checkin"))


def red_flags(visit: Appointment, site: Site) -> list[tuple[str, str, list[RedFlag]]]:
    """The signs by what to do about them, the most urgent first and the usual last."""
    flags = rulebooks.current(site).red_flags(visit.treatment)
    order = list(ACTIONS)
    flags = tuple(sorted(flags, key=lambda flag: order.index(flag.action)))
    return [
        (action, ACTIONS[action], list(some))
        for action, some in groupby(flags, key=lambda flag: flag.action)
    ]


def _advice(visit: Appointment, site: Site, kinds: Iterable[str]) -> list[Advice]:
    rulebook = rulebooks.current(site)
    values = wording.placeholders(visit, site, rulebook)
    steps = [step for step in rulebook.plan(visit.treatment) if step.kind in kinds]
    return [
        Advice(
            step.title,
            _day(step, visit, site),
            _texts(step, values),
        )
        for step in steps
    ]


def _day(step: Step, visit: Appointment, site: Site) -> date:
    """The day that the advice is about; its mail may leave earlier, by daylight."""
    anchor = visit.ends_at if step.anchor == "after" else visit.starts_at
    local = anchor.astimezone(ZoneInfo(site.timezone))
    return (local + timedelta(days=step.days, hours=step.hours)).date()


def _texts(step: Step, values: dict[str, str]) -> tuple[str, ...]:
    return tuple(wording.filled(text.text, values) for text in step.texts)
