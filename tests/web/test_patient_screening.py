"""The questions, as tick lists that work without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.models import Appointment, Draft, Screening, Status
from tests.web.patient_walk import ABOUT, on, site, title, walk, words

__all__ = ["site", "walk"]


def test_the_start_page_offers_every_treatment(walk):
    answer = walk.client.get("/")

    assert answer.status_code == 200
    assert "Microneedling" in words(answer)
    assert "Platelet-rich plasma" in words(answer)
    assert "Not sure yet? Talk to us first" in words(answer)


def test_opening_a_treatment_starts_nothing(walk, session):
    walk.client.get("/book/microneedling")
    walk.client.get("/book/microneedling/face")

    assert session.scalars(select(Draft)).all() == []


@pytest.mark.parametrize(
    "path", ["/book/nothing/face", "/book/microneedling/elbow", "/book/prp/%00"]
)
def test_what_is_not_offered_is_not_found(walk, path):
    assert walk.client.get(path).status_code == 404
    assert walk.client.post(path).status_code == 404


def test_the_address_of_a_page_holds_no_secret_and_no_answer(walk, session):
    place = walk.start().location

    assert place.startswith("/booking/")
    assert len(walk.key) == 8
    stranger = walk.client.application.test_client()
    assert stranger.get(place).status_code == 404


def test_a_page_without_answers_names_each_field_and_keeps_the_rest(walk):
    walk.start()

    answer = walk.post(
        "questions/about",
        {"date_of_birth-day": "30", "date_of_birth-month": "2"}
        | {"date_of_birth-year": "1990", "concern": "acne_scars"},
    )

    assert answer.status_code == 422
    assert title(answer).startswith("Error: About you")
    page = answer.get_data(as_text=True)
    assert '<a href="#date_of_birth-day">There is no 30 February in 1990.' in page
    assert (
        '<a href="#skin_type">Please answer: Which skin is closest to yours?</a>'
        in page
    )
    assert 'value="30"' in page
    assert 'value="acne_scars" checked' in page
    assert 'aria-describedby="date_of_birth-error"' in page


def test_a_birth_date_in_the_future_is_refused_beside_its_field(walk):
    walk.start()

    answer = walk.post("questions/about", ABOUT | {"date_of_birth-year": "2031"})

    assert answer.status_code == 422
    assert "This date lies in the future" in words(answer)


def test_a_treatment_without_a_rule_about_age_asks_the_birth_date_all_the_same(
    walk, session
):
    place = walk.start("waxing").location
    page = words(walk.client.get(place))
    none = walk.post("questions/about", {})
    walk.answer()
    with walk.post("check"):
        pass

    assert place.endswith("/questions/about")
    assert "What is your date of birth?" in page
    assert "skin colour" not in page
    assert none.status_code == 422
    stored = session.scalars(select(Screening)).one()
    assert stored.answers["date_of_birth"] == "1990-05-17"


def test_only_what_was_ticked_is_asked_about(walk):
    walk.start()
    walk.post("questions/about", ABOUT)

    answer = walk.post("questions/skin", {"tick": ["sunburn", "cold_sore_history"]})
    more = walk.client.get(answer.location)

    assert answer.location.endswith("/questions/skin/more")
    assert "Is the skin there sunburnt?" in words(more)
    assert "Have you ever had cold sores?" in words(more)
    assert "Rosacea" not in words(more)


def test_nothing_ticked_goes_on_to_the_next_page(walk):
    walk.start()

    answer = walk.post("questions/about", ABOUT)

    assert answer.location.endswith("/questions/skin")


def test_a_follow_up_without_an_answer_is_a_named_error(walk):
    walk.start()
    walk.post("questions/about", ABOUT)
    walk.post("questions/recent", {"tick": ["last_toxin", "last_needling"]})

    answer = walk.post("questions/recent/more", on("last_needling", "2027-02-01"))

    assert answer.status_code == 422
    assert "Please answer: How deep did the needles go?" in words(answer)
    assert (
        "Please answer: When did you last have anti-wrinkle injections there?"
        in words(answer)
    )
    assert 'value="2027"' in answer.get_data(as_text=True)


def test_a_date_that_lies_ahead_is_refused_for_what_is_past(walk):
    walk.start()
    walk.post("questions/about", ABOUT)
    walk.post("questions/recent", {"tick": ["last_toxin"]})

    answer = walk.post("questions/recent/more", on("last_toxin", "2027-03-04"))

    assert answer.status_code == 422
    assert '<a href="#last_toxin-day">' in answer.get_data(as_text=True)
    assert "This date lies in the future" in words(answer)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (on("last_toxin", "2027-02-10"), "10 February 2027"),
        ({"last_toxin": "now"}, "Today"),
        ({"last_toxin": "unsure"}, "I am not sure"),
        (
            {
                "last_toxin": "month",
                "last_toxin-some-month": "jan",
                "last_toxin-some-year": "2027",
            },
            "January 2027",
        ),
        ({"last_toxin": "month", "last_toxin-some-year": "2025"}, "2025"),
    ],
)
def test_the_last_look_shows_what_was_told(walk, fields, shown):
    walk.start()
    walk.answer({"last_toxin": fields})

    review = words(walk.get("check"))

    assert f"Anti-wrinkle injections (Botox or similar) {shown}" in review


def test_going_back_and_reloading_keep_everything(walk):
    walk.start()
    walk.answer({"last_toxin": on("last_toxin", "2027-02-10")})

    ticks = walk.get("questions/recent").get_data(as_text=True)
    more = walk.get("questions/recent/more").get_data(as_text=True)
    about = walk.get("questions/about").get_data(as_text=True)

    assert 'id="tick-last_toxin" checked' in ticks
    assert 'id="last_toxin-is-day" name="last_toxin" value="day" checked' in more
    assert 'name="last_toxin-day" value="10"' in more
    assert 'name="date_of_birth-year" value="1990"' in about


def test_a_tick_without_its_answer_survives_a_reload(walk):
    walk.start()
    walk.post("questions/about", ABOUT)
    walk.post("questions/skin", {"tick": ["sunburn"]})

    page = walk.get("questions/skin").get_data(as_text=True)

    assert 'id="tick-sunburn" checked' in page
    assert walk.get("check").location.endswith("/questions/skin/more")


def test_unticking_takes_the_answer_and_its_follow_ups_back(walk):
    walk.start()
    walk.answer(
        {
            "last_needling": on("last_needling", "2027-02-10")
            | {"needling_depth": "unknown"}
        }
    )

    walk.client.post(f"/booking/{walk.key}/questions/recent?change=1", data={})

    review = words(walk.get("check"))
    assert "Depth of that needling" not in review
    assert "10 February 2027" not in review


def test_a_change_from_the_last_look_returns_to_it(walk):
    walk.start()
    walk.answer()

    answer = walk.client.post(
        f"/booking/{walk.key}/questions/skin?change=1", data={"tick": ["sunburn"]}
    )
    done = walk.client.post(answer.location, data={"sunburn": "now"})

    assert answer.location.endswith("/questions/skin/more?change=1")
    assert done.location.endswith("/check")


def test_unanswered_questions_lead_back_before_anything_is_decided(walk, session):
    walk.start()
    walk.post("questions/about", ABOUT)

    answer = walk.post("check")

    assert answer.location.endswith("/check")
    assert walk.get("check").location.endswith("/questions/skin")
    assert session.scalars(select(Screening)).all() == []


def test_answers_are_stored_sealed_and_never_in_the_address(walk, session):
    walk.start()
    walk.answer({"pregnant": {"pregnant": "now"}})

    answer = walk.post("check")

    assert answer.location == f"/booking/{walk.key}/calendar"
    screening = session.scalars(select(Screening)).one()
    assert screening.answers["pregnant"] == "now"
    assert screening.answers["sunburn"] == "never"
    assert screening.answers["date_of_birth"] == "1990-05-17"


def test_the_answers_can_be_deleted_at_once(walk, session):
    walk.start()
    walk.answer()

    answer = walk.post("forget")

    assert answer.location == "/?left=1"
    assert session.scalars(select(Draft)).all() == []
    assert walk.get("check").status_code == 404


def test_deleting_the_answers_frees_the_time_that_was_kept(walk, session):
    walk.screened()
    walk.choose("2027-03-04T10:00:00+00:00")

    walk.post("forget")

    assert session.scalars(select(Appointment)).one().status == Status.EXPIRED


def test_old_answers_are_gone_after_a_day(walk, clock):
    walk.start()
    clock.advance(timedelta(hours=25))

    answer = walk.get("questions/about")

    assert answer.status_code == 404
    assert "expired" in words(answer)


@pytest.mark.parametrize(
    "data",
    [
        {"tick": ["nonsense"]} | ABOUT,
        {"skin_type": "VII"},
        {"date_of_birth-day": "\x00", "skin_type": "\ud800".encode(errors="replace")},
        {"date_of_birth-year": "9" * 5000},
        {},
    ],
)
def test_nonsense_is_never_a_server_error(walk, data):
    walk.start()

    assert walk.post("questions/about", data).status_code in (303, 422)


def test_a_page_that_does_not_exist_is_not_found(walk):
    walk.start()

    assert walk.get("questions/nothing").status_code == 404
    assert walk.get("questions/nothing/more").status_code == 404


def test_control_characters_in_words_are_refused(walk):
    walk.start()
    walk.post("questions/about", ABOUT)
    walk.post("questions/medicines", {"tick": ["other_allergy"]})

    answer = walk.post("questions/medicines/more", {"other_allergy": "latex\x07"})

    assert answer.status_code == 422
    assert "ordinary letters" in words(answer)
