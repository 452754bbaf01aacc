"""The page of a booked visit, opened by its link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, holds, links
from booking.models import Appointment, Hold, Move, Screening, Status
from tests.builders import CLINICIAN, RECEPTION, at, book, complete
from tests.clock import NOW
from tests.web.patient_walk import on, site, walk, words

__all__ = ["site", "walk"]

CHANGES = ("move", "cancel", "change")


@pytest.fixture
def visit(session, site):
    """Ada's microneedling a week from now, clear and confirmed."""
    return book(site, at(7)).appointment


@pytest.fixture
def link(visit) -> str:
    return "/visit/" + links.visit_token(visit)


@pytest.fixture
def mailed(visit) -> str:
    return "/visit/" + links.mailed_token(visit)


def _change(walk, link, ticked):
    """Answer everything anew through the visit's page; the page that comes of it."""
    begun = walk.client.post(link + "/change")
    walk.key = begun.location.split("/")[2]
    walk.answer(ticked)
    with walk.post("check") as answer:
        assert answer.status_code == 303, words(answer)
    return walk.client.get(answer.location)


def test_the_page_says_when_where_and_with_whom(walk, link):
    page = words(walk.client.get(link))

    assert "Your visit is booked" in page
    assert "Wednesday 10 March at 10:00" in page
    assert "1 Test Street, London" in page
    assert "Cleo" in page
    assert "Choose another time" in page


def test_reading_every_page_of_a_visit_changes_nothing(walk, mailed, session, visit):
    before = _row(session)
    for path in ("", "/care", "/move", "/cancel", "/change", "/calendar.ics"):
        assert walk.client.get(mailed + path).status_code == 200, path

    session.expire_all()
    assert _row(session) == before


def _row(session):
    """Everything stored of the one visit."""
    return dict(session.execute(select(Appointment.__table__)).mappings().one())


@pytest.mark.parametrize("token", ["x", "WyJ2Il0.abc", "%00", "a" * 3000])
def test_a_foreign_link_opens_nothing(walk, token):
    for path in ("", "/care", "/move", "/cancel", "/change", "/calendar.ics"):
        assert walk.client.get(f"/visit/{token}{path}").status_code == 404
    for path in CHANGES:
        assert walk.client.post(f"/visit/{token}/{path}").status_code in (404, 422)


def test_a_revoked_link_opens_nothing(walk, link, visit, session):
    visit.link_version += 1
    session.commit()

    assert walk.client.get(link).status_code == 404


def test_the_calendar_file_says_nothing_about_health(walk, link):
    answer = walk.client.get(link + "/calendar.ics")

    assert answer.mimetype == "text/calendar"
    assert "SUMMARY:Appointment at Test Clinic" in answer.get_data(as_text=True)
    assert "needling" not in answer.get_data(as_text=True).lower()


def test_what_to_do_before_and_after_stands_behind_the_link(walk, link):
    page = words(walk.client.get(link + "/care"))

    assert "Before" in page
    assert "Tuesday 9 March" in page  # "tomorrow" is the day before the visit
    assert "What to look out for" in page
    assert "Call the emergency services now" in page
    assert "{" not in page


def test_the_mails_to_come_are_listed_by_neutral_names(walk, link):
    page = words(walk.client.get(link))

    assert "What you hear from us" in page
    assert "Has anything changed? planned for Sun 7 Mar" in page


def test_a_visit_moves_to_another_free_time(walk, link, session):
    answer = walk.client.post(link + "/move", data={"start": at(8, 11).isoformat()})
    page = words(walk.client.get(answer.location))

    assert answer.status_code == 303
    assert "Your visit has a new time" in page
    assert "Thursday 11 March at 11:00" in page
    assert len(session.scalars(select(Move)).all()) == 1


def test_a_move_to_a_taken_time_offers_others_and_changes_nothing(
    walk, link, site, session, visit
):
    for person in ("bob", "eve"):
        book(site, at(8, 11), contact=_called(person))

    answer = walk.client.post(link + "/move", data={"start": at(8, 11).isoformat()})

    assert answer.status_code == 409
    assert "Somebody else has just taken this time" in words(answer)
    session.expire_all()
    assert visit.starts_at == at(7)


def _called(name):
    return appointments.Contact(name=name.title(), email=f"{name}@example.com")


def test_a_visit_cannot_move_into_a_day_that_is_not_safe(walk, site, session):
    ada = book(site, at(30), last_toxin="2027-02-20").appointment
    link = "/visit/" + links.visit_token(ada)

    shown = words(walk.client.get(link + "/move?day=2027-03-05"))
    answer = walk.client.post(link + "/move", data={"start": at(2).isoformat()})

    assert "Friday 5 March Not safe for you" in shown
    assert answer.status_code == 422
    assert "four weeks have passed. Nothing was changed." in words(answer)
    assert "Now: Friday 2 April" in words(answer)
    session.expire_all()
    assert ada.starts_at == at(30)


def test_too_late_to_move_or_cancel_online_says_to_call(walk, link, clock):
    clock.set(at(6, 12))

    page = words(walk.client.get(link))
    move = walk.client.get(link + "/move")
    cancel = walk.client.post(link + "/cancel")

    assert "less than 24 hours until your visit" in page
    assert move.status_code == cancel.status_code == 409
    assert "Please call us: 020 7946 0999" in words(cancel)


def test_cancelling_takes_a_second_step(walk, link, session, visit):
    asked = walk.client.get(link + "/cancel")
    answer = walk.client.post(link + "/cancel")

    assert "Do you want to cancel?" in words(asked)
    assert "24 hours before a visit" in words(asked)
    assert "This visit is cancelled" in words(walk.client.get(answer.location))
    session.expire_all()
    assert visit.status == Status.CANCELLED


