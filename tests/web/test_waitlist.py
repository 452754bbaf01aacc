"""The waitlist on the pages: joining, confirming, taking an offer, the desk's list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from booking import appointments, links, waitlist
from booking.db import db
from booking.models import AuditEvent, Message, WaitlistEntry
from booking.patients import Contact
from tests.booking.waiting import days, offers, wait
from tests.builders import BOB, RECEPTION, at, book, book_at_desk, make_clinic
from tests.clock import NOW
from tests.web.patient_walk import Walk, words
from tests.web.staff import sign_in

PERSON = {"name": "Ada Fair", "email": "ada@example.com"}


def dates(first: date, last: date) -> dict[str, str]:
    return {
        f"{name}-{part}": str(getattr(day, part))
        for name, day in (("first_day", first), ("last_day", last))
        for part in ("day", "month", "year")
    }


SOON = dates(date(2027, 3, 5), date(2027, 3, 26))


@pytest.fixture
def site(session):
    return make_clinic(practitioners=1, rooms=1)


@pytest.fixture
def walk(client, site):
    walk = Walk(client, site)
    walk.screened()
    return walk


def entry_of(session) -> WaitlistEntry:
    session.expire_all()
    return session.scalars(select(WaitlistEntry)).one()


def offered(site):
    """Bob's cancelled time is offered to Ada, who waits."""
    wait(site)
    visit = book_at_desk(site, at(6), contact=BOB).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)
    return offers()[0]


def test_whoever_shares_an_offer_with_others_reads_so(site, client, session):
    site.waitlist_group = 2
    session.commit()
    wait(site, Contact(name="Eve Fair", email="eve@example.com"))
    offer = offered(site)

    page = words(client.get(f"/offer/{links.offer_token(offer)}"))

    assert "for you and a few others: whoever takes it first has it" in page


def test_whoever_asks_from_outside_confirms_by_the_mail(walk, session, client):
    assert "Let us tell you when something opens" in words(walk.get("calendar"))
    assert "Put me on the list" in words(walk.get("wait"))

    answer = walk.post("wait", PERSON | SOON | {"weekdays": ["0", "1"]})

    assert answer.status_code == 303
    assert "please open our e-mail" in words(client.get(answer.location))
    entry = entry_of(session)
    assert (entry.state, entry.weekdays) == ("asked", [0, 1])
    assert session.scalars(select(Message.step)).all() == ["waitlist_confirm"]

    place = f"/waiting/{links.waiting_token(entry)}"
    assert "Shall we put you on the list?" in words(client.get(place))
    assert entry_of(session).state == "asked"
    client.post(f"{place}/confirm")
    assert entry_of(session).state == "waiting"
    assert "You are on the list" in words(client.get(place))
    client.post(f"{place}/leave")
    assert entry_of(session).state == "left"
    assert "not on the list any more" in words(client.get(place))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (dates(date(2027, 3, 1), date(2027, 3, 26)), "This day is over."),
        (dates(date(2027, 3, 9), date(2027, 3, 5)), "must not come before the first"),
        (dates(date(2027, 3, 9), date(2028, 3, 5)), "Our diary is open until"),
        (
            dates(date(2027, 3, 9), date(2027, 3, 10)) | {"weekdays": ["6"]},
            "None of these weekdays",
        ),
        (SOON | {"from_time": "14:00", "until_time": "09:00"}, "not be before the ear"),
        (SOON | {"first_day-month": "13"}, "The month must be a number from 1 to 12"),
        (SOON | {"email": "no address"}, "Give an e-mail address"),
    ],
)
def test_a_wish_that_cannot_be_is_told_beside_its_field(walk, session, wish, said):
    answer = walk.post("wait", PERSON | wish)

    assert answer.status_code == 422
    assert said in words(answer)
    assert session.scalars(select(WaitlistEntry)).all() == []


def test_a_window_without_a_safe_day_says_which_is_the_first(client, site):
    walk = Walk(client, site)
    walk.screened(last_toxin="2027-03-01")

    answer = walk.post("wait", PERSON | dates(date(2027, 3, 5), date(2027, 3, 9)))

    assert answer.status_code == 422
    assert "The first one that is: Monday 29 March 2027" in words(answer)


