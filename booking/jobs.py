"""The worker: APScheduler only ticks; what is due stands in the database.

Each job is isolated. A database or mail server that is away is logged, and the job goes
on when it returns. Several workers side by side, or one too many, do no harm.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from booking import audit, maintenance, rulebooks, waitlist
from booking.clock import utc_now
from booking.db import begin_write, db
from booking.messages import backlog, mail, outbox
from booking.models.audit import Heartbeat
from booking.opening import review
from booking.rescreening import expired_answers, recheck_answers, runs, unclosed
from booking.rulebooks import versions
from booking.symptoms import checkins

FORGET_WORKERS = timedelta(days=1)
STOP_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """`work` gets the application and the event that says stop; returns what it did."""

    name: str
    seconds: int
    work: Callable[[Flask, threading.Event], int]


def init(app: Flask) -> None:
    """Set up logging: one line of JSON for each event, through the standard library."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def run_worker(app: Flask) -> None:
    """Tick until SIGTERM or SIGINT; the mail in hand is still finished."""
    _log_to_stderr()
    stop = threading.Event()
    asked = _stop_signals()
    scheduler = _scheduler(app, stop)
    scheduler.start()
    log.info("worker.started", worker=_worker_name())
    while not asked:
        time.sleep(STOP_SECONDS)
    stop.set()
    scheduler.shutdown(wait=True)
    log.info("worker.stopped", worker=_worker_name())


def _stop_signals() -> list[int]:
    """A list that gets the number of each SIGTERM and SIGINT from now on.

    Nothing with a lock: a handler that sets an event waits forever if it interrupts the
    very wait for that event.
    """
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return asked


def tick_once(app: Flask) -> dict[str, int | None]:
    """Run every job once, here and now: what each did, None for one that failed."""
    stop = threading.Event()
    return {job.name: _run(app, job, stop) for job in JOBS}


def _scheduler(app: Flask, stop: threading.Event) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in JOBS:
        scheduler.add_job(
            _run,
            "interval",
            (app, job, stop),
            seconds=job.seconds,
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            # At once too, not only after the first interval.
            next_run_time=utc_now(),
        )
    return scheduler


def _run(app: Flask, job: Job, stop: threading.Event) -> int | None:
    with app.app_context():
        try:
            return job.work(app, stop)
        except mail.Unreachable:
            # Neither its words nor a trace are logged: they may name an address.
            log.warning("mail.unreachable")
        except Exception as error:  # noqa: BLE001 - the next tick must come
            log.error("job.failed", job=job.name, error=type(error).__name__)  # noqa: TRY400 - a trace may show health data
    return None


def _dispatch(app: Flask, stop: threading.Event) -> int:
    with mail.transport(app.config) as transport:
        done = outbox.dispatch(
            transport,
            clock=app.config["CLOCK"],
            lease=app.config.get("MAIL_LEASE", outbox.LEASE),
            stop=stop,
        )
    if done:
        log.info("mail.pass", **{str(outcome): n for outcome, n in done.items()})
    return done[outbox.Outcome.SENT]


def _check_records(app: Flask, _stop: threading.Event) -> int:
    """Not only before each pass: a slow mail server must not delay it."""
    return backlog.check_records(now=app.config["CLOCK"]())


def _rescreen(app: Flask, stop: threading.Event) -> int:
    """What the requests themselves have left over, and what is due for a whole site."""
    return runs.run_due(now=app.config["CLOCK"](), stop=stop)


def _chase(app: Flask, _stop: threading.Event) -> int:
    return recheck_answers.chase(now=app.config["CLOCK"]())


def _unclosed(app: Flask, _stop: threading.Event) -> int:
    return unclosed.chase(now=app.config["CLOCK"]())


def _outside(app: Flask, _stop: threading.Event) -> int:
    return review.look(now=app.config["CLOCK"]())


def _ask_again(app: Flask, _stop: threading.Event) -> int:
    return expired_answers.ask_due(now=app.config["CLOCK"]())


def _offer(app: Flask, _stop: threading.Event) -> int:
    """Every few seconds: whoever waits should hear of a free time before others."""
    return waitlist.deal_with_freed(now=app.config["CLOCK"]())


def _sweep(app: Flask, _stop: threading.Event) -> int:
    maintenance.sweep(now=app.config["CLOCK"]())
    return 0


def _chase_checkins(app: Flask, _stop: threading.Event) -> int:
    """Check-ins that nobody answers are asked once more, then somebody calls."""
    return checkins.chase(now=app.config["CLOCK"]())


def _rulebook(app: Flask, _stop: threading.Event) -> int:
    now = app.config["CLOCK"]()
    rulebooks.keep_shipped(now=now)
    return versions.put_due_in_force(now=now)


def _seal(_app: Flask, _stop: threading.Event) -> int:
    begin_write()
    try:
        sealed = audit.seal()
        db.session.commit()
    except IntegrityError:
        # Another worker has sealed the same rows just now.
        db.session.rollback()
        return 0
    return sealed


def _beat(app: Flask, _stop: threading.Event) -> int:
    now = app.config["CLOCK"]()
    begin_write()
    db.session.merge(Heartbeat(name=_worker_name(), at=now))
    db.session.execute(delete(Heartbeat).where(Heartbeat.at < now - FORGET_WORKERS))
    db.session.commit()
    return 1


def _worker_name() -> str:
    return f"{socket.gethostname()[:28]}:{os.getpid()}"


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


JOBS = (
    Job("heartbeat", 10, _beat),
    Job("records", 5, _check_records),
    Job("rescreen", 2, _rescreen),
    Job("chase", 60, _chase),
    Job("unclosed", 300, _unclosed),
    Job("outside", 60, _outside),
    # Due by the day; more often, so that a worker that was away delays little.
    Job("ask_again", 6 * 3600, _ask_again),
    Job("sweep", 30, _sweep),
    Job("checkins", 60, _chase_checkins),
    Job("rulebook", 20, _rulebook),
    Job("waitlist", 2, _offer),
    Job("dispatch", 2, _dispatch),
    Job("seal", 5, _seal),
)
