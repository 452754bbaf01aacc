"""Whether a stored decision is still explained by the version that made it.

A screening stores its answers, its day, its version and the clearance; not what was on
record then, nor what the clinic asked for before a treatment. So windows of such a
requirement are set aside, and a decision that rested on answers alone must come out the
very same. One that saw records too must hold every window that the answers still make
by themselves, and no day of it may be milder than they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

import screening
from booking import rulebooks, screenings
from booking.db import db
from booking.models.clinic import Site
from booking.models.screening import Screening
from screening import Clearance, Rulebook, Window

BATCH = 500


class Outcome(StrEnum):
    SAME = "same"
    RECORDS = "rests on records too"
    DIFFERS = "differs"
    UNKNOWN = "version not kept"


def replay(row: Screening) -> Outcome:
    """Decide a stored screening again as it was decided."""
    rulebook = rulebooks.find(row.rulebook)
    if rulebook is None:
        return Outcome.UNKNOWN
    stored = _of_rulebook(screenings.clearance_of(row))
    days = row.answer_days or {}
    again = screening.clearance(
        rulebook,
        row.treatment,
        row.area,
        row.answers,
        today=row.day,
        given_on={name: date.fromisoformat(day) for name, day in days.items()},
    )
    if stored == again:
        return Outcome.SAME
    return (
        Outcome.RECORDS if _with_records(stored, again, rulebook) else Outcome.DIFFERS
    )


def _of_rulebook(stored: Clearance) -> Clearance:
    """Without what the clinic itself asks for first: no version decides that."""
    windows = tuple(w for w in stored.windows if not screening.kinds_lacking([w]))
    return replace(stored, windows=windows)


def since(
    site: Site, first: datetime, *, failed: list[tuple[int, Outcome]] | None = None
) -> Counter[Outcome]:
    """Replay every decision from *first* on; *failed* collects those not explained."""
    found: Counter[Outcome] = Counter()
    for row in _rows(site, first):
        outcome = replay(row)
        found[outcome] += 1
        if failed is not None and outcome in (Outcome.DIFFERS, Outcome.UNKNOWN):
            failed.append((row.id, outcome))
    return found


def _rows(site: Site, first: datetime) -> Iterator[Screening]:
    rows = (
        select(Screening)
        .where(Screening.site_id == site.id, Screening.created_at >= first)
        .order_by(Screening.id)
        .execution_options(yield_per=BATCH)
    )
    yield from db.session.scalars(rows)


def _with_records(stored: Clearance, again: Clearance, rulebook: Rulebook) -> bool:
    """Whether records alone explain what is different.

    They may add windows, turn one that the answers make into one of theirs, and take
    away what is only for people who were never here.
    """
    if (stored.rulebook_version, stored.unanswered) != (
        again.rulebook_version,
        again.unanswered,
    ):
        return False
    newcomers = _for_newcomers(rulebook, stored)
    own = {w for w in stored.windows if w.provenance != "record"}
    if not own <= set(again.windows):
        return False
    left = [w for w in again.windows if w.rule not in newcomers]
    notices = set(again.notices) - set(stored.notices)
    if not {notice.rule for notice in notices} <= newcomers:
        return False
    return all(
        _covered(window, day, stored)
        for window in left
        for day in _days(window, stored)
    )


def _for_newcomers(rulebook: Rulebook, stored: Clearance) -> set[str]:
    """The rules that a treatment on record makes needless."""
    sheet = rulebook.sheet(stored.treatment, stored.area)
    advice = {a.notice.rule for a in sheet.advice if a.unless_record}
    return advice | {s.band.rule for s in sheet.standing if s.unless_record}


def _days(window: Window, stored: Clearance) -> list[date]:
    """The days of a window on which what was stored may change."""
    edges = {window.from_day}
    for other in stored.windows:
        edges |= {other.from_day, other.until_day or other.from_day}
    return [day for day in edges if window.covers(day)]


def _covered(window: Window, day: date, stored: Clearance) -> bool:
    """Whether the same rule says at least as much in what was stored."""
    over = [w for w in stored.windows_on(day) if w.rule == window.rule]
    return any(w.verdict >= window.verdict for w in over) and any(
        w.release_by.rank >= window.release_by.rank for w in over
    )
