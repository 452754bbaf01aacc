"""The outbox: what leaves, what waits, what is tried again, and what is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from booking.db import db
from booking.messages import backlog, outbox, plan
from booking.messages.mail import Deferred, Refused, Unreachable
from booking.messages.outbox import Outcome
from booking.models import Message
from tests.booking.mailing import Sink, hold, make_visit, planned
from tests.builders import at, book, book_at_desk, make_clinic
from tests.clock import NOW

VISIT = datetime(2027, 4, 21, 13, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def visit(site):
    visit = make_visit(site, VISIT)
    plan.follow(visit, "confirmed", now=NOW)
    db.session.commit()
    return visit


def message(visit, step="confirmed") -> Message:
    found = db.session.query(Message).filter_by(appointment_id=visit.id, step=step)
    return found.order_by(Message.id.desc()).first()


def sent(visit) -> list[Message]:
    found = db.session.query(Message).filter_by(appointment_id=visit.id, state="sent")
    return found.order_by(Message.id).all()


def dispatch(sink, now=NOW):
    return outbox.dispatch(sink, clock=lambda: now)


def test_what_is_due_leaves_and_the_rest_waits(visit):
    sink = Sink()

    assert dispatch(sink) == {Outcome.SENT: 1}

    assert [mail["Subject"] for mail in sink.mails] == [
        "Your appointment at Test Clinic: Wednesday 21 April 2027 at 14:00 BST"
    ]
    sent = message(visit)
    assert (sent.state, sent.sent_at, sent.attempts) == ("sent", NOW, 1)
    assert sent.recipient == "ada@example.com"
    assert sent.body == sink.letters[0].body
    assert dispatch(sink) == {}


def test_the_bytes_are_stored_before_they_are_sent(visit):
    class Looking(Sink):
        def send(self, letter):
            db.session.rollback()
            assert message(visit).body == letter.body
            assert message(visit).message_id == letter.message_id
            super().send(letter)

    assert dispatch(Looking()) == {Outcome.SENT: 1}


def test_a_second_attempt_sends_the_same_bytes(visit):
    sink = Sink(Deferred("451 greylisted"))
    assert dispatch(sink) == {Outcome.DEFERRED: 1}
    stored = message(visit).body

    assert dispatch(sink, NOW + MINUTE) == {Outcome.SENT: 1}

    assert sink.letters[0].body == stored
    assert message(visit).attempts == 2


def test_retries_wait_longer_each_time_up_to_an_hour(visit):
    now, waits = NOW, []
    for _ in range(9):
        assert dispatch(Sink(Deferred("451 later")), now) == {Outcome.DEFERRED: 1}
        waits.append(message(visit).lease_until - now)
        assert dispatch(Sink(), now + waits[-1] - MINUTE / 2) == {}
        now += waits[-1]

    assert [wait / MINUTE for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert message(visit).error == "451 later"


def test_a_refused_address_is_shown_to_staff(visit, site):
    assert dispatch(Sink(Refused("550 5.1.1 no such user"))) == {Outcome.FAILED: 1}

    assert [m.step for m in backlog.failed(site, since=NOW)] == ["confirmed"]
    assert message(visit).error == "550 5.1.1 no such user"
    assert dispatch(Sink(), NOW + HOUR) == {}


def test_an_outage_costs_nothing(visit):
    sink = Sink(Unreachable("refused"))
    sink.is_open = False
    with pytest.raises(Unreachable):
        dispatch(sink)
    assert (message(visit).attempts, message(visit).body) == (0, None)

    assert dispatch(sink, NOW + MINUTE) == {Outcome.SENT: 1}


def test_a_server_lost_in_mid_pass_hands_the_row_back(visit):
    sink = Sink(Unreachable("lost"))
    with pytest.raises(Unreachable):
        dispatch(sink)

    assert (message(visit).attempts, message(visit).lease_until) == (0, None)
    assert dispatch(sink, NOW) == {Outcome.SENT: 1}


def test_a_row_in_another_workers_hand_is_left_alone(visit):
    message(visit).lease_until = NOW + timedelta(seconds=30)
    db.session.commit()

    assert dispatch(Sink()) == {}
    assert dispatch(Sink(), NOW + timedelta(seconds=30)) == {Outcome.SENT: 1}


def test_a_worker_whose_lease_ran_out_cannot_mark_the_row(visit):
    class TakenMeanwhile(Sink):
        def send(self, letter):
            message(visit).fence += 1
            message(visit).lease_until = NOW + HOUR
            db.session.commit()
            raise Refused("550 too late to say")

    dispatch(TakenMeanwhile())

    assert (message(visit).state, message(visit).error) == ("planned", None)


@pytest.mark.parametrize(
    "status", ["held", "cancelled", "declined", "expired", "no_show", "completed"]
)
def test_nothing_leaves_for_a_visit_that_is_no_longer_on(visit, status):
    visit.status = status
    db.session.commit()

    sink = Sink()
    dispatch(sink, VISIT - HOUR)

    assert sink.letters == []
    assert set(planned(visit)) == set()


def test_prep_for_a_former_time_does_not_leave(visit):
    visit.sequence += 1
    db.session.commit()

    sink = Sink()
    dispatch(sink, NOW + timedelta(days=8))

    assert [m["Subject"] for m in sink.mails if "ready" in m["Subject"]] == []
    assert message(visit, "prep-42d").state == "void"


def test_a_held_visit_tells_nothing_but_that_it_is_held(visit):
    waiting = hold(visit, decide_by=NOW + HOUR)
    plan.follow(visit, "reheld", now=NOW, hold=waiting)
    db.session.commit()

    sink = Sink()
    dispatch(sink)

    assert [letter.recipient for letter in sink.letters] == [
        "ada@example.com",
        "desk@clinic.example",
    ]
    assert "check something" in sink.mails[0]["Subject"]


def test_late_mail_does_not_arrive_at_night(visit):
    dispatch(Sink())
    night = datetime(2027, 3, 10, 21, 0, tzinfo=UTC)

    assert dispatch(Sink(), night) == {Outcome.POSTPONED: 1}
    assert message(visit, "prep-42d").due_at == datetime(2027, 3, 11, 8, tzinfo=UTC)


def test_an_outcome_is_told_at_night(visit):
    night = datetime(2027, 3, 3, 23, 0, tzinfo=UTC)

    assert dispatch(Sink(), night) == {Outcome.SENT: 1}


def test_what_could_not_leave_before_the_visit_is_shown_to_staff(visit, site):
    assert dispatch(Sink(), VISIT)[Outcome.FAILED] > 0

    assert "confirmed" in [m.step for m in backlog.failed(site, since=NOW)]


def test_hopeless_mail_is_given_up_even_while_the_server_is_away(visit):
    visit.status = "cancelled"
    plan.follow(visit, "cancelled", now=VISIT)
    db.session.commit()
    sink = Sink(*[Unreachable("away")] * 2)
    sink.is_open = False

    with pytest.raises(Unreachable):
        dispatch(sink, VISIT + timedelta(hours=71))
    assert message(visit, "cancelled").state == "planned"
    dispatch(sink, VISIT + timedelta(hours=72))
    assert message(visit, "cancelled").state == "failed"


def test_no_mail_leaves_before_the_records_were_asked(site):
    visit = book(site, at(7), checked=False).appointment
    sink = Sink()
    assert outbox.send_next(sink, now=NOW) is None

    dispatch(sink)

    assert [m.step for m in sent(visit)] == ["confirmed", "prep_late"]
    assert visit.records_checked_at == NOW


def test_what_the_records_say_comes_before_the_confirmation(site):
    book_at_desk(site, at(7))
    visit = book(site, at(9), checked=False).appointment
    sink = Sink()

    dispatch(sink)

    assert visit.status == "held"
    assert [m.step for m in sent(visit)] == ["reheld", "staff_hold"]
    assert "check something" in sink.mails[-2]["Subject"]


def test_one_mail_that_cannot_be_written_does_not_stop_the_others(visit, site):
    other = make_visit(site, VISIT + HOUR)
    plan.follow(other, "confirmed", now=NOW)
    message(visit).urgent = True
    visit.patient.email = "ädä@example.com"
    db.session.commit()

    assert dispatch(Sink()) == {Outcome.FAILED: 1, Outcome.SENT: 1}


def test_an_address_in_another_alphabet_is_written_as_servers_know_it(visit):
    visit.patient.email = "ada@bücher.example"
    db.session.commit()
    sink = Sink()

    dispatch(sink)

    assert sink.letters[0].recipient == "ada@xn--bcher-kva.example"


def test_the_lag_is_the_age_of_the_oldest_due_mail(visit):
    assert backlog.oldest_due(now=NOW + HOUR) == NOW
    dispatch(Sink())
    assert backlog.oldest_due(now=NOW + HOUR) is None
