"""The check "has anything changed?": who waits for the answer, since when (R-75).

Asked by mail three days before a visit, and again on arrival. Answers given after that
mail was due are fresh enough by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import func, select

from booking import gate, rulebooks, tasks
from booking.clock import local_day
from booking.db import among, db
from booking.messages import timing
from booking.models.appointment import Appointment, Move
from booking.models.checkin import RecheckAnswer
from booking.models.clinic import Site
from screening import Authority, Verdict, Window

RULE = "R-75"
LAST_CALL = timedelta(hours=24)
"""How long before a visit its silence is no longer waited out."""
SILENT = "We have not heard from you whether anything has changed since you answered."
HOLD = "hold"
MAIL, DESK, ARRIVAL = "mail", "desk", "arrival"
CALL = "call_patient"


@dataclass(frozen=True, slots=True)
class Question:
    """A visit as far as the check goes: `answered_at` is when it was screened."""

    visit_id: int
    treatment: str
    starts_at: datetime
    ends_at: datetime
    answered_at: datetime

    @classmethod
    def of(cls, visit: Appointment) -> Self:
        return cls(
            visit.id,
            visit.treatment,
            visit.starts_at,
            visit.ends_at,
            visit.screening.created_at,
        )


def asked_at(question: Question, site: Site) -> datetime | None:
    """When the mail that asks is due; None if the rulebook has no such step."""
    plan = rulebooks.current(site).plan(question.treatment)
    step = next((step for step in plan if step.kind == "recheck"), None)
    if step is None:
        return None
    rhythm = timing.Rhythm.of(site)
    return timing.due_at(step, question.starts_at, question.ends_at, rhythm)


def is_open(visit: Appointment, site: Site, *, now: datetime) -> bool:
    """Whether it is time to answer."""
    asked = asked_at(Question.of(visit), site)
    return asked is not None and asked <= now < visit.starts_at


def unanswered(
    questions: Sequence[Question], site: Site, *, now: datetime
) -> list[Question]:
    """Those that were asked and not answered yet, in one statement.

    "Something has changed" is no answer until it is said what.
    """
    waiting = [
        one
        for one in questions
        if (asked := asked_at(one, site)) is not None
        and asked <= now
        and one.answered_at < asked
    ]
    fine = _fine({one.visit_id for one in waiting})
    return [one for one in waiting if one.visit_id not in fine]


def is_unanswered(visit: Appointment, site: Site, *, now: datetime) -> bool:
    return bool(unanswered([Question.of(visit)], site, now=now))


def _fine(visit_ids: Iterable[int]) -> set[int]:
    """The visits of which somebody said, where they are now, that nothing changed."""
    wanted = set(visit_ids)
    if not wanted:
        return set()
    moves = (
        select(func.count(Move.id))
        .where(Move.appointment_id == RecheckAnswer.appointment_id)
        .scalar_subquery()
    )
    rows = select(RecheckAnswer.appointment_id).where(
        among(RecheckAnswer.appointment_id, wanted),
        RecheckAnswer.placement == moves,
        ~RecheckAnswer.changed,
    )
    return set(db.session.scalars(rows))


def silences(
    questions: Sequence[Question], site: Site, *, now: datetime
) -> dict[int, Window]:
    """What holds the visits that nobody spoke for in time, where the clinic wants
    that."""
    if site.recheck_silence != HOLD:
        return {}
    late = [one for one in questions if now < one.starts_at <= now + LAST_CALL]
    return {
        one.visit_id: _silence(one, site) for one in unanswered(late, site, now=now)
    }


def _silence(question: Question, site: Site) -> Window:
    day = local_day(question.starts_at, site.timezone)
    rule = rulebooks.current(site).rules.get(RULE)
    return Window(
        rule=RULE,
        verdict=Verdict.HOLD,
        from_day=day,
        until_day=None,
        reason=SILENT,
        release_by=Authority.CLINICIAN,
        sources=tuple(rule.sources) if rule else (),
        provenance="system",
        cause=f"silent until {day}",
    )


def answer_of(visit: Appointment, way: str) -> RecheckAnswer | None:
    """What was answered in this way about the visit where it is now."""
    return db.session.scalar(
        select(RecheckAnswer).where(
            RecheckAnswer.appointment_id == visit.id,
            RecheckAnswer.placement == gate.placement_of(visit.id),
            RecheckAnswer.way == way,
        )
    )


def keep(visit: Appointment, way: str, *, changed: bool, now: datetime) -> None:
    """Add an answer about the visit where it is now. Never commits."""
    db.session.add(
        RecheckAnswer(
            appointment_id=visit.id,
            placement=gate.placement_of(visit.id),
            way=way,
            changed=changed,
            at=now,
        )
    )
    db.session.flush()


def is_told_what(visit: Appointment, said: RecheckAnswer) -> bool:
    """Whether new answers have followed "something has changed"."""
    return not said.changed or visit.screening.created_at >= said.at


def call_key(visit_id: int, placement: int) -> str:
    """The cause of the one task to call this patient about this visit where it is."""
    return f"call/{visit_id}/{placement}"


def close_call(visit: Appointment, outcome: str, *, now: datetime, by: str) -> None:
    """Nobody has to call any more. Never commits."""
    key = call_key(visit.id, gate.placement_of(visit.id))
    if task := tasks.find_open(key):
        tasks.close(task, outcome, now=now, by=by)
