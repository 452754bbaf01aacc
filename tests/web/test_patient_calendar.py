"""The calendar: which day can be had, and why not."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from booking.models import Appointment, Status
from booking.web import timeline
from screening import Authority, Clearance, Verdict, Window
from tests.builders import BOB, at, book
from tests.clock import NOW
from tests.screening.people import TODAY, day
from tests.web.patient_walk import site, title, walk, words

__all__ = ["site", "walk"]

LATE_TOXIN = {"last_toxin": "2027-02-20"}  # 11 days ago


def _day(answer, day: str) -> str:
    """The words of one cell of the grid."""
    page = answer.get_data(as_text=True)
    cell = re.search(rf'<a class="day-link[^>]*day={day}[^>]*>.*?</a>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", cell.group())).strip()


def test_clear_answers_give_times_at_once(walk):
    walk.screened()

    answer = walk.get("calendar")

    assert "Nothing stands in the way" in words(answer)
    assert _day(answer, "2027-03-04").endswith("times")
    assert "The next safe times" in words(answer)


def test_a_refused_day_says_why_and_names_the_first_safe_day(walk):
    walk.screened(**LATE_TOXIN)

    answer = walk.get("calendar?day=2027-03-04")

    # 14 days after 20 February is 6 March; from then to 19 March it is checked.
    assert _day(answer, "2027-03-05").endswith("Not safe")
    assert _day(answer, "2027-03-06").endswith("We check")
    assert _day(answer, "2027-03-20").endswith("times")
    panel = words(answer)
    assert "Thursday 4 March Not safe for you" in panel
    assert "The first safe day from then on: Saturday 20 March" in panel
    assert 'name="start"' not in _panel(answer)


def _panel(answer) -> str:
    page = answer.get_data(as_text=True)
    return re.search(r'<section class="card" id="day".*?</section>', page, re.DOTALL)[0]


def test_a_held_day_can_be_asked_for_and_says_why(walk):
    walk.screened(**LATE_TOXIN)

    answer = walk.get("calendar?day=2027-03-08")

    assert "We check this day first" in words(answer)
    assert 'name="start"' in _panel(answer)
    assert "Why" in _panel(answer)


def test_a_held_day_too_soon_to_ask_says_call_us(walk):
    walk.screened(heart_condition="yes")

    answer = walk.get("calendar?day=2027-03-03")

    assert _day(answer, "2027-03-03").endswith("Call us")
    assert "020 7946 0999" in words(answer)
    assert 'name="start"' not in _panel(answer)


def test_refused_altogether_is_not_a_dead_end(walk):
    walk.screened(pregnant="now")

    answer = walk.get("calendar")

    assert "We cannot offer you this treatment online" in words(answer)
    assert "Book a consultation" in words(answer)
    assert "Ask us to call you, or phone 020 7946 0999." in words(answer)
    assert "Check your answers" in words(answer)


def test_a_first_safe_day_beyond_the_diary_says_when_to_come_back(walk):
    walk.screened(isotretinoin="2027-02-01")

    answer = walk.get("calendar")

    # 184 days after 1 February is 4 August; the diary opens 120 days ahead.
    assert "Your first safe day is Wednesday 4 August" in words(answer)
    assert "Please come back from Wednesday 7 April" in words(answer)


def test_the_timeline_says_in_words_what_it_draws(walk):
    walk.screened(**LATE_TOXIN)

    answer = walk.get("calendar")

    text = words(answer)
    assert "What stands in the way, and when it clears" in text
    assert "Not safe until Fri 5 Mar; we check first from Sat 6 Mar to Fri 19" in text
    assert "Clear from Saturday 20 March." in text
    assert 'class="bar-refuse" x="0.0%"' in answer.get_data(as_text=True)


def test_where_stages_of_one_reason_overlap_the_worse_one_counts():
    stages = [
        Window("R-53", verdict, day(first), day(until), "", Authority.CLINICIAN)
        for verdict, first, until in (
            (Verdict.REFUSE, 0, 10),
            (Verdict.HOLD, 5, 20),
            (Verdict.REFUSE, 8, 12),
            (Verdict.HOLD, 30, 31),
        )
    ]

    drawn = timeline.draw(Clearance("v1", "prp", "face", TODAY, tuple(stages)), TODAY)

    assert [(bar.verdict, bar.first, bar.until) for bar in drawn.rows[0].bars] == [
        ("refuse", day(0), day(12)),
        ("hold", day(12), day(20)),
        ("hold", day(30), day(31)),
    ]


def test_months_can_be_turned_to_the_end_of_the_diary(walk):
    walk.screened()

    june = walk.get("calendar?month=2027-06")
    beyond = walk.get("calendar?month=2031-01")

    assert "June 2027" in words(june)
    assert "Later month" not in words(walk.get("calendar?month=2027-07"))
    assert beyond.status_code == 200


def test_a_nonsense_address_shows_the_calendar_anyway(walk):
    walk.screened()

    for query in (
        "month=2027-13",
        "month=",
        "day=2027-02-30",
        "day=0001-01-01",
        "day=9999-12-31",
        "month=9999-12",
        "with=99999999999999999999",
        "with=%00",
        "day=x&month=y&with=z",
    ):
        assert walk.get(f"calendar?{query}").status_code == 200, query


def test_the_practitioner_filter_shows_only_that_persons_times(walk, site, session):
    cleo, dan = [r.id for r in site.resources if r.kind == "practitioner"]
    book(site, at(1, 9), practitioner=dan)

    walk.screened()
    both = walk.get("calendar")
    free = walk.get(f"calendar?day=2027-03-04&with={cleo}")
    busy = walk.get(f"calendar?day=2027-03-04&with={dan}")

    assert "Who should treat you?" in words(both)
    assert f'name="practitioner" value="{cleo}"' in _panel(free)
    assert "09:00" in _panel(free)
    assert "09:00" not in _panel(busy)


def test_a_time_is_kept_for_ten_minutes(walk, session):
    walk.screened()

    answer = walk.choose("2027-03-04T10:00:00+00:00")

    reserved = session.scalars(select(Appointment)).one()
    assert answer.location.endswith("/details")
    assert reserved.status == Status.RESERVED
    assert reserved.reserved_until == NOW + timedelta(minutes=10)


def test_choosing_another_time_frees_the_first(walk, session):
    walk.screened()
    walk.choose("2027-03-04T10:00:00+00:00")
    walk.choose("2027-03-04T12:00:00+00:00")

    states = [a.status for a in session.scalars(select(Appointment).order_by("id"))]

    assert states == [Status.EXPIRED, Status.RESERVED]


def test_one_browser_keeps_no_more_than_two_times(walk, session):
    for hour in (9, 11, 13):
        walk.screened()
        walk.choose(f"2027-03-0{hour - 4 if hour < 10 else 6}T{hour:02}:00:00+00:00")

    live = select(Appointment).where(Appointment.status == Status.RESERVED)
    assert len(session.scalars(live).all()) == 2


def test_a_time_that_somebody_else_took_offers_the_nearest(client, app, site, walk):
    walk.screened()
    book(site, at(1, 10))
    book(site, at(1, 10), contact=BOB)

    answer = walk.choose("2027-03-04T10:00:00+00:00")

    assert answer.status_code == 409
    assert "Somebody else has just taken this time" in words(answer)
    assert "Thursday 4 March" in words(answer)


def test_a_time_that_was_not_offered_is_refused(walk, session):
    walk.screened()

    for start in (
        "",
        "yesterday",
        "2027-03-04T10:00:00",  # no zone
        "2027-03-04T10:07:00+00:00",
        "2027-03-04T03:00:00+00:00",
        "2027-03-01T10:00:00+00:00",
        "2029-03-01T10:00:00+00:00",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59+00:00",
        "2027-03-04T10:00:00+23:59",
    ):
        answer = walk.choose(start)
        assert answer.status_code == 422, start
        assert title(answer).startswith("Choose a day and a time")
        assert "Nothing was changed." in words(answer), start
    assert session.scalars(select(Appointment)).all() == []


def test_a_refused_day_cannot_be_chosen_by_hand(walk, session):
    walk.screened(**LATE_TOXIN)

    answer = walk.choose("2027-03-04T10:00:00+00:00")

    assert answer.status_code == 422
    assert "Nothing was changed." in words(answer)
    assert "Your first safe day is" in words(answer)
    assert session.scalars(select(Appointment)).all() == []


def test_a_practitioner_without_the_skill_is_refused(walk, site):
    room = next(r.id for r in site.resources if r.kind == "room")
    walk.screened()

    for who in (room, "x", 10**12):
        answer = walk.choose("2027-03-04T10:00:00+00:00", practitioner=who)
        assert answer.status_code == 422


def test_answers_of_yesterday_are_looked_at_again(walk, clock):
    walk.start()
    walk.answer()
    walk.post("check")
    clock.advance(timedelta(hours=23))
    walk.post("questions/plans", {})  # keeps the draft alive
    clock.advance(timedelta(hours=2))

    answer = walk.get("calendar")

    assert answer.location.endswith("/check")
    assert "Your answers are a day old" in words(walk.get("check"))
    assert walk.post("check").location.endswith("/calendar")


def test_a_consultation_asks_nothing(walk):
    answer = walk.start(treatment="consultation")

    assert answer.location.endswith("/calendar")
    assert "Nothing stands in the way" in words(walk.get("calendar"))


def test_the_address_of_a_form_leads_back_to_its_page(walk):
    walk.screened()

    assert walk.get("time").location.endswith("/calendar")
    assert walk.get("more-time").location.endswith("/details")
