"""Two people on the demo's waitlist: one without a visit, one with a late one.

Cancel a visit of the next days at the desk, and the first of them is offered its time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from booking import screenings, waitlist
from booking.actors import PROVEN_PATIENT
from booking.clock import local_day
from booking.db import begin_write, db
from booking.demo.holds import RECEPTION
from booking.demo.people import Person
from booking.errors import BookingError
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.waitlist import FreedSlot
from booking.waitlist import Wish

WAITS_FOR = "facial"
NEWCOMER = Person(500)
A_WHILE, SOON, LATE = timedelta(days=3), timedelta(days=1), timedelta(days=28)
FAR = timedelta(days=7)


def add_waiting(site: Site, *, now: datetime) -> None:
    """Put both on the list, as if some days ago."""
    _newcomer(site, now=now - A_WHILE)
    _earlier(site, now=now)
    begin_write()
    # What the demo's own visits freed on their way is no news to anybody.
    db.session.execute(delete(FreedSlot))
    db.session.execute(
        update(Message)
        .where(Message.entry_id.is_not(None))
        .values(state=MessageState.SENT, sent_at=Message.due_at)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _newcomer(site: Site, *, now: datetime) -> None:
    screened = screenings.screen(
        site=site,
        treatment=WAITS_FOR,
        area="face",
        answers=NEWCOMER.clear_answers(site, WAITS_FOR, "face"),
        now=now,
        answered_by="staff",
    )
    today = local_day(now, site.timezone)
    waitlist.join_at_desk(
        screened.screening,
        NEWCOMER.contact,
        Wish(today + SOON, today + LATE),
        now=now,
        actor=RECEPTION,
    )


def _earlier(site: Site, *, now: datetime) -> None:
    """The patient of the last visit for whom something earlier could be safe."""
    visits = db.session.scalars(
        select(Appointment.id)
        .where(
            Appointment.status == Status.CONFIRMED, Appointment.starts_at > now + FAR
        )
        .order_by(Appointment.starts_at.desc())
    ).all()
    for number in visits:
        visit = db.session.get_one(Appointment, number)
        last_day = local_day(visit.starts_at, site.timezone)
        wish = Wish(local_day(now, site.timezone) + SOON, last_day)
        try:
            waitlist.join_with_visit(visit, wish, now=now, actor=PROVEN_PATIENT)
        except BookingError:
            db.session.rollback()
            continue
        return
