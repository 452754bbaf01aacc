"""Sending: claim a due row by a lease, store its bytes, send, mark it; one by one.

Any number of workers may do this side by side. One that dies between the server's "250"
and its own commit makes one more copy, byte for byte the same; nothing is lost (I-7).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import contains_eager

from booking import rulebooks
from booking.courses import sessions
from booking.db import UTCDateTime, begin_write, db
from booking.messages import backlog, render, timing, waiting
from booking.messages.kinds import BEFORE_VISIT, COURSE, DATED, FITS, kind_of
from booking.messages.mail import Deferred, Letter, Refused, Transport, Unreachable
from booking.models.appointment import Appointment
from booking.models.message import Message, MessageState

LEASE = timedelta(seconds=30)
"""How long a row is one worker's alone; longer than a server should take to answer."""
FIRST_DELAY, MOST_DELAY = timedelta(minutes=1), timedelta(hours=1)
MOST_IN_A_PASS = 500

# Built once: putting it together anew would cost as much as running it.
_NEXT = (
    select(Message)
    .outerjoin(Message.appointment)
    .where(
        *backlog.is_due(bindparam("now", type_=UTCDateTime)),
        or_(Message.entry_id.is_not(None), Appointment.records_checked_at.is_not(None)),
    )
    .options(
        contains_eager(Message.appointment).joinedload(Appointment.patient),
        contains_eager(Message.appointment).joinedload(Appointment.proxy),
        contains_eager(Message.appointment).joinedload(Appointment.site),
    )
    .order_by(Message.due_at, Message.id)
    .limit(1)
    .with_for_update(of=Message, skip_locked=True)
)

log = structlog.get_logger()


class Outcome(StrEnum):
    """What became of one due row."""

    SENT = "sent"
    VOID = "void"
    POSTPONED = "postponed"  # out of the quiet hours
    DEFERRED = "deferred"  # put off by the server
    FAILED = "failed"


@dataclass(frozen=True)
class _Claim:
    id: int
    fence: int
    attempts: int
    letter: Letter


def dispatch(
    transport: Transport,
    *,
    clock: Callable[[], datetime],
    lease: timedelta = LEASE,
    stop: threading.Event | None = None,
) -> Counter[Outcome]:
    """One pass: send until nothing is due. Raises Unreachable; nothing is lost by that.

    1. Run the record checks that mails wait for, and give up what is too old.
    2. See that a server is there before any row is claimed, so that an outage costs no
       row an attempt, and everything leaves as soon as it ends.
    3. Row by row, with the time read anew, because a lease counts from then.
    """
    backlog.check_records(now=clock())
    backlog.give_up(now=clock())
    done: Counter[Outcome] = Counter()
    if backlog.oldest_due(now=clock()) is None:
        return done
    db.session.rollback()
    transport.open()
    while done.total() < MOST_IN_A_PASS and not (stop and stop.is_set()):
        outcome = send_next(transport, now=clock(), lease=lease)
        if outcome is None:
            break
        done[outcome] += 1
    return done


def send_next(
    transport: Transport, *, now: datetime, lease: timedelta = LEASE
) -> Outcome | None:
    """Deal with the row that has been due longest; None if there is none.

    Raises Unreachable, after handing the row back as if it had not been touched.
    """
    claim = _claim(now, lease)
    if not isinstance(claim, _Claim):
        return claim
    try:
        transport.send(claim.letter)
    except Refused as refusal:
        _settle(claim, state=MessageState.FAILED, error=str(refusal)[:255])
        log.warning("mail.refused", message=claim.id)
        return Outcome.FAILED
    except Deferred as refusal:
        later = now + _delay(claim.attempts)
        _settle(claim, lease_until=later, error=str(refusal)[:255])
        log.warning("mail.deferred", message=claim.id, attempts=claim.attempts)
        return Outcome.DEFERRED
    except Unreachable:
        _settle(claim, lease_until=None, attempts=claim.attempts - 1)
        raise
    _settle(claim, state=MessageState.SENT, sent_at=now, lease_until=None, error=None)
    return Outcome.SENT