def test_a_cancelled_visit_cannot_be_cancelled_again(walk, link):
    walk.client.post(link + "/cancel")

    again = walk.client.post(link + "/cancel")

    assert again.status_code == 409
    assert "This visit is cancelled already." in words(again)
    assert walk.client.get(link + "/cancel").status_code == 409
    assert walk.client.post(link + "/change").status_code == 409


def test_the_answers_are_filled_in_when_something_has_changed(walk, site, session):
    ada = book(site, at(30), last_toxin="2027-02-20").appointment
    link = "/visit/" + links.visit_token(ada)

    begun = walk.client.post(link + "/change")
    key = begun.location.split("/")[2]
    recent = walk.client.get(f"/booking/{key}/questions/recent/more")

    assert 'name="last_toxin-day" value="20"' in recent.get_data(as_text=True)


def test_an_answer_that_changes_nothing_leaves_the_visit(walk, link, session):
    page = _change(walk, link, {})

    assert "your visit can go ahead" in words(page)
    assert session.scalars(select(Appointment)).one().status == Status.CONFIRMED
    assert len(session.scalars(select(Screening)).all()) == 2


def test_a_new_doubt_holds_the_visit_and_says_by_when_we_answer(walk, link, session):
    page = words(_change(walk, link, {"heart_condition": {"heart_condition": "yes"}}))

    assert "Your new answers change something" in page
    assert "We will answer by" in page
    assert session.scalars(select(Appointment)).one().status == Status.HELD


def test_a_new_danger_says_so_gently_with_the_first_safe_day(walk, link, session):
    page = words(_change(walk, link, {"last_toxin": {"last_toxin": "now"}}))

    assert "This day is not safe for you any more" in page
    assert "The first safe day is Wednesday 31 March" in page
    assert session.scalars(select(Hold)).one().state == "open"


def test_a_good_answer_confirms_a_waiting_visit_at_once(walk, link, session):
    _change(walk, link, {"sunburn": {"sunburn": "now"}})

    page = words(_change(walk, link, {"sunburn": on("sunburn", "2026-12-01")}))

    assert "your visit can go ahead" in page
    assert session.scalars(select(Appointment)).one().status == Status.CONFIRMED


def test_a_visit_that_waits_for_an_answer_asks_for_it(walk, site, session):
    ada = book(site, at(60)).appointment
    link = "/visit/" + links.visit_token(ada)

    page = words(_change(walk, link, {"sunburn": {"sunburn": "now"}}))

    assert "We need an answer from you" in page
    assert "tell us the day" in page


def test_a_change_through_a_mailed_link_proves_the_address(
    walk, link, mailed, session, visit
):
    walk.client.get(mailed)
    session.expire_all()
    assert visit.proven_at is None

    walk.client.post(mailed + "/move", data={"start": at(8, 11).isoformat()})

    session.expire_all()
    assert visit.proven_at == NOW
    assert visit.starts_at == at(8, 11)


def test_a_change_through_the_browsers_own_link_proves_nothing(
    walk, link, session, visit
):
    walk.client.post(link + "/move", data={"start": at(8, 11).isoformat()})

    session.expire_all()
    assert visit.proven_at is None


def test_what_the_records_object_to_is_told_neutrally(walk, site, session):
    complete(book(site, at(0, 12)).appointment)
    again = book(site, at(10)).appointment
    link = "/visit/" + links.visit_token(again)

    page = words(walk.client.get(link))

    assert again.status == Status.HELD
    assert "We need to check something with you" in page
    assert "month to rebuild" not in page  # the reason would tell of the record


def test_reasons_from_the_records_are_told_only_through_the_mailed_link(walk, site):
    complete(book(site, at(0, 12)).appointment)
    again = book(site, at(60)).appointment
    mailed = "/visit/" + links.mailed_token(again)
    _change(walk, mailed, {})
    walk.client.post(mailed + "/move", data={"start": at(28).isoformat()})

    through_mail = words(walk.client.get(mailed))
    shown = words(walk.client.get("/visit/" + links.visit_token(again)))

    assert "month to rebuild" in through_mail
    assert "We need to check something with you" in shown
    assert "month to rebuild" not in shown


def test_old_answers_are_looked_through_before_a_move(walk, site, clock):
    ada = book(site, at(100)).appointment
    link = "/visit/" + links.visit_token(ada)
    clock.advance(timedelta(days=95))

    answer = walk.client.get(link + "/move")

    assert answer.location.endswith("/again?stale=1")
    assert "Some of your answers are too old" in words(walk.client.get(answer.location))


def test_each_end_of_a_visit_has_its_own_words(walk, site, session):
    declined = book(site, at(9), heart_condition="yes").appointment
    holds.decline(
        holds.open_of(declined), now=NOW, actor=CLINICIAN, reason="unsafe", note=""
    )
    done = complete(book(site, at(0, 12), contact=_called("bob")).appointment)
    missed = book(site, at(0, 14), contact=_called("eve")).appointment
    appointments.no_show(missed, now=at(0, 15), actor=RECEPTION)

    for visit, sentence in (
        (declined, "We cannot offer you this visit"),
        (done, "This visit is done"),
        (missed, "We missed you"),
    ):
        answer = walk.client.get("/visit/" + links.visit_token(visit))
        assert sentence in words(answer)
        assert "Choose another time" not in words(answer)


def test_no_page_of_a_visit_is_kept_by_a_browser_or_proxy(walk, link):
    answer = walk.client.get(link)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_titles_name_no_treatment_and_no_answer(walk, link):
    for path in ("", "/care", "/move", "/cancel", "/change"):
        page = walk.client.get(link + path).get_data(as_text=True)
        found = re.search(r"<title>(.*?)</title>", page).group(1).lower()
        assert "needling" not in found
