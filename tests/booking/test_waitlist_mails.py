"""The mails to people on the waitlist: read whole, and nothing clinical in any of them.

`CLEARSLOT_WRITE_GOLDEN=1 pytest tests/booking/test_waitlist_mails.py` writes the files
in tests/golden/mail anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import re

import pytest

from booking import appointments, rulebooks, waitlist
from booking.actors import PROVEN_PATIENT
from booking.db import db
from booking.messages import render, waiting
from booking.models import Message
from booking.patients import Contact
from tests.booking.mailing import parsed
from tests.booking.test_messages_mails import GOLDEN, clinical, everything, readable
from tests.booking.waiting import days, offers, wait
from tests.builders import BOB, RECEPTION, at, book_at_desk, make_clinic
from tests.clock import NOW

EVE = Contact(name="Eve Lane", email="eve@example.com")


@pytest.fixture
def site(session):
    return make_clinic(practitioners=1, rooms=1)


def letters(entry, offer):
    """The bytes of every kind of mail that somebody who waits can get."""
    for kind in waiting.Kind:
        message = Message(
            entry=entry,
            entry_id=entry.id,
            step=kind,
            channel="mail",
            audience="patient",
            sequence=offer.id if kind == waiting.Kind.OFFER else 0,
            due_at=NOW,
            created_at=NOW,
        )
        with db.session.no_autoflush:
            yield kind, render.letter(message, kind, now=NOW).body


def offered(site, *, treatment="microneedling", area="face", moves=False):
    """Ada waits, and Bob's time is offered to her."""
    if moves:
        visit = book_at_desk(site, at(20), treatment=treatment, area=area).appointment
        wish = days(1, 20)
        waitlist.join_with_visit(visit, wish, now=NOW, actor=PROVEN_PATIENT)
    else:
        wait(site, treatment=treatment, area=area)
    visit = book_at_desk(
        site, at(6), contact=BOB, treatment=treatment, area=area
    ).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)
    [offer] = offers()
    return offer


def plain(body: bytes) -> str:
    return re.sub(r"/(waiting|offer)/[\w.-]+", r"/\1/TOKEN", readable(body))


@pytest.mark.parametrize(("moves", "suffix"), [(False, ""), (True, "-moves")])
def test_mails_read_as_they_were_last_read(site, moves, suffix):
    offer = offered(site, moves=moves)

    for kind, body in letters(offer.entry, offer):
        golden = GOLDEN / f"{kind}{suffix}.txt"
        if os.environ.get("CLEARSLOT_WRITE_GOLDEN"):
            golden.write_text(plain(body))
        assert plain(body) == golden.read_text(), golden.name


@pytest.mark.parametrize("treatment", ["microneedling", "botulinum_toxin", "laser"])
def test_no_mail_says_what_the_wait_is_for(site, treatment):
    pattern = clinical(rulebooks.current(site))
    offer = offered(site, treatment=treatment)

    for kind, body in letters(offer.entry, offer):
        text = re.sub(r"/(waiting|offer)/[\w.-]+", "", everything(parsed(body)))
        assert pattern.findall(text) == [], kind


def test_a_small_group_is_told_that_it_is_one(site, session):
    site.waitlist_group = 2
    session.commit()
    wait(site, BOB)
    wait(site)
    visit = book_at_desk(site, at(6), contact=EVE).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)

    for offer in offers():
        mails = dict(letters(offer.entry, offer))
        assert "for you and a few others" in plain(mails[waiting.Kind.OFFER])
