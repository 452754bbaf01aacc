"""What the desk's pages share: the blueprint, its words, refusals beside forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from flask import Blueprint, render_template, request, session
from sqlalchemy import select

import screening
from booking import overrides, patients, rulebooks
from booking.db import db
from booking.errors import BookingError, InvalidRequest
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Treatment
from booking.patients import proxies
from booking.tasks import desk
from booking.web import access, edge, words
from booking.web.desk import telling

bp = Blueprint("desk", __name__, url_prefix="/desk")
NAMES_HIDDEN = "names_hidden"

STATUS_WORDS = {
    Status.RESERVED: "Being booked",
    Status.CONFIRMED: "Confirmed",
    Status.HELD: "Held",
    Status.DECLINED: "Declined",
    Status.EXPIRED: "Expired",
    Status.MOVED: "Moved",
    Status.CANCELLED: "Cancelled",
    Status.ARRIVED: "Arrived",
    Status.COMPLETED: "Completed",
    Status.NO_SHOW: "Did not come",
}
_TIMED_STEP = re.compile(r"(prep|recheck|after|checkin)-(\d+)([dh])")
_STEPS = {
    "prep": ("Preparation", "before"),
    "recheck": ("“Has anything changed?”", "before"),
    "after": ("Aftercare", "after"),
    "checkin": ("Check-in", "after"),
}
_NOTICES = {
    "prep_late": "Preparation",
    "aftercare_late": "Aftercare",
    "checkin_again": "Check-in, asked again",
    "course": "All visits of the course",
    "held": "Request received",
    "reheld": "Something to check",
    "rescreen_refused": "No longer safe on that day",
    "reask": "Some questions again",
    "staff_hold": "A hold to decide",
    "staff_urgent": "An urgent hold",
}
_PAGE_WORDS = {"reason": "Choose a reason from the list."}
"""Where the use case names codes, for other software, and a page shows their labels."""
Result = TypeVar("Result")


def page(template: str, **values: Any) -> str:
    """A page of the desk."""
    # Not a context processor, because error pages would then need all of this too.
    site = edge.site()
    shared = {
        "site": site,
        "rulebook": rulebooks.current(site),
        "me": access.actor(),
        "may_use": access.may_use,
        "counts": desk.counts(site, now=edge.now()),
        "names_hidden": names_hidden(),
        "name_of": name_of,
        "status_words": STATUS_WORDS,
        "span": span,
        "offered": offered(),
        "reasons": overrides.RELEASE_REASONS,
        "relation_words": proxies.RELATION_WORDS,
        "step_words": step_words,
        "said_words": telling.said_words,
        "record_words": telling.record_words,
        "birth_day": birth_day,
        "spoken_number": patients.spoken_number,
        "now": edge.now(),
        "today": edge.today(),
    }
    return render_template(template, **(shared | values))


def offered() -> list[screening.Treatment]:
    """The treatments of this clinic, in its order."""
    known = rulebooks.current(edge.site()).treatments
    rows = select(Treatment.id).where(Treatment.active).order_by(Treatment.position)
    return [known[name] for name in db.session.scalars(rows) if name in known]


def attempt(action: Callable[[], Result]) -> Result | BookingError:
    """Run a use case; a refusal comes back, to be shown beside what was typed."""
    try:
        return action()
    except BookingError as refusal:
        # The refused unit of writing is over; the page reads in a new one.
        db.session.rollback()
        return refusal


def problems_of(refusal: BookingError | None) -> dict[str, str]:
    """Field → what to do about it."""
    if isinstance(refusal, InvalidRequest):
        return {
            problem.field: _PAGE_WORDS.get(problem.field, problem.message)
            for problem in refusal.problems
        }
    return {}


def day_given(name: str = "day") -> date:
    """The day in the query, today if there is none, InvalidRequest if it is no day."""
    text = request.args.get(name, "").strip()
    return day_of(text, name) if text else edge.today()


def day_of(text: str, name: str) -> date:
    """A day written as YYYY-MM-DD, or InvalidRequest."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1900 <= day.year <= 2100:
        raise InvalidRequest.of(name, "Give a day like 2026-11-05.")
    return day


def instant_of(text: str, name: str) -> datetime:
    """An instant with its offset, or InvalidRequest."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not 1970 <= instant.year <= 2100:
        raise InvalidRequest.of(name, "Choose one of the offered times.")
    return instant


def text_of(values: Mapping[str, str], name: str) -> str:
    """What was typed, trimmed; InvalidRequest if it holds control characters."""
    text = values.get(name, "").strip()
    if not all(char.isprintable() or char in "\r\n\t" for char in text):
        raise InvalidRequest.of(name, "Use ordinary letters, numbers and signs only.")
    return text


def names_hidden() -> bool:
    """Whether this screen shows initials instead of names."""
    return bool(session.get(NAMES_HIDDEN))


def name_of(name: str) -> str:
    """A patient's name, or only initials while names are hidden."""
    if not names_hidden():
        return name
    return " ".join(f"{word[0]}." for word in name.split())


def birth_day(text: str) -> str:
    """26 August 1969; a word if it is not known."""
    if not text:
        return "not known"
    born = date.fromisoformat(text)
    return f"{born.day} {born:%B} {born.year}"


def step_words(step: str) -> str:
    """What an e-mail is about, as staff say it: Preparation, 7 days before."""
    found = _TIMED_STEP.fullmatch(step)
    if found is None:
        return _NOTICES.get(step) or step.replace("_", " ").capitalize()
    kind, number, unit = found.groups()
    label, side = _STEPS[kind]
    if number == "0":
        return f"{label}, {'on the day' if side == 'before' else 'at once'}"
    length = (
        f"{number} {'day' if unit == 'd' else 'hour'}{'' if number == '1' else 's'}"
    )
    return f"{label}, {length} {side}"


def span(length: timedelta) -> str:
    """A length of time, roughly and without its sign: 2 days, 3 h 20 min, 5 min."""
    minutes = abs(int(length.total_seconds())) // 60
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min"


def visit_day(visit: Appointment) -> date:
    """The site's calendar day of a visit."""
    return words.local(visit.starts_at).date()
