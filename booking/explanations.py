"""Why a day is as it is, for staff: each window with its sources, and the room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking import gate, rulebooks
from booking.clock import local_day
from booking.db import db
from booking.diary import calendar
from booking.diary.calendar import DaySlots, Search, Slot
from booking.models.appointment import Appointment, Hold
from booking.models.clinic import Closure, Site
from booking.models.patient import Patient
from booking.models.screening import Screening
from screening import Authority, Clearance, Conflict, Rulebook, Source, Window

WHO = {
    Authority.RECEPTION: "The front desk may release this.",
    Authority.CLINICIAN: "Only a clinician may release this.",
    Authority.ANSWER: "The patient's new answer decides. Nobody releases it.",
    Authority.NOBODY: "Nobody may release this. Move the visit or cancel it.",
}


@dataclass(frozen=True)
class Cause:
    """A window with everything that a member of staff wants to know of it.

    `questions` are ids. `released`: a release of this visit lets it pass. `clears`:
    what would end it.
    """

    window: Window
    title: str
    summary: str
    sources: tuple[Source, ...]
    questions: tuple[str, ...]
    who: str
    clears: str
    refs: tuple[str, ...]
    released: bool


@dataclass(frozen=True)
class Explanation:
    """A day of one patient, treatment and area.

    `capacity` says why no time is free; None if some are.
    """

    day: date
    verdict: str
    causes: tuple[Cause, ...]
    notices: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    unanswered: tuple[str, ...]
    first_clear_day: date | None
    next_slots: tuple[Slot, ...]
    slots: tuple[Slot, ...]
    capacity: str | None
    answers_from: datetime | None


def of_day(
    search: Search,
    clearance: Clearance,
    day: date,
    *,
    answers_from: datetime | None = None,
    visit: Appointment | None = None,
) -> Explanation:
    """Explain *day* (today or later); with *visit*, its releases count."""
    site, now = search.site, search.now
    rulebook = rulebooks.current(site)
    released = gate.released_windows(visit.id) if visit else []
    decision = gate.decide(clearance, day, released)
    found = calendar.join(
        calendar.load(search, day, 1), clearance, now=now, staff=True
    )[0]
    return Explanation(
        day=day,
        verdict=decision.verdict.word,
        causes=causes(clearance.windows_on(day), rulebook, left=decision.windows),
        notices=tuple(notice.text for notice in clearance.notices_on(day)),
        conflicts=clearance.conflicts,
        unanswered=tuple(rulebook.questions[q].text for q in clearance.unanswered),
        first_clear_day=clearance.first_clear_day(day),
        next_slots=tuple(
            calendar.next_clear(
                site,
                search.treatment,
                clearance,
                now=now,
                limit=3,
                first_visit=search.first_visit,
            )
        ),
        slots=found.slots,
        capacity=_capacity(site, found, now=now),
        answers_from=answers_from,
    )


def clearance_of_visit(visit: Appointment, site: Site, *, now: datetime) -> Clearance:
    """What the gate says of a visit now, from its answers and all records."""
    return gate.clearance_for(
        site,
        visit.treatment,
        visit.area,
        visit.screening.answers,
        given_on=visit.screening.given_on,
        now=now,
        patient_id=visit.patient_id,
        ignoring=visit.id,
    )


def latest_screening(patient: Patient, treatment: str) -> Screening | None:
    """The patient's latest answers, those for the same treatment first."""
    rows = (
        select(Screening)
        .join(Appointment, Appointment.screening_id == Screening.id)
        .where(Appointment.patient_id == patient.id)
        .order_by((Screening.treatment != treatment), Screening.id.desc())
        .limit(1)
    )
    return db.session.scalar(rows)


def causes(
    windows: Iterable[Window],
    rulebook: Rulebook,
    *,
    left: Sequence[Window] | None = None,
) -> tuple[Cause, ...]:
    """Windows with their rules; those not in *left* (if given) are released."""
    return tuple(
        _cause(window, rulebook, released=left is not None and window not in left)
        for window in windows
    )


def causes_of_hold(hold: Hold, site: Site) -> tuple[Cause, ...]:
    """What a hold waits for."""
    return causes(gate.thaw(hold.windows), rulebooks.current(site))


def conflicts_of_hold(hold: Hold) -> list[Conflict]:
    """Where answer and record differed when the hold was opened."""
    return [Conflict.from_json(item) for item in hold.conflicts or ()]


def _cause(window: Window, rulebook: Rulebook, *, released: bool) -> Cause:
    # Two visits of one patient at once are held without a rule of the rulebook.
    rule = rulebook.rules.get(window.rule)
    return Cause(
        window=window,
        title=rule.title if rule else "Our diary",
        summary=rule.summary if rule else "",
        sources=tuple(
            rulebook.sources[name]
            for name in window.sources
            if name in rulebook.sources
        ),
        questions=tuple(
            name for name in window.questions if name in rulebook.questions
        ),
        who=WHO[window.release_by],
        clears=_clears(window),
        refs=window.refs,
        released=released,
    )


def _clears(window: Window) -> str:
    if window.until_day is not None:
        return f"Ends by itself: clear from {window.until_day:%a %-d %b %Y} on."
    if window.release_by is Authority.ANSWER:
        return "Ends when the patient tells us that it is over, and since when."
    return "Has no end of its own."


def _capacity(site: Site, found: DaySlots, *, now: datetime) -> str | None:
    if found.slots:
        return None
    today = local_day(now, site.timezone)
    if found.day < today:
        return "This day is over."
    if found.day >= today + timedelta(days=site.horizon_days):
        return f"Not open for booking yet: we book {site.horizon_days} days ahead."
    closure = db.session.scalar(
        select(Closure).where(Closure.site_id == site.id, Closure.day == found.day)
    )
    if closure is not None:
        return f"The clinic is closed: {closure.name}."
    if not found.open:
        return "Closed: a weekly closing day or a public holiday."
    return "Full: nobody who does this treatment has a room and the time."
