"""What a manager opens: starts on the calendar, and offers to those who wait."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import waitlist
from booking.errors import HoursChanged, NotAllowed, NotFound, VisitsOutside
from booking.models import Absence, Appointment, FreedSlot, OpeningHours
from booking.opening import absences, closures, weeks
from booking.opening.changing import CLINIC, Agreed, owner_of
from tests.booking.opening import (
    BY,
    DAY,
    NO,
    away,
    close,
    end_absence,
    events,
    keep_holidays,
    other_day,
    outside_tasks,
    practitioner_of,
    problems_of,
    reopen,
    set_all,
    set_week,
    starts,
    usual_day,
    week,
)
from tests.booking.waiting import days, names, offers, wait
from tests.builders import (
    BOB,
    CLINICIAN,
    MANAGER,
    RECEPTION,
    at,
    book_at_desk,
    make_clinic,
    screen,
)
from tests.clock import NOW


@pytest.fixture
def site(session):
    """One practitioner and one room, open from nine to five on every day."""
    return make_clinic(practitioners=1, rooms=1)


@pytest.fixture
def cleo(site):
    return practitioner_of(site)


# What hours open


def test_a_week_with_a_break_leaves_starts_before_and_after_it(site, cleo):
    set_week(site, cleo, week("9-12, 13:00–15:00"))

    found = starts(site)

    assert found[0] == "09:00"
    assert found[-1] < "15:00"
    assert "12:00" not in found
    assert weeks.typed(weeks.week_of(site, owner_of(site, cleo)))[0] == (
        "09:00-12:00, 13:00-15:00"
    )


def test_a_room_follows_the_clinic(site, cleo):
    set_week(site, cleo, week("09:00-20:00"))
    before = starts(site)

    set_week(site, CLINIC, week("09:00-20:00"))

    assert before[-1] < "17:00" < starts(site)[-1]


def test_other_hours_on_one_day_are_for_that_day_alone(site, cleo):
    usual = starts(site, DAY + 1)

    other_day(site, [CLINIC, cleo], "11:00-20:00")

    assert starts(site)[0] >= "11:00"
    assert starts(site)[-1] > "17:00"
    assert starts(site, DAY + 1) == usual
    usual_day(site, cleo)
    usual_day(site, CLINIC)
    assert starts(site) == usual


def test_a_public_holiday_can_be_worked(session):
    site = make_clinic(practitioners=1, rooms=1, holiday_country="GB")
    cleo = next(str(r.id) for r in site.resources if r.kind == "practitioner")
    good_friday = 23

    assert starts(site, good_friday) == []
    assert "day" in problems_of(
        lambda: other_day(site, [cleo], "09:00-17:00", good_friday)
    )
    session.rollback()
    other_day(site, [CLINIC], "10:00-14:00", good_friday)

    assert starts(site, good_friday)[0] == "10:00"


def test_the_public_holidays_of_a_country_are_kept(site, session):
    book_at_desk(site, at(23))
    with pytest.raises(VisitsOutside) as asked:
        keep_holidays(site, "gb", "eng")
    session.rollback()
    assert keep_holidays(site, "gb", "eng", Agreed(asked.value.extra["stamp"], "1"))

    assert starts(site, 23) == []
    [event] = events("hours.holidays")
    assert event.detail["after"] == ["GB", "ENG"]
    keep_holidays(site, "")
    assert starts(site, 23) != []
    session.expire_all()
    assert outside_tasks(site) == []


@pytest.mark.parametrize(
    ("country", "region", "field"), [("XX", "", "country"), ("GB", "XX", "region")]
)
def test_holidays_that_are_not_known_are_refused(site, country, region, field):
    assert problems_of(lambda: keep_holidays(site, country, region)).keys() == {field}


# What they open goes to the waitlist


def _longer_week(site, cleo):
    set_all(site, cleo, week("09:00-20:00"))


def _longer_day(site, cleo):
    other_day(site, [CLINIC, cleo], "09:00-20:00")


OPENED = [
    pytest.param(None, _longer_week, "17:00", id="longer week"),
    pytest.param(None, _longer_day, "17:00", id="longer day"),
    pytest.param(away, end_absence, "09:00", id="absence over"),
    pytest.param(lambda s, _: close(s), reopen, "09:00", id="closure over"),
    pytest.param(
        lambda s, cleo: other_day(s, [cleo], "09:00-09:30"),
        usual_day,
        "09:00",
        id="usual day again",
    ),
]


@pytest.mark.parametrize(("before", "opens", "from_time"), OPENED)
def test_who_waits_is_offered_the_time_that_opens(
    site, cleo, session, before, opens, from_time
):
    if before:
        before(site, cleo)
    waitlist.deal_with_freed(now=NOW)
    hour = int(from_time[:2])
    wish = days(DAY, DAY, from_time=at(DAY, hour).time())
    wait(site, BOB, wish)
    refused = wait(site, wish=wish)
    refused.screening_id = screen(site, last_toxin="2027-02-27").screening.id
    session.commit()
    waitlist.deal_with_freed(now=NOW)
    assert offers() == []

    opens(site, cleo)
    waitlist.deal_with_freed(now=NOW)

    assert names() == ["Bob Quill"]
    assert offers()[0].appointment.starts_at >= at(DAY, hour)


def test_what_was_open_all_along_is_not_noted(site, cleo, session):
    set_week(site, cleo, week("09:00-17:00", day1="09:00-19:00"))

    slots = session.scalars(select(FreedSlot)).all()

    claims = [claim for slot in slots for claim in slot.claims]
    assert {who for who, _, _ in claims} == {int(cleo)}
    assert {until - first for _, first, until in claims} == {24}


def test_shorter_hours_note_nothing(site, cleo, session):
    set_week(site, cleo, week("10:00-16:00"))

    assert session.scalars(select(FreedSlot)).all() == []


# Who, when, why


def test_every_change_leaves_an_event(site, cleo, session):
    set_week(site, cleo, week("10:00-16:00"))
    other_day(site, [cleo], "11:00-15:00")
    away(site, cleo, DAY + 1, DAY + 2, reason="Course in Leeds")
    close(site, DAY + 3)
    usual_day(site, cleo)
    end_absence(site, cleo)
    reopen(site, cleo)

    [changed] = events("hours.week")
    assert (changed.actor, changed.subject_kind) == ("Max", "resource")
    assert changed.detail["before"]["0"] == "09:00-17:00"
    assert changed.detail["after"]["0"] == "10:00-16:00"
    [gone] = events("absence")
    assert gone.detail["reason"] == "Course in Leeds"
    for action in (
        "hours.day",
        "hours.day_over",
        "absence.end",
        "closure",
        "closure.end",
    ):
        assert len(events(action)) == 1, action


@pytest.mark.parametrize("actor", [RECEPTION, CLINICIAN])
@pytest.mark.parametrize(
    "change",
    [
        lambda site, by: set_week(site, CLINIC, week(), by=by),
        lambda site, by: away(site, "1", actor=by),
        lambda site, by: close(site, actor=by),
    ],
)
def test_only_a_manager_changes_hours(site, session, actor, change):
    with pytest.raises(NotAllowed):
        change(site, actor)

    session.rollback()
    assert session.scalars(select(Absence)).all() == []


def test_who_saves_second_is_told_and_overwrites_nothing(site, cleo, session):
    seen = weeks.stamp(site, owner_of(site, cleo))
    set_week(site, cleo, week("10:00-16:00"), seen=seen)

    with pytest.raises(HoursChanged):
        set_week(site, cleo, week("08:00-12:00"), seen=seen)

    session.rollback()
    assert {row.opens.hour for row in weeks_rows(session, cleo)} == {10}


def weeks_rows(session, cleo):
    rows = select(OpeningHours).where(OpeningHours.resource_id == int(cleo))
    return session.scalars(rows).all()


def test_what_is_taken_away_twice_is_not_found(site, cleo, session):
    other_day(site, [cleo], "11:00-15:00")
    away(site, cleo, DAY + 1, DAY + 1)
    close(site, DAY + 2)
    [(absence, _)] = absences.ahead(site, now=NOW)
    number, [closed] = absence.id, closures.ahead(site, now=NOW)
    usual_day(site, cleo)
    end_absence(site, cleo)
    reopen(site, cleo)

    for again in (
        lambda: usual_day(site, cleo),
        lambda: absences.end(site, number, agreed=NO, **BY),
        lambda: closures.reopen(site, closed, agreed=NO, **BY),
    ):
        with pytest.raises(NotFound):
            again()
        session.rollback()


def test_an_absence_under_way_ends_now_and_stays_on_record(site, cleo, session):
    away(site, cleo, 0, 3)
    later = at(1, 12)
    [(absence, _)] = absences.ahead(site, now=later)

    absences.end(site, absence.id, agreed=NO, actor=MANAGER, now=later)

    session.expire_all()
    assert absence.first_cell < absence.until_cell
    assert absences.ahead(site, now=later) == []
    assert starts(site, 0) == []
    assert starts(site, 2) != []
    assert session.scalars(select(Appointment)).all() == []
