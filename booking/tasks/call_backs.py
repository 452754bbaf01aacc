"""Call-backs: somebody asks to be called, and somebody of the clinic calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from booking import audit, patients
from booking.actors import PATIENT, Actor
from booking.db import begin_write, db
from booking.errors import NotAllowed, NotFound, Problems, WrongState
from booking.models.call_back import CallBack, GoodTime
from booking.models.clinic import Site
from booking.patients.files import MOST_ROWS

MOST_SHOWN = 100


@dataclass(frozen=True)
class Wish:
    """Whom to call, on what number, and when it suits them."""

    name: str
    phone: str
    good_time: str = GoodTime.ANY


def checked(wish: Wish) -> Wish:
    """The wish in its stored form, or InvalidRequest naming each bad field."""
    problems = Problems()
    name = patients.checked_name(wish.name, problems)
    phone = patients.phone_number(wish.phone)
    if phone is None:
        problems.add("phone", "Give a phone number such as 020 7946 0000.")
    if wish.good_time not in set(GoodTime):
        problems.add("good_time", "Choose one of these times.")
    problems.raise_if_any()
    return replace(wish, name=name, phone=phone or "")


def ask(site: Site, wish: Wish, *, now: datetime) -> CallBack:
    """Put the wish on the desk's list, or raise InvalidRequest.

    Who is on the list already stays there once, with the good time said last.
    """
    wish = checked(wish)
    begin_write()
    # Two of the same wish wait for each other here, so that the second finds the first.
    db.session.get_one(Site, site.id, with_for_update={"key_share": True})
    call = db.session.scalar(
        select(CallBack).where(
            CallBack.site_id == site.id,
            CallBack.phone == wish.phone,
            CallBack.name == wish.name,
            CallBack.done_at.is_(None),
        )
    )
    if call is None:
        call = CallBack(site_id=site.id, name=wish.name, phone=wish.phone, asked_at=now)
        db.session.add(call)
    call.good_time = wish.good_time
    db.session.flush()
    audit.record(PATIENT, "call.ask", call, now=now)
    db.session.commit()
    return call


def waiting(site: Site) -> Sequence[CallBack]:
    """Who is still to be called, the oldest wish first."""
    return db.session.scalars(
        select(CallBack)
        .where(CallBack.site_id == site.id, CallBack.done_at.is_(None))
        .order_by(CallBack.asked_at, CallBack.id)
        .limit(MOST_SHOWN)
    ).all()


def done(call_id: int, *, now: datetime, actor: Actor) -> None:
    """They were called: off the list."""
    if not actor.authorities:
        raise NotAllowed
    begin_write()
    wanted = select(CallBack).where(CallBack.id == min(call_id, MOST_ROWS))
    call = db.session.scalar(wanted.with_for_update())
    if call is None:
        raise NotFound("There is no such call to make.")
    if call.done_at is not None:
        raise WrongState("Somebody has made this call already.")
    call.done_at, call.done_by = now, actor.name
    audit.record(actor, "call.done", call, now=now)
    db.session.commit()
