"""Holds: who may release what, with which reason, and what happens at the deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, holds
from booking.actors import PATIENT, staff_actor
from booking.db import db
from booking.errors import (
    InvalidRequest,
    NeedsAnswer,
    NotAllowed,
    NotReleasable,
    WrongState,
)
from booking.models import AuditEvent, Claim, HoursException, Record, Release
from tests.builders import (
    BOB,
    CLINICIAN,
    MANAGER,
    RECEPTION,
    TODAY,
    at,
    book,
    book_at_desk,
    employ_cleo,
    make_clinic,
)
from tests.clock import NOW

NOTE = "Seen on Tuesday, skin is calm."


def _reception_hold(site, **options):
    return book(site, at(6), last_toxin="2027-02-17", **options).hold


def _clinician_hold(site, **options):
    return book(site, at(6), cold_sore_history="yes", **options).hold


def _release(hold, *, actor=RECEPTION, reason="date_corrected", now=NOW, **rest):
    return holds.release(hold, now=now, actor=actor, reason=reason, **rest)


def test_reception_releases_a_hold_of_its_class(session):
    hold = _reception_hold(make_clinic())

    visit = _release(hold)

    assert visit.status == "confirmed"
    release = session.scalars(select(Release)).one()
    assert (release.by, release.authority) == ("Robin", "reception")
    assert [w["rule"] for w in release.windows] == ["R-55"]
    assert holds.open_of(visit) is None


def test_reception_may_not_release_a_hold_of_the_clinician(session):
    hold = _clinician_hold(make_clinic())

    with pytest.raises(NotAllowed):
        _release(hold)

    assert holds.open_of(hold.appointment) is not None


def test_the_manager_has_no_clinical_authority(session):
    hold = _clinician_hold(make_clinic())

    with pytest.raises(NotAllowed):
        _release(hold, actor=MANAGER)


def test_a_clinician_releases_a_hold_of_their_class(session):
    hold = _clinician_hold(make_clinic())

    assert _release(hold, actor=CLINICIAN).status == "confirmed"


def test_reception_may_record_that_a_named_clinician_cleared_it(session):
    hold = _clinician_hold(make_clinic())
    employ_cleo()

    _release(hold, attested_by="Dr Cleo, by phone, today 09:30", note=NOTE)

    release = session.scalars(select(Release)).one()
    assert release.authority == "attested"
    assert release.attested_by == "Dr Cleo, by phone, today 09:30"
    assert release.note == NOTE


@pytest.mark.parametrize("attested_by", ["x", "Dr Who, by phone", "Robin"])
def test_an_attestation_names_a_clinician_of_the_clinic(session, attested_by):
    hold = _clinician_hold(make_clinic())
    employ_cleo()

    with pytest.raises(InvalidRequest) as refused:
        _release(hold, attested_by=attested_by)

    assert refused.value.problems[0].field == "attested_by"


def test_a_clinic_can_switch_the_attestation_off(session):
    hold = _clinician_hold(make_clinic(attestation_allowed=False))

    with pytest.raises(NotAllowed):
        _release(hold, attested_by="Dr Cleo, by phone")


def test_nobody_releases_what_waits_for_an_answer(session):
    hold = book(make_clinic(), at(6), cold_sore=None).hold

    with pytest.raises(NeedsAnswer):
        _release(hold, actor=CLINICIAN)


def test_nobody_releases_what_nobody_may(session):
    site = make_clinic()
    visit = book(site, at(20)).appointment
    appointments.change_answers(visit, {"pregnant": "now"}, now=NOW, actor=PATIENT)
    hold = holds.open_of(visit)

    with pytest.raises(NotReleasable):
        _release(hold, actor=CLINICIAN)


def test_somebody_without_a_role_may_neither_release_nor_decline(session):
    hold = _reception_hold(make_clinic())
    nobody = staff_actor("Guest", 9, [])

    with pytest.raises(NotAllowed):
        _release(hold, actor=nobody)
    with pytest.raises(NotAllowed):
        holds.decline(hold, now=NOW, actor=nobody, reason="unsafe")


@pytest.mark.parametrize(
    ("reason", "note", "field"),
    [
        ("because", "", "reason"),
        ("other", "", "note"),
        ("other", "too short", "note"),
        ("date_corrected", "n" * 2001, "note"),
    ],
)
def test_a_release_needs_a_reason_from_the_list(session, reason, note, field):
    hold = _reception_hold(make_clinic())

    with pytest.raises(InvalidRequest) as refused:
        _release(hold, reason=reason, note=note)

    assert refused.value.problems[0].field == field


def test_a_declined_hold_frees_its_slot(session):
    site = make_clinic(practitioners=1, rooms=1)
    hold = _reception_hold(site)

    visit = holds.decline(hold, now=NOW, actor=RECEPTION, reason="patient_choice")

    assert visit.status == "declined"
    assert book(site, at(6), contact=BOB).appointment.status == "confirmed"


def test_a_decided_hold_cannot_be_decided_again(session):
    hold = _reception_hold(make_clinic())
    _release(hold)

    with pytest.raises(WrongState):
        _release(hold)
    with pytest.raises(WrongState):
        holds.decline(hold, now=NOW, actor=RECEPTION, reason="unsafe")


def test_a_requested_hold_expires_at_its_deadline_and_frees_the_slot(session):
    site = make_clinic()
    hold = _reception_hold(site)
    visit = hold.appointment

    early = holds.expire_due(now=hold.decide_by - timedelta(seconds=1))
    due = holds.expire_due(now=hold.decide_by)
    again = holds.expire_due(now=hold.decide_by)

    assert (early, due, again) == (0, 1, 0)
    assert visit.status == "expired"
    live = select(Claim).where(Claim.appointment_id == visit.id, Claim.live)
    assert session.scalars(live).all() == []


def test_a_visit_that_became_held_never_expires_but_becomes_urgent(session):
    site = make_clinic()
    visit = book(site, at(20)).appointment
    appointments.change_answers(
        visit, {"cold_sore_history": "yes"}, now=NOW, actor=PATIENT
    )
    hold = holds.open_of(visit)

    assert holds.expire_due(now=hold.decide_by) == 1
    assert holds.expire_due(now=hold.decide_by) == 0

    assert visit.status == "held"
    assert hold.urgent_at == hold.decide_by


def test_what_staff_put_into_a_slot_never_ends_by_itself(session):
    site = make_clinic()
    visit = book_at_desk(site, at(0, 15), last_toxin="2027-02-12").appointment

    holds.expire_due(now=NOW + timedelta(minutes=1))

    assert visit.status == "held"
    assert holds.open_of(visit).urgent_at is not None


def test_a_release_does_not_cover_what_came_up_since(session):
    site = make_clinic()
    hold = _reception_hold(site)
    session.add(
        Record(
            patient_id=hold.appointment.patient_id,
            kind="treatment",
            subject="filler",
            day=TODAY,
            area="face",
            value={},
            how_known="told by phone",
            entered_by="Robin",
            entered_at=NOW,
        )
    )
    session.commit()

    with pytest.raises(WrongState, match="Something has changed"):
        _release(hold)


def test_the_deadline_is_a_day_before_the_visit_at_the_latest(session):
    site = make_clinic()

    hold = book(site, at(2, 12), last_toxin="2027-02-13").hold

    assert hold.decide_by == at(1, 12)


def test_the_hours_of_the_desk_move_a_deadline_and_those_of_others_do_not(session):
    site = make_clinic()
    tomorrow = TODAY + timedelta(days=1)
    usual = holds.deadline(site, at(20), now=NOW)

    for resource in site.resources:
        _close(site, resource.id, tomorrow)
    without_others = holds.deadline(site, at(20), now=NOW)
    _close(site, None, tomorrow)
    without_desk = holds.deadline(site, at(20), now=NOW)

    assert without_others == usual
    assert without_desk == usual + timedelta(days=1)


def _close(site, resource_id, day):
    db.session.add(HoursException(site_id=site.id, resource_id=resource_id, day=day))
    db.session.commit()


def test_the_queue_is_sorted_by_deadline(session):
    site = make_clinic()
    late = book(site, at(9), last_toxin="2027-02-17", now=NOW).hold
    soon = book(site, at(2, 13), contact=BOB, last_toxin="2027-02-13").hold

    assert [hold.id for hold in holds.queue(site, RECEPTION)] == [soon.id, late.id]


def test_a_release_leaves_a_trace(session):
    hold = _reception_hold(make_clinic())

    _release(hold)

    events = session.scalars(select(AuditEvent).where(AuditEvent.action == "release"))
    assert [event.actor for event in events] == ["Robin"]
