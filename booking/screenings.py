"""Screenings: what was asked and decided, stored once and never changed (I-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

import screening
from booking import gate, rulebooks
from booking.clock import local_day
from booking.crypto import digest, new_token
from booking.db import begin_write, db, keys
from booking.diary import treatments
from booking.errors import (
    ClearanceExpired,
    ClearanceUsed,
    FieldProblem,
    InvalidRequest,
    NotFound,
)
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.screening import Screening
from screening import Clearance

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class Screened:
    """`token` names the screening to whoever asked for it; only its digest is
    stored."""

    screening: Screening
    clearance: Clearance
    token: str


def screen(  # noqa: PLR0913 - one request, every part of it named
    *,
    site: Site,
    treatment: str,
    area: str,
    answers: Mapping[str, Any],
    now: datetime,
    patient: Patient | None = None,
    answered_by: str = "patient",
) -> Screened:
    """Check the answers, decide, store.

    InvalidRequest names each bad field.     With a *patient* (at the desk, or a proven
    address) the clinic's records count too.
    """
    checked = check(site, treatment, area, answers, now=now)
    begin_write()
    clearance = gate.clearance_for(
        site,
        treatment,
        area,
        checked,
        now=now,
        patient_id=patient.id if patient else None,
    )
    screened = store(site, clearance, checked, now=now, answered_by=answered_by)
    db.session.commit()
    return screened


def check(
    site: Site, treatment: str, area: str, answers: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The answers in their stored form, or InvalidRequest.

    An event that is "now" becomes today's date: read again next week, it must not move.
    """
    rulebook = rulebooks.current(site)
    if treatment not in rulebook.treatments:
        raise InvalidRequest.of("treatment", "Choose one of the treatments we offer.")
    treatments.treatment_of(treatment)
    if area not in rulebook.treatments[treatment].areas:
        raise InvalidRequest.of("area", "Choose one of the areas of this treatment.")
    today = local_day(now, site.timezone)
    try:
        checked = screening.check_answers(rulebook, answers, today=today)
    except screening.AnswerErrors as errors:
        raise InvalidRequest(
            [
                FieldProblem(error.field.strip() or "answers", error.message)
                for error in errors.errors
            ]
        ) from None
    return screening.pin_answers(rulebook, checked, today=today)


def store(  # noqa: PLR0913 - a screening is made of all of these
    site: Site,
    clearance: Clearance,
    answers: dict[str, Any],
    *,
    now: datetime,
    answered_by: str,
    supersedes: Screening | None = None,
    days: Mapping[str, date] | None = None,
) -> Screened:
    """Add a screening row; *days* says which answers were given on another day.

    Never commits.
    """
    older = {name: day for name, day in (days or {}).items() if day != clearance.today}
    token = new_token()
    row = Screening(
        token_digest=digest(token),
        site_id=site.id,
        treatment=clearance.treatment,
        area=clearance.area,
        rulebook=clearance.rulebook_version,
        day=clearance.today,
        answers=answers,
        clearance=clearance.to_json(),
        answered_by=answered_by,
        answer_days={name: day.isoformat() for name, day in older.items()} or None,
        bound_to=supersedes.bound_to if supersedes else None,
        created_at=now,
        expires_at=now + LIFETIME,
        supersedes_id=supersedes.id if supersedes else None,
    )
    db.session.add(row)
    db.session.flush()
    return Screened(row, clearance, token)


def find(token: str, *, now: datetime) -> Screening:
    """The screening that a clearance token names; NotFound or ClearanceExpired."""
    row = db.session.scalar(
        select(Screening).where(Screening.token_digest == digest(token))
    )
    if row is None:
        raise NotFound(
            "We do not know this clearance. Please answer the questions again."
        )
    if row.expires_at <= now:
        raise ClearanceExpired
    return row


def clearance_of(row: Screening) -> Clearance:
    """The clearance as it was decided."""
    return Clearance.from_json(row.clearance)


def expired(row: Screening, site: Site, day: date) -> list[str]:
    """The questions whose answers the rulebook no longer lets count on *day* (R-75)."""
    questions = rulebooks.current(site).questions
    given_on = row.given_on
    # Nearly all are of one day: that is not reckoned sixty times.
    ages = {given: (day - given).days for given in set(given_on.values())}
    return [
        name
        for name, given in given_on.items()
        if name in questions and ages[given] >= questions[name].valid_days
    ]


def is_stale(row: Screening, site: Site, *, now: datetime) -> bool:
    """Whether an answer is older than the rulebook lets it count (R-75)."""
    return bool(expired(row, site, local_day(now, site.timezone)))


def renew(
    earlier: Screening,
    site: Site,
    given: Mapping[str, Any],
    days: Mapping[str, date],
    *,
    now: datetime,
    answered_by: str | None,
) -> Screening:
    """A new screening: *given* over the earlier answers, each with its own day.

    It stores what the answers alone come to, as every reader of the visit may see that.
    Never commits.
    """
    answers = {**earlier.answers, **given}
    given_on = {**earlier.given_on, **days}
    alone = gate.judge(
        site,
        earlier.treatment,
        earlier.area,
        answers,
        (),
        now=now,
        given_on=given_on,
    )
    return store(
        site,
        alone,
        answers,
        now=now,
        answered_by=answered_by or earlier.answered_by,
        supersedes=earlier,
        days=given_on,
    ).screening


def bind(row: Screening, email: str) -> None:
    """Tie the screening to the one patient it serves, or ClearanceUsed.

    Never commits.
    """
    owner = keys().blind("bound", email)
    bound = db.session.scalar(
        update(Screening)
        .where(
            Screening.id == row.id,
            or_(Screening.bound_to.is_(None), Screening.bound_to == owner),
        )
        .values(bound_to=owner)
        .returning(Screening.id)
        .execution_options(synchronize_session=False)
    )
    if bound is None:
        raise ClearanceUsed
