"""What another rulebook would decide otherwise: visits to come, and what was decided
lately. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, tuple_

import screening
from booking import gate, requirements, rulebooks
from booking.clock import local_day
from booking.db import db
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.screening import Screening
from screening import Clearance, Rulebook, Window

NOT_OFFERED = "no longer offered"
LATELY = timedelta(days=90)


@dataclass(frozen=True)
class Change:
    """A visit to come, its day's verdict before and after, and the rules afterwards.

    `changed` are the rules that say something else about the day.
    """

    visit: Appointment
    day: date
    before: str
    after: str
    rules: tuple[str, ...]
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        visit = self.visit
        rules = f" ({', '.join(self.rules)})" if self.rules else ""
        return (
            f"visit {visit.id} on {self.day}, {visit.treatment} on {visit.area}: "
            f"{self.before} -> {self.after}{rules}"
        )


@dataclass(frozen=True)
class Impact:
    """`seen` of `concerned` visits and decisions were compared: those nearest to now.

    `by_rule` counts, for each rule, the visits and the decisions that it changes.
    """

    visits: tuple[Change, ...]
    visits_seen: int
    visits_concerned: int
    decisions: int
    decisions_seen: int
    decisions_concerned: int
    by_rule: dict[str, tuple[int, int]]

    @property
    def is_whole(self) -> bool:
        """Whether everything that might change was looked at."""
        return (
            self.visits_seen == self.visits_concerned
            and self.decisions_seen == self.decisions_concerned
        )


def upcoming(site: Site, *, now: datetime) -> list[Appointment]:
    """The visits that another rulebook may change, in order of time."""
    return list(db.session.scalars(_upcoming(site, now=now)))


def of(other: Rulebook, site: Site, *, now: datetime) -> list[Change]:
    """Decide every visit to come by both rulebooks, with records and releases."""
    found = _changes(other, site, upcoming(site, now=now), now=now)
    return [change for change in found if change.before != change.after]


def whole(
    other: Rulebook, site: Site, *, now: datetime, most: int | None = None
) -> Impact:
    """Visits to come and decisions of the last 90 days, at most *most* of each.

    Only treatments on which the two rulebooks differ are looked at.
    """
    concerned = _concerned(rulebooks.current(site), other)
    visits = _upcoming(site, now=now).where(
        tuple_(Appointment.treatment, Appointment.area).in_(concerned)
    )
    seen = db.session.scalars(visits.limit(most)).all() if concerned else []
    changes = _changes(other, site, seen, now=now)
    lately = _lately(site, now=now).where(
        tuple_(Screening.treatment, Screening.area).in_(concerned)
    )
    decided = db.session.scalars(lately.limit(most)).all() if concerned else []
    rules = [_changed_by(row, rulebooks.current(site), other) for row in decided]
    by_visit = Counter(rule for change in changes for rule in change.changed)
    by_decision = Counter(rule for changed in rules for rule in changed)
    return Impact(
        visits=tuple(change for change in changes if change.before != change.after),
        visits_seen=len(seen),
        visits_concerned=_count(visits) if concerned else 0,
        decisions=sum(bool(changed) for changed in rules),
        decisions_seen=len(decided),
        decisions_concerned=_count(lately) if concerned else 0,
        by_rule={
            rule: (by_visit[rule], by_decision[rule])
            for rule in sorted(by_visit.keys() | by_decision.keys())
        },
    )


def decided_lately(site: Site, *, now: datetime) -> int:
    """How many decisions of the last 90 days are stored."""
    return _count(_lately(site, now=now))


def _concerned(before: Rulebook, after: Rulebook) -> list[tuple[str, str]]:
    """The treatments and areas that the two decide differently."""
    return [
        key
        for key, sheet in before.sheets.items()
        if key not in after.sheets or not sheet.decides_like(after.sheets[key])
    ]


def _upcoming(site: Site, *, now: datetime) -> Select[Appointment]:
    return (
        select(Appointment)
        .where(
            Appointment.site_id == site.id,
            Appointment.status.in_(UPCOMING),
            Appointment.starts_at > now,
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _changes(
    other: Rulebook, site: Site, visits: Iterable[Appointment], *, now: datetime
) -> list[Change]:
    current = rulebooks.current(site)
    changes = []
    for visit in visits:
        records = gate.records_of(visit.patient_id, site, ignoring=visit.id)
        released = gate.released_windows(visit.id)
        before, old = _verdict(current, visit, site, records, released, now=now)
        after, new = _verdict(other, visit, site, records, released, now=now)
        changed = {str(rule) for rule, *_ in _meant(old) ^ _meant(new)}
        if before != after or changed:
            day = local_day(visit.starts_at, site.timezone)
            rules = tuple(sorted({window.rule for window in new}))
            changes.append(
                Change(visit, day, before, after, rules, tuple(sorted(changed)))
            )
    return changes


def _verdict(  # noqa: PLR0913 - one decision, every part of it named
    rulebook: Rulebook,
    visit: Appointment,
    site: Site,
    records: Sequence[screening.Record],
    released: Sequence[Window],
    *,
    now: datetime,
) -> tuple[str, tuple[Window, ...]]:
    today = local_day(now, site.timezone)
    clearance = _judged(
        rulebook,
        visit.screening,
        today=today,
        records=records,
        required=requirements.required_for(visit.treatment),
    )
    if clearance is None:
        return NOT_OFFERED, ()
    day = local_day(visit.starts_at, site.timezone)
    decision = gate.decide(clearance, day, released)
    return decision.verdict.word, decision.windows


def _judged(
    rulebook: Rulebook,
    row: Screening,
    *,
    today: date,
    records: Sequence[screening.Record] = (),
    required: Sequence[screening.Requirement] = (),
) -> Clearance | None:
    treatment = rulebook.treatments.get(row.treatment)
    if treatment is None or row.area not in treatment.areas:
        return None
    # A question that this rulebook no longer asks says nothing to it.
    said = {k: v for k, v in row.answers.items() if k in rulebook.questions}
    return screening.clearance(
        rulebook,
        row.treatment,
        row.area,
        said,
        today=today,
        given_on=row.given_on,
        records=records,
        requirements=required,
    )


def _meant(windows: Iterable[Window]) -> set[tuple[object, ...]]:
    """What windows come to: not the words, nor who says so."""
    return {(w.rule, w.verdict, w.from_day, w.until_day, w.release_by) for w in windows}


def _changed_by(row: Screening, current: Rulebook, other: Rulebook) -> set[str]:
    """The rules that would have decided this screening otherwise, on its own day.

    Both are asked about the answers alone: what else was on record then is not stored.
    """
    before = _judged(current, row, today=row.day)
    after = _judged(other, row, today=row.day)
    old = _meant(before.windows) if before else set()
    new = _meant(after.windows) if after else set()
    return {str(rule) for rule, *_ in old ^ new}


def _lately(site: Site, *, now: datetime) -> Select[Screening]:
    return (
        select(Screening)
        .where(Screening.site_id == site.id, Screening.created_at > now - LATELY)
        .order_by(Screening.id.desc())
    )


def _count(rows: Select[Any]) -> int:
    counted = select(func.count()).select_from(rows.order_by(None).subquery())
    return db.session.scalar(counted) or 0