def _claim(now: datetime, lease: timedelta) -> _Claim | Outcome | None:
    """Take the next due row, in a transaction that ends before anything is sent."""
    begin_write()
    message = db.session.scalar(_NEXT, {"now": now})
    if message is None:
        db.session.rollback()
        return None
    outcome = _unfit(message, now)
    if outcome is not None:
        db.session.commit()
        return outcome
    message.fence += 1
    message.attempts += 1
    message.lease_until = now + lease
    return _written(message, now)


def _unfit(message: Message, now: datetime) -> Outcome | None:
    """Whether the message must not leave now, or ever; its row is changed to say so."""
    if message.entry_id is not None:
        if waiting.fits(message, now=now):
            return None
        message.state = MessageState.VOID
        return Outcome.VOID
    visit = message.appointment
    site = visit.site
    kind = kind_of(message.step, rulebooks.current(site).plan(visit.treatment))
    if kind == COURSE and sessions.waits_for_records(visit):
        # None of its sessions may be called booked before the records were asked.
        message.due_at = now + FIRST_DELAY
        return Outcome.POSTPONED
    moved = kind in DATED and message.sequence < visit.sequence
    if kind is None or visit.status not in FITS[kind] or moved:
        message.state = MessageState.VOID
        return Outcome.VOID
    if kind in BEFORE_VISIT and visit.starts_at <= now:
        message.state = MessageState.FAILED
        message.error = "could not be delivered before the visit"
        return Outcome.FAILED
    latest = visit.starts_at - timing.LEAST_LEAD if kind in BEFORE_VISIT else None
    rhythm = timing.Rhythm.of(site)
    later = now if message.urgent else rhythm.awake(now, latest=latest)
    if later > now:
        message.due_at = later
        return Outcome.POSTPONED
    return None


def _written(message: Message, now: datetime) -> _Claim | Outcome:
    """The claim with its bytes: rendered once, stored before anything is sent."""
    claim_id, fence, attempts = message.id, message.fence, message.attempts
    try:
        letter = _stored(message) or _render(message, now)
    except SQLAlchemyError:
        raise
    except render.Unwritable as refusal:
        message.state, message.error = MessageState.FAILED, str(refusal)
        db.session.commit()
        return Outcome.FAILED
    except Exception as error:  # noqa: BLE001 - one bad message must not stop the others
        log.error("mail.unwritable", message=claim_id, error=type(error).__name__)  # noqa: TRY400 - a trace may show health data
        message.lease_until = now + _delay(attempts)
        message.error = type(error).__name__
        db.session.commit()
        return Outcome.DEFERRED
    db.session.commit()
    return _Claim(claim_id, fence, attempts, letter)


def _stored(message: Message) -> Letter | None:
    if message.body is None or message.message_id is None or message.recipient is None:
        return None
    return Letter(message.message_id, message.recipient, message.body)


def _render(message: Message, now: datetime) -> Letter:
    kind = _kind(message)
    if kind is None:
        raise render.Unwritable("the rulebook no longer has this step")
    letter = render.letter(message, kind, now=now)
    message.message_id, message.body = letter.message_id, letter.body
    message.recipient = letter.recipient
    return letter


def _kind(message: Message) -> str | None:
    if message.entry_id is not None:
        return message.step
    plan = rulebooks.current(message.appointment.site).plan(
        message.appointment.treatment
    )
    return kind_of(message.step, plan)


def _settle(claim: _Claim, **values: Any) -> None:
    """Write down what became of a claim, unless another worker has taken it since."""
    begin_write()
    db.session.execute(
        update(Message)
        .where(Message.id == claim.id, Message.fence == claim.fence)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 1, 2, 4 … minutes, at most an hour."""
    return min(FIRST_DELAY * 2 ** min(attempts - 1, 10), MOST_DELAY)
