"""How long it takes to decide 100,000 visits to come again, after a new rulebook.

The floor is what nobody can do without: to fetch the same rows in pages and to open the
answers. The rival is the plain way: each visit by itself, locked and read alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import func, select, text

from bench import world
from bench.report import Line
from booking.db import db, keys
from booking.models import Appointment, Rescreening, Status
from booking.rescreening import decisions, runs

VISITS = 100_000
CHANGED = 100
"""One visit in so many comes out differently."""
ALONE = 500
"""How many visits the rival decides; its time is that of so many, scaled."""

# Everybody has two visits, 45 days apart; one person in ten has an entry on file.
_PATIENTS = """
INSERT INTO patient (public_id, name, email, birth_date, identity, established,
                     language, created_at)
SELECT 'p' || n, 'Ada Bench', 'ada' || n || '@example.com', :sealed_birth,
       'identity' || n, true, 'en', :now
FROM generate_series(1, :people) n
"""
_RECORDS = """
INSERT INTO record (patient_id, kind, subject, day, area, value, how_known, entered_by,
                    entered_at)
SELECT id, 'treatment', 'facial', :long_ago, 'face', :sealed_nothing, 'told us',
       'Robin', :now
FROM patient WHERE id % 10 = 0
"""
_SCREENINGS = """
INSERT INTO screening (token_digest, site_id, treatment, area, rulebook, day, answers,
                       clearance, answered_by, created_at, expires_at)
SELECT 'rescreening' || n, :site, 'microneedling', 'face', 'bench', :today,
       CASE WHEN n % :changed = 0 THEN :sealed_other ELSE :sealed_clear END,
       :sealed_nothing, 'patient', :now, :now
FROM generate_series(1, :visits) n
"""
_VISITS = """
INSERT INTO appointment (public_id, uid, site_id, treatment, area, patient_id,
                         screening_id, status, starts_at, ends_at, first_visit, source,
                         sequence, link_version, details_by_mail, extensions,
                         created_at, booked_at, records_checked_at)
SELECT 'v' || n, 'v' || n, :site, 'microneedling', 'face', p.id, s.id, 'confirmed',
       begins, begins + interval '45 minutes', false, 'bench', 0, 1, false, 0,
       :now, :now, :now
FROM generate_series(1, :visits) n
JOIN screening s ON s.token_digest = 'rescreening' || n
JOIN patient p ON p.public_id = 'p' || (1 + (n - 1) % :people)
CROSS JOIN LATERAL (
    SELECT :tomorrow + interval '1 day' * (n % 40 + CASE WHEN n > :people THEN 45
           ELSE 0 END) + interval '15 minutes' * (n % 32) AS begins
) at
"""

_PAGE = """
SELECT a.id, a.patient_id, a.treatment, a.area, a.starts_at, a.ends_at, s.created_at,
       s.answers, s.day, s.answer_days
FROM appointment a JOIN screening s ON s.id = a.screening_id
WHERE a.id > :after ORDER BY a.id LIMIT :most
"""
_OF_PEOPLE = (
    """
SELECT p.id, p.email, p.identity, o.id, o.identity
FROM patient p JOIN patient o ON o.email = p.email WHERE p.id = ANY(:people)
""",
    """
SELECT patient_id, id, treatment, area, starts_at, ends_at, depth_mm, status
FROM appointment WHERE patient_id = ANY(:people)
""",
    "SELECT * FROM record WHERE patient_id = ANY(:people)",
)


@dataclass(frozen=True)
class Took:
    seconds: float
    cpu: float
    longest_ms: float


def measure(app: Flask, *, now: datetime) -> Line:
    """Fill an empty database on PostgreSQL and run once over all of it."""
    with app.app_context():
        _fill(now)
        floor = _rows_alone()
        took = _run(now)
        # Afterwards: every visit stands as decided, and the rival has least to do.
        rival = _one_by_one(now)
    return Line(
        f"{VISITS:,} visits to come decided again, 1 % changed (PostgreSQL)",
        f"{took.seconds:.0f} s ({took.cpu:.0f} s computing; longest lock, one visit: "
        f"{took.longest_ms:.0f} ms)",
        f"{floor:.0f} s (rows read and answers opened); {rival:,.0f} s (one by one, "
        f"scaled from {ALONE:,})",
        "≤ 60 s",
        took.seconds <= 60,
    )


def _rows_alone() -> float:
    begun, after = time.perf_counter(), 0
    while rows := db.session.execute(
        text(_PAGE), {"after": after, "most": runs.BATCH}
    ).all():
        for row in rows:
            keys().open(bytes(row.answers))
        people = {"people": sorted({row.patient_id for row in rows})}
        for statement in _OF_PEOPLE:
            db.session.execute(text(statement), people).all()
        after = rows[-1].id
    db.session.rollback()
    return time.perf_counter() - begun


def _one_by_one(now: datetime) -> float:
    visits = db.session.scalars(
        select(Appointment.id).order_by(Appointment.id).limit(ALONE)
    ).all()
    begun = time.perf_counter()
    for number in visits:
        runs.decide_again(number, now=now)
    return (time.perf_counter() - begun) * VISITS / ALONE


def _fill(now: datetime) -> None:
    site = world.clinic()
    clear = world.clear_answers(site)
    seal = keys().seal
    tomorrow = (now + timedelta(days=1)).astimezone(UTC).replace(hour=9, minute=0)
    values = {
        "now": now,
        "today": now.date(),
        "long_ago": now.date() - timedelta(days=90),
        "tomorrow": tomorrow,
        "site": site.id,
        "visits": VISITS,
        "people": VISITS // 2,
        "changed": CHANGED,
        "sealed_birth": seal("1990-05-17"),
        "sealed_nothing": seal({}),
        "sealed_clear": seal(clear),
        "sealed_other": seal(clear | {"cold_sore_history": "yes"}),
    }
    for statement in (_PATIENTS, _RECORDS, _SCREENINGS, _VISITS):
        db.session.execute(text(statement), values)
    db.session.commit()
    for table in ("patient", "record", "screening", "appointment"):
        db.session.execute(text(f"ANALYZE {table}"))
    decisions.note(site, None, "rulebook", now=now)
    db.session.commit()


def _run(now: datetime) -> Took:
    locks: list[float] = []
    decide_again = runs.decide_again

    def timed(appointment_id: int, *, now: datetime) -> None:
        begun = time.perf_counter()
        decide_again(appointment_id, now=now)
        locks.append(time.perf_counter() - begun)

    runs.decide_again = timed
    begun, computed = time.perf_counter(), time.process_time()
    try:
        runs.run_due(now=now)
    finally:
        runs.decide_again = decide_again
    seconds = time.perf_counter() - begun
    cpu = time.process_time() - computed
    held = db.session.scalar(
        select(func.count(Appointment.id)).where(Appointment.status == Status.HELD)
    )
    left = db.session.scalar(select(func.count(Rescreening.id)))
    if (held, left, len(locks)) != (VISITS // CHANGED, 0, VISITS // CHANGED):
        raise RuntimeError(f"{held} held, {left} left, {len(locks)} locked")
    return Took(seconds, cpu, max(locks) * 1000)
