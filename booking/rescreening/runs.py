"""Runs that deal with what is due to be decided again.

One visit is locked at a time, in a transaction of its own. A row that says what is due
goes only in the transaction that finishes it, so that a run which dies is simply run
again; twice, or two at once, change nothing more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from booking import patients
from booking.db import begin_write, db
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.rescreening import Rescreening
from booking.rescreening import batches
from booking.rescreening.decisions import (
    clearance_now,
    is_to_come,
    overlaps_own,
    settle,
)
from booking.rescreening.new_answers import carry_over
from booking.reservations import locked

BATCH = 1000
RETRY = timedelta(minutes=5)
"""How long what could not be decided waits for the next attempt."""

log = structlog.get_logger()


def run_due(*, now: datetime, stop: threading.Event | None = None) -> int:
    """Deal with everything that is due; how many people and batches of a site.

    People before sites: a rulebook for everybody must not delay what one has told us.
    """
    done = 0
    while not (stop and stop.is_set()):
        db.session.rollback()
        row = _oldest(Rescreening.patient_id.is_not(None), now=now)
        if row is not None and row.patient_id is not None:
            run_for(row.patient_id, now=now)
        elif row := _oldest(Rescreening.patient_id.is_(None), now=now):
            run_batch(row, now=now)
        else:
            break
        done += 1
    return done


def run_for(patient_id: int, *, now: datetime) -> None:
    """Decide every visit to come of this person again, if that is due."""
    people = patients.rows_of_person(patient_id)
    due = db.session.scalars(
        select(Rescreening.id).where(Rescreening.patient_id.in_(people))
    ).all()
    if not due:
        return
    # Read after the rows: whatever made them necessary is seen.
    visits = db.session.scalars(
        select(Appointment.id)
        .where(
            Appointment.patient_id.in_(people),
            Appointment.status.in_(UPCOMING),
            Appointment.ends_at > now,
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()
    failed = [number for number in visits if not _tried(number, now=now)]
    begin_write()
    if failed:
        _postpone(due, now=now)
    else:
        _forget(due)
    db.session.commit()


def run_batch(row: Rescreening, *, now: datetime) -> bool:
    """Decide the next visits of a site again; whether there may be more.

    Read and judged without locks; only visits whose outcome differs are locked.
    """
    row_id, after_id, cause = row.id, row.after_id, row.cause
    site = db.session.get_one(Site, row.site_id)
    visits = batches.following(site, after_id, BATCH, now=now)
    if not visits:
        begin_write()
        _forget([row_id])
        db.session.commit()
        return False
    differing = set(batches.out_of_line(visits, site, now=now))
    db.session.rollback()
    for visit in visits:
        if visit.id in differing and not _tried(visit.id, now=now):
            _note_again(visit, site.id, cause, now=now)
    begin_write()
    db.session.execute(
        update(Rescreening)
        # Another run may be further already.
        .where(Rescreening.id == row_id, Rescreening.after_id < visits[-1].id)
        .values(after_id=visits[-1].id)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return True


def decide_again(appointment_id: int, *, now: datetime) -> None:
    """Bring one visit into line with all that is known by now."""
    appointment = locked(appointment_id)
    if not is_to_come(appointment, now=now):
        # Over by now, or the record check has yet to come and decides it anyway.
        db.session.rollback()
        return
    site = db.session.get_one(Site, appointment.site_id)
    known = appointment.patient_id
    people = patients.rows_of_person(known) if known else []
    carry_over(appointment, site, people, now=now)
    settle(
        appointment,
        site,
        clearance_now(appointment, site, now=now, patient_id=known, people=people),
        now=now,
        neutral=appointment.proven_at is None,
        overlapping=overlaps_own(appointment, people),
    )
    db.session.commit()


def _tried(appointment_id: int, *, now: datetime) -> bool:
    """Whether it could be decided: one visit must not stop the others."""
    try:
        decide_again(appointment_id, now=now)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - logged, and tried again later
        db.session.rollback()
        log.error(  # noqa: TRY400 - a trace may show health data
            "rescreen.failed", visit=appointment_id, error=type(error).__name__
        )
        return False
    return True


def _oldest(which: object, *, now: datetime) -> Rescreening | None:
    due = select(Rescreening).where(which, Rescreening.noted_at <= now)  # type: ignore[arg-type]
    return db.session.scalar(
        due.order_by(Rescreening.noted_at, Rescreening.id).limit(1)
    )


def _forget(row_ids: Iterable[int]) -> None:
    db.session.execute(
        delete(Rescreening)
        .where(Rescreening.id.in_(row_ids))
        .execution_options(synchronize_session=False)
    )


def _postpone(row_ids: Iterable[int], *, now: datetime) -> None:
    db.session.execute(
        update(Rescreening)
        .where(Rescreening.id.in_(row_ids))
        .values(noted_at=now + RETRY)
        .execution_options(synchronize_session=False)
    )


def _note_again(
    visit: batches.Visit, site_id: int, cause: str, *, now: datetime
) -> None:
    """The site's run goes on; this patient's visits are tried again by themselves."""
    if visit.patient_id is None:
        return
    begin_write()
    db.session.add(
        Rescreening(
            site_id=site_id,
            patient_id=visit.patient_id,
            cause=cause,
            noted_at=now + RETRY,
        )
    )
    db.session.commit()