def test_an_earlier_time_is_asked_for_from_the_visit(client, site, session):
    visit = book(site, at(20)).appointment
    path = f"/visit/{links.mailed_token(visit)}"
    assert "Tell me of an earlier time" in words(client.get(path))

    answer = client.post(f"{path}/wait", data=SOON | dates(at(1).date(), at(19).date()))

    assert answer.status_code == 303
    entry = entry_of(session)
    assert (entry.state, entry.appointment_id) == ("waiting", visit.id)


def test_through_the_link_shown_at_booking_it_has_to_be_confirmed(
    client, site, session
):
    visit = book(site, at(20)).appointment
    path = f"/visit/{links.visit_token(visit)}/wait"

    client.post(path, data=dates(at(1).date(), at(19).date()))

    assert entry_of(session).state == "asked"


def test_an_earlier_time_is_no_later_than_the_visit(client, site):
    visit = book(site, at(20)).appointment
    path = f"/visit/{links.mailed_token(visit)}/wait"

    answer = client.post(path, data=dates(at(1).date(), at(25).date()))

    assert answer.status_code == 422
    assert "choose that day or an earlier one" in words(answer)


def test_an_offer_is_taken_by_a_button_and_not_by_its_link(client, site, session):
    offer = offered(site)
    path = f"/offer/{links.offer_token(offer)}"

    page = words(client.get(path))
    assert "A time has opened for you" in page
    assert "Tuesday 9 March at 10:00" in page
    session.expire_all()
    assert offers()[0].state == "open"

    answer = client.post(f"{path}/take")
    assert answer.status_code == 303
    assert "You’re booked" in words(client.get(answer.location))
    assert client.post(f"{path}/take").location == answer.location
    assert "You have taken this time" in words(client.get(path))


def test_no_thanks_keeps_the_place(client, site, session):
    offer = offered(site)
    path = f"/offer/{links.offer_token(offer)}"

    client.post(f"{path}/decline")

    page = words(client.get(path))
    assert "Thank you for telling us" in page
    assert "You keep your place on the list" in page


def test_a_late_click_learns_that_it_is_over_and_what_now(client, site, clock):
    offer = offered(site)
    path = f"/offer/{links.offer_token(offer)}"
    clock.set(offer.answer_by + timedelta(minutes=1))

    answer = client.post(f"{path}/take")

    assert answer.status_code == 409
    assert "Somebody else has taken this time, or the offer has ended" in words(answer)
    assert "Choose a time yourself" in words(answer)


def test_a_foreign_link_opens_nothing(client, site):
    offer = offered(site)
    token = links.offer_token(offer)

    for path in (f"/waiting/{token}", f"/offer/{token}x", "/offer/", "/offer/a.b"):
        assert client.get(path).status_code == 404


def test_the_desk_sees_who_waits_and_why(client, site, session):
    wait(site)
    unsafe = wait(site, BOB, days(1, 10))
    unsafe.screening.answers = unsafe.screening.answers | {"last_toxin": "2027-03-01"}
    session.commit()
    sign_in(client, "reception")

    page = words(client.get("/desk/waitlist"))

    assert "Nothing that fits has come free yet." in page
    assert "None of their days is clear. The first clear day is Monday 29 March" in page
    read = session.scalars(select(AuditEvent).where(AuditEvent.action == "read")).all()
    assert {event.subject_kind for event in read} == {"patient"}
    client.post(f"/desk/waitlist/{unsafe.id}/leave")
    assert "Bob" not in words(client.get("/desk/waitlist"))


def test_the_desk_puts_a_caller_on_the_list(client, site, session):
    sign_in(client, "reception")
    walk = Walk(client, site)
    walk.screened()
    path = f"/desk/book/{walk.key}/wait"
    assert "Put on the waitlist" in words(client.get(path))
    assert client.post(path, data=SOON).status_code == 422

    answer = client.post(path, data=SOON | PERSON)

    assert answer.status_code == 303
    assert entry_of(session).state == "waiting"
    assert "Ada Fair" in words(client.get(answer.location))


def test_the_desk_is_told_of_a_wish_that_cannot_be(client, site):
    sign_in(client, "reception")
    walk = Walk(client, site)
    walk.screened()

    answer = client.post(
        f"/desk/book/{walk.key}/wait",
        data=PERSON | dates(date(2027, 3, 1), date(2027, 3, 4)),
    )

    assert answer.status_code == 422
    assert "This day is over." in words(answer)


def test_the_waitlist_is_for_staff(client, site):
    entry = wait(site)

    client.post(f"/desk/waitlist/{entry.id}/leave")

    db.session.expire_all()
    assert entry.state == "waiting"
