"""Which messages a visit gets, and when, after everything that can happen to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from booking.messages import plan
from booking.models import Message, Move
from tests.booking.mailing import hold, make_visit, planned
from tests.builders import make_clinic
from tests.clock import NOW

# NOW is Wednesday 3 March 2027, 10:00 in London; summer time begins on 28 March.
VISIT = datetime(2027, 4, 21, 13, 0, tzinfo=UTC)


def utc(month, day, hour, minute=0):
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def site(session):
    return make_clinic()


def confirmed(site, starts_at, *, now=NOW, **overrides):
    visit = make_visit(site, starts_at, **overrides)
    plan.follow(visit, "confirmed", now=now)
    return visit


def test_a_booking_far_ahead_gets_every_step_of_its_prep(site):
    visit = confirmed(site, VISIT)

    assert planned(visit) == {
        "confirmed": NOW,
        "prep-42d": utc(3, 10, 8),
        "prep-28d": utc(3, 24, 8),
        "prep-14d": utc(4, 7, 7),
        "prep-7d": utc(4, 14, 7),
        "recheck-3d": utc(4, 18, 7),
        "prep-2d": utc(4, 19, 7),
        "prep-1d": utc(4, 20, 7),
        "prep-0d": utc(4, 21, 7),
    }


def test_a_late_booking_gets_the_missed_steps_in_one_mail(site):
    visit = confirmed(site, utc(3, 8, 14))

    assert planned(visit) == {
        "confirmed": NOW,
        "prep_late": NOW,
        "recheck-3d": utc(3, 5, 8),
        "prep-2d": utc(3, 6, 8),
        "prep-1d": utc(3, 7, 8),
        "prep-0d": utc(3, 8, 8),
    }


def test_a_booking_two_hours_ahead_gets_two_mails(site):
    visit = confirmed(site, NOW + timedelta(hours=2))

    assert planned(visit) == {"confirmed": NOW, "prep_late": NOW}


def test_missed_steps_wait_for_the_morning_and_take_its_steps_along(site):
    late_evening = utc(3, 3, 21, 30)
    visit = confirmed(site, utc(3, 4, 14), now=late_evening)

    assert planned(visit) == {"confirmed": late_evening, "prep_late": utc(3, 4, 8)}


def test_missed_steps_go_out_at_night_if_the_morning_is_too_late(site):
    late_evening = utc(3, 3, 21, 30)
    visit = confirmed(site, utc(3, 4, 9, 30), now=late_evening)

    assert planned(visit) == {"confirmed": late_evening, "prep_late": late_evening}


def test_a_held_visit_gets_no_prep_until_it_is_confirmed(site):
    visit = make_visit(site, VISIT)
    waiting = hold(visit, decide_by=utc(3, 5, 10))
    plan.follow(visit, "held", now=NOW, hold=waiting)
    assert planned(visit) == {"held": NOW, "staff_hold": NOW}

    visit.status, waiting.state = "confirmed", "released"
    plan.follow(visit, "confirmed", now=utc(3, 12, 9))

    assert list(planned(visit)) == [
        "confirmed",
        "prep_late",
        "prep-28d",
        "prep-14d",
        "prep-7d",
        "recheck-3d",
        "prep-2d",
        "prep-1d",
        "prep-0d",
    ]
    assert planned(visit, "void") == {"held": NOW, "staff_hold": NOW}


def test_holding_a_confirmed_visit_pauses_its_messages(site):
    visit = confirmed(site, VISIT)
    send(visit, "confirmed")
    visit.sequence += 1
    plan.follow(visit, "reheld", now=NOW, hold=hold(visit, decide_by=utc(3, 5, 10)))

    assert planned(visit) == {"reheld": NOW, "staff_hold": NOW}


def test_a_released_visit_is_not_told_twice_what_it_knows(site):
    visit = confirmed(site, utc(3, 24, 13))
    send(visit, "confirmed", "prep_late")
    visit.sequence += 1
    plan.follow(visit, "reheld", now=NOW, hold=hold(visit, decide_by=utc(3, 5, 10)))
    visit.status = "confirmed"
    visit.sequence += 1

    plan.follow(visit, "confirmed", now=NOW + timedelta(hours=1))

    assert "prep_late" not in planned(visit)
    assert planned(visit)["prep-14d"] == utc(3, 10, 8)


def test_a_question_missed_while_held_is_asked_on_release(site):
    visit = make_visit(site, utc(3, 24, 13), status="confirmed")

    plan.follow(visit, "confirmed", now=utc(3, 22, 9))

    assert planned(visit)["recheck-3d"] == utc(3, 22, 9)


def test_fresh_answers_are_not_asked_for_again(site):
    visit = make_visit(site, utc(3, 24, 13))
    visit.screening.created_at = utc(3, 22, 9)

    plan.follow(visit, "confirmed", now=utc(3, 22, 9))

    assert "recheck-3d" not in planned(visit)


def test_a_move_plans_everything_anew(site):
    visit = confirmed(site, VISIT)
    send(visit, "confirmed")
    move(visit, VISIT + timedelta(days=7))

    plan.follow(visit, "moved", now=NOW + timedelta(hours=1))

    due = planned(visit)
    assert due["moved"] == NOW + timedelta(hours=1)
    assert due["prep-7d"] == utc(4, 21, 7)
    assert due["prep-0d"] == utc(4, 28, 7)
    assert "confirmed" not in due
    assert planned(visit, "void")["prep-0d"] == utc(4, 21, 7)


def test_a_move_to_an_earlier_day_tells_only_what_is_new(site):
    visit = confirmed(site, utc(3, 24, 13))
    send(visit, "confirmed", "prep_late", "prep-14d")
    move(visit, utc(3, 12, 13))

    plan.follow(visit, "moved", now=NOW + timedelta(hours=1))

    assert "prep-14d" not in planned(visit)
    assert planned(visit)["prep_late"] == NOW + timedelta(hours=1)
    assert planned(visit)["prep-7d"] == utc(3, 5, 8)


def test_a_visit_moved_into_a_hold_is_told_that_it_waits(site):
    visit = confirmed(site, VISIT)
    move(visit, VISIT + timedelta(days=7))
    waiting = hold(visit, decide_by=utc(3, 5, 10))

    plan.follow(visit, "moved", now=NOW + timedelta(hours=1), hold=waiting)

    assert list(planned(visit)) == ["held", "staff_hold"]


@pytest.mark.parametrize(
    ("event", "left"),
    [
        ("cancelled", {"cancelled"}),
        ("declined", {"declined"}),
        ("expired", {"expired"}),
        ("rescreen_refused", {"rescreen_refused", "staff_hold"}),
        ("no_show", set()),
    ],
)
def test_an_end_leaves_nothing_but_its_notice(site, event, left):
    visit = confirmed(site, VISIT)

    plan.follow(visit, event, now=NOW)

    assert set(planned(visit)) == left


def test_an_overdue_hold_is_urgent_at_the_desk(site):
    visit = make_visit(site, VISIT)
    waiting = hold(visit, decide_by=NOW)
    plan.follow(visit, "reheld", now=NOW, hold=waiting)

    plan.follow(visit, "hold_urgent", now=NOW, hold=waiting)

    urgent = row(visit, "staff_urgent")
    assert (urgent.audience, urgent.recipient) == ("staff", "desk@clinic.example")
    assert urgent.urgent
    assert "reheld" in planned(visit)


def test_aftercare_is_planned_only_when_the_treatment_was_done(site):
    visit = confirmed(site, VISIT)
    assert not any(step.startswith("after") for step in planned(visit))

    visit.status, visit.completed_at = "completed", VISIT + timedelta(minutes=50)
    plan.follow(visit, "completed", now=visit.completed_at)

    assert planned(visit) == {
        "after-0h": utc(4, 21, 13, 50),
        "after-24h": utc(4, 22, 13, 50),
        "checkin-72h": utc(4, 24, 13, 50),
        "checkin-7d": utc(4, 28, 13, 50),
        "after-14d": utc(5, 5, 13, 50),
        "after-30d": utc(5, 21, 13, 50),
        "after-42d": utc(6, 2, 13, 50),
        "after-92d": utc(7, 22, 13, 50),
        "after-184d": utc(10, 22, 13, 50),
    }
    assert row(visit, "after-0h").urgent
    assert not row(visit, "after-24h").urgent


def test_a_visit_closed_two_days_later_gets_its_aftercare_in_one_mail(site):
    visit = make_visit(site, VISIT, status="completed")
    visit.completed_at = VISIT + timedelta(days=2)

    plan.follow(visit, "completed", now=visit.completed_at)

    due = planned(visit)
    assert due["aftercare_late"] == visit.completed_at
    assert "after-0h" not in due
    assert "after-24h" not in due
    assert due["checkin-72h"] == utc(4, 24, 14)


def test_steps_of_one_morning_share_a_mail(site):
    visit = confirmed(site, VISIT, treatment="prp")

    assert "prep-14d" in planned(visit)
    assert "prep-14d-medicine" not in planned(visit)


def test_planning_the_same_event_again_changes_nothing(site):
    visit = confirmed(site, VISIT)
    before = planned(visit)

    plan.follow(visit, "confirmed", now=NOW)

    assert planned(visit) == before
    assert planned(visit, "void") == {}


def test_an_unknown_event_is_refused(site):
    with pytest.raises(ValueError, match="no_such_event"):
        plan.follow(make_visit(site, VISIT), "no_such_event", now=NOW)


def send(visit, *steps):
    for step in steps:
        found = row(visit, step)
        found.state, found.sent_at = "sent", found.due_at


def row(visit, step) -> Message:
    rows = Message.query.filter_by(appointment_id=visit.id, step=step)
    return rows.order_by(Message.id.desc()).first()


def move(visit, starts_at):
    move = Move(
        appointment_id=visit.id,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        moved_at=NOW + timedelta(hours=1),
        moved_by="patient",
    )
    visit.sequence += 1
    visit.starts_at, visit.ends_at = starts_at, starts_at + timedelta(minutes=60)
    Message.query.session.add(move)
