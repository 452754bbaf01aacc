"""What is asked about a booked visit: the pages behind the mails, and the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import holds, links
from booking.actors import PROVEN_PATIENT
from booking.db import db
from booking.models import Appointment, RecheckAnswer, Record, Screening
from booking.overrides import ReleaseNote
from booking.rescreening import decisions, expired_answers, recheck_answers, runs
from booking.rescreening.new_answers import change_answers
from tests.builders import CLINICIAN, at, book, book_at_desk, make_clinic
from tests.clock import NOW
from tests.web.patient_walk import Walk, words
from tests.web.staff import sign_in

VISIT, ASKED = 20, at(17, 12)


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def visit(site):
    return book_at_desk(site, at(VISIT)).appointment


@pytest.fixture
def link(visit):
    return "/visit/" + links.mailed_token(visit)


def _follow(client, answer):
    with answer:
        assert answer.status_code == 303, words(answer)
    return client.get(answer.location)


def _kept():
    db.session.rollback()
    return [(row.way, row.changed) for row in db.session.query(RecheckAnswer)]


def test_one_tap_says_that_nothing_has_changed(client, link, clock):
    clock.set(ASKED)
    assert "Nothing has changed" in words(client.get(link + "/check"))
    assert "Please tell us before your visit" in words(client.get(link))
    assert _kept() == []

    answer = client.post(link + "/check", data={"changed": "no"})

    assert "Nothing has changed, and your visit goes ahead" in words(
        _follow(client, answer)
    )
    assert _kept() == [("mail", False)]
    assert "Please tell us before your visit" not in words(client.get(link))


def test_something_has_changed_leads_to_the_questions(client, link, clock):
    clock.set(ASKED)

    answer = client.post(link + "/check", data={"changed": "yes"})

    assert "/questions/" in answer.location
    assert _kept() == [("mail", True)]
    assert "but not yet what" in words(client.get(link + "/check"))


def test_new_answers_against_the_visit_are_not_thanked_as_if_all_were_well(
    client, visit, link, clock
):
    clock.set(ASKED)
    client.post(link + "/check", data={"changed": "yes"})
    sunny = {"strong_sun": at(16).date().isoformat()}
    change_answers(visit, sunny, now=ASKED, actor=PROVEN_PATIENT)

    page = words(client.get(link + "/check"))

    assert "They change something for your visit" in page


def test_a_visit_that_is_held_is_not_looked_forward_to(client, visit, link, clock):
    clock.set(ASKED)
    client.post(link + "/check", data={"changed": "no"})
    ill = {"cold_sore_history": "yes"}
    change_answers(visit, ill, now=ASKED, actor=PROVEN_PATIENT)

    page = words(client.get(link + "/check"))

    assert "Something else still has to be checked" in page
    assert "look forward" not in page


def test_a_patient_who_has_just_answered_is_not_asked_at_once(client, site, clock):
    visit = book_at_desk(site, at(19), now=ASKED).appointment
    clock.set(ASKED)

    page = words(client.get("/visit/" + links.mailed_token(visit)))

    assert "Please tell us before your visit" not in page


def test_a_visit_that_cannot_go_ahead_is_not_offered_earlier_nor_for_a_calendar(
    client, visit, link
):
    clear = words(client.get(link))
    change_answers(visit, {"pregnant": "now"}, now=NOW, actor=PROVEN_PATIENT)

    refused = words(client.get(link))

    for offered in ("Tell me of an earlier time", "Add it to your calendar"):
        assert offered in clear
        assert offered not in refused


def test_whoever_stops_telling_a_change_keeps_the_visit_as_it_is(client, link, clock):
    clock.set(ASKED)
    first = client.post(link + "/check", data={"changed": "yes"}).location
    page = client.get(first)
    assert "What you told us before is filled in" in words(page)
    assert "Stop, and leave my visit as it is" in page.get_data(as_text=True)

    left = client.post("/".join(first.split("/")[:3]) + "/forget")

    assert left.location == link
    assert "Your visit is booked" in words(client.get(left.location))


def test_a_link_used_twice_says_so_and_changes_nothing(client, link, clock):
    clock.set(ASKED)
    client.post(link + "/check", data={"changed": "no"})

    again = client.post(link + "/check", data={"changed": "yes"})

    assert again.status_code == 409
    assert "You have answered this already" in words(again)
    assert _kept() == [("mail", False)]


@pytest.mark.parametrize(
    ("now", "says"),
    [(NOW, "We write to you three days before"), (at(21), "nothing to answer here")],
    ids=["too early", "after the visit"],
)
def test_at_another_time_the_page_says_what_to_do(client, link, clock, now, says):
    clock.set(now)

    assert says in words(client.get(link + "/check"))
    assert client.post(link + "/check", data={"changed": "no"}).status_code == 409
    assert _kept() == []


def test_a_form_without_an_answer_is_refused(client, link, clock):
    clock.set(ASKED)

    assert client.post(link + "/check").status_code == 422
    assert _kept() == []


def test_the_link_shown_at_booking_may_not_answer(client, visit, clock):
    clock.set(ASKED)
    shown = "/visit/" + links.visit_token(visit)

    assert client.get(shown + "/check").status_code == 403
    assert client.post(shown + "/check", data={"changed": "no"}).status_code == 403


def test_only_what_is_too_old_is_asked_again(client, site, clock):
    visit = book_at_desk(site, at(100)).appointment
    clock.set(at(50))
    link = "/visit/" + links.mailed_token(visit)
    old = dict(visit.screening.answers)
    _renew_all_but(visit, {"sunburn", "open_skin"}, at(50))
    clock.set(at(93))

    page = client.get(link + "/again")
    assert "These 2 answers are too old" in words(page)
    assert "Answer them now" in words(client.get(link))
    walk = Walk(client, site)
    first = client.post(link + "/again")
    walk.key = first.location.split("/")[2]
    assert client.get(first.location).get_data(as_text=True).count('name="tick"') == 2
    with walk.post(first.location.split("/", 3)[3]) as answer:
        assert answer.location.endswith("/check")
    with walk.post("check") as answer:
        assert answer.status_code == 303, words(answer)

    db.session.rollback()
    visit = db.session.get(Appointment, visit.id)
    assert visit.screening.answers == old
    assert expired_answers.to_ask(visit, site, now=at(93)) == {}
    kept = visit.screening.answer_days
    assert kept["last_toxin"] == at(50).date().isoformat()
    assert "sunburn" not in kept
    assert "We have all the answers" in words(client.get(link + "/again"))


def _renew_all_but(visit, names, now):
    """As if everything else had been answered anew then."""
    day = now.date().isoformat()
    rest = {k: day for k in visit.screening.answers if k not in names}
    db.session.get(Screening, visit.screening_id).answer_days = rest
    db.session.commit()


def test_a_visit_that_became_unsafe_offers_the_first_safe_times(
    client, site, visit, link
):
    _enter(visit, day=at(18).date())

    page = words(client.get(link))
    assert "This day is not safe for you any more" in page
    assert "These are the first safe times" in page

    form = client.get(link).get_data(as_text=True)
    start = form.split('name="start" value="')[1].split('"')[0]
    with client.post(link + "/move", data={"start": start}) as answer:
        assert answer.status_code == 303
    db.session.rollback()
    moved = db.session.get(Appointment, visit.id)
    assert moved.status == "confirmed"
    assert moved.starts_at.isoformat()[:10] == start[:10]


def test_an_unproven_visit_stays_neutral_towards_the_link_shown(client, site):
    visit = book(site, at(VISIT)).appointment
    _enter(visit, day=at(18).date())

    shown = words(client.get("/visit/" + links.visit_token(visit)))
    mailed = words(client.get("/visit/" + links.mailed_token(visit)))

    assert holds.open_of(visit).neutral
    assert "We need to check something with you" in shown
    for word in ("not safe", "first safe times", "does not suit"):
        assert word not in shown
    assert "These are the first safe times" in mailed


def _enter(visit, day):
    """Staff enter a facial, and the run that follows has taken place."""
    db.session.add(
        Record(
            patient_id=visit.patient_id,
            kind="treatment",
            subject="facial",
            day=day,
            area="face",
            value={},
            how_known="told us",
            entered_by="Robin",
            entered_at=NOW,
        )
    )
    decisions.note(visit.site, visit.patient_id, "record", now=NOW)
    db.session.commit()
    runs.run_due(now=NOW)
    db.session.refresh(visit)
    assert visit.status == "held"


def test_what_one_request_changes_is_followed_up_at_once(client, site, visit):
    """No worker runs here: the response itself is followed by the run."""
    facial = book_at_desk(
        site,
        at(18),
        treatment="facial",
        actor=CLINICIAN,
        release=ReleaseNote("other", "A long enough reason for it."),
    ).appointment
    runs.run_due(now=NOW)
    db.session.refresh(visit)
    assert visit.status == "held"

    with client.post("/visit/" + links.mailed_token(facial) + "/cancel") as answer:
        assert answer.status_code == 303

    db.session.rollback()
    db.session.refresh(visit)
    assert visit.status == "confirmed"


def test_the_desk_asks_before_it_marks_an_arrival(client, site, visit, clock):
    clock.set(visit.starts_at)
    sign_in(client, "reception")
    at_desk = f"/desk/visits/{visit.id}"

    assert client.post(at_desk + "/arrive").status_code == 422
    assert "No: mark as arrived" in words(client.get("/desk/"))

    answer = client.post(at_desk + "/arrive", data={"changed": "yes"})
    assert answer.location == at_desk + "/answers?all=yes"
    assert "Record what has changed" in words(client.get(at_desk))
    assert client.post(at_desk + "/arrive", data={"changed": "no"}).status_code == 409
    db.session.rollback()
    assert db.session.get(Appointment, visit.id).status == "confirmed"


def test_the_desk_sees_whom_to_call_and_records_the_answer(client, site, visit, clock):
    now = visit.starts_at - timedelta(hours=24)
    recheck_answers.chase(now=now)
    clock.set(now)
    sign_in(client, "reception")

    assert "1 urgent task waits" in words(client.get("/desk/"))
    page = words(client.get(f"/desk/visits/{visit.id}"))
    assert "Call this patient" in page
    answer = client.post(f"/desk/visits/{visit.id}/recheck")

    assert "Recorded: nothing has changed" in words(_follow(client, answer))
    assert "urgent task" not in words(client.get("/desk/"))
    assert _kept() == [("desk", False)]


def test_the_desk_asks_only_what_is_too_old(client, site, clock):
    visit = book_at_desk(site, at(100)).appointment
    _renew_all_but(visit, {"sunburn", "open_skin"}, at(50))
    clock.set(at(93))
    sign_in(client, "reception")

    assert "2 answers are too old" in words(client.get(f"/desk/visits/{visit.id}"))
    page = client.get(f"/desk/visits/{visit.id}/answers?old=yes")

    assert page.get_data(as_text=True).count('class="asked-one') == 2
