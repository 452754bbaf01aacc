"""A clinic's own rulebook: drafted, signed where it loosens, published for a day."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

import screening
from booking import accounts, jobs, rulebooks
from booking.actors import staff_actor
from booking.db import db
from booking.errors import (
    DraftChanged,
    DraftOutdated,
    InvalidRequest,
    NeedsSignature,
    NotAllowed,
    WrongState,
)
from booking.models import (
    AuditEvent,
    Rescreening,
    RulebookContent,
    RulebookVersion,
    Site,
)
from booking.rulebooks import drafts, versions
from tests import builders
from tests.builders import CLINICIAN, RECEPTION, TODAY, at

MAX = staff_actor("Max", 3, ["manager"])
MIA = staff_actor("Mia", 4, ["manager"])
BOTH = staff_actor("Dr Max", 3, ["manager", "clinician"])
TOXIN = {"kind": "bands", "rule": "R-55", "clause": 0, "case": None, "part": "bands"}


def bands(*rows):
    keys = ("from", "until", "verdict", "release_by")
    return TOXIN | {"bands": [dict(zip(keys, row, strict=True)) for row in rows]}


CELL = {"kind": "cell", "first": "MN", "then": "FIL", "days": 60}
NO_WORDS = {"kind": "text", "of": "reason", "id": "R-55", "clause": None, "text": " "}
TWO_WEEKS = (0, 14, "refuse", "clinician")
STRICTER = bands((0, 21, "refuse", "clinician"), (21, 40, "hold", "reception"))
LOOSER = bands((0, 7, "refuse", "clinician"), (7, 28, "hold", "reception"))


@pytest.fixture
def site(session):
    site = builders.make_clinic()
    _employ()
    return site


def _employ():
    for name in ("robin", "cleo", "max", "mia"):
        accounts.create_staff(
            f"{name}@clinic.example", name, ["manager"], "x", now=builders.NOW
        )


def _draft(site, now, *edits, actor=MAX, title="Toxin"):
    draft = drafts.start(site, title=title, actor=actor, now=now)
    for edit in edits:
        draft = drafts.put_edit(
            draft.id, edit, seen=drafts.stamp(draft), actor=actor, now=now
        )
    return draft


def _publish(draft, now, on=TODAY, actor=MAX):
    return versions.publish(
        draft.id,
        effective_on=on,
        seen=drafts.stamp(draft),
        actor=actor,
        now=now,
    )


def _sign(draft, now, actor=CLINICIAN):
    return versions.sign(draft.id, seen=drafts.stamp(draft), actor=actor, now=now)


def _toxin(site, days):
    """What the site's rulebook says of needling so many days after toxin."""
    answers = builders.clear_answers(site, last_toxin=str(TODAY))
    found = screening.clearance(
        rulebooks.current(site), "microneedling", "face", answers, today=TODAY
    )
    return found.verdict_on(TODAY + timedelta(days=days)).word


def test_a_stricter_draft_is_published_without_a_signature(site, now):
    published = _publish(_draft(site, now, STRICTER), now)

    assert (published.state, published.in_force) == ("published", True)
    assert rulebooks.current(site).version == published.version
    assert [_toxin(site, n) for n in (20, 39, 40)] == ["refuse", "hold", "clear"]


def test_everybody_s_visits_are_decided_again_once_it_is_in_force(site, now, session):
    _publish(_draft(site, now, STRICTER), now)

    note = session.scalars(select(Rescreening)).one()
    assert (note.patient_id, note.cause) == (None, "rulebook")


def test_a_looser_draft_waits_for_a_second_person(site, now):
    draft = _draft(site, now, LOOSER)

    with pytest.raises(NeedsSignature) as refused:
        _publish(draft, now)

    assert refused.value.extra["rules"] == ["R-55"]
    db.session.rollback()
    assert drafts.get(draft.id, site).state == "draft"
    published = _publish(_sign(draft, now), now)
    assert (published.signed_by, published.loosens) == ("Dr Cleo", True)
    assert _toxin(site, 8) == "hold"


@pytest.mark.parametrize("actor", [MAX, MIA, RECEPTION, BOTH])
def test_nobody_signs_their_own_and_no_manager_signs_at_all(site, now, actor):
    draft = _draft(site, now, LOOSER)

    with pytest.raises(NotAllowed):
        _sign(draft, now, actor)


def test_whoever_helped_with_a_draft_does_not_sign_it(site, now):
    cleo = staff_actor("Dr Cleo", 2, ["manager", "clinician"])
    draft = _draft(site, now, LOOSER)
    draft = drafts.put_edit(
        draft.id, CELL, seen=drafts.stamp(draft), actor=cleo, now=now
    )

    with pytest.raises(NotAllowed, match="You worked on this draft yourself"):
        _sign(draft, now, cleo)


def test_a_change_after_the_signature_needs_another_one(site, now):
    draft = _sign(_draft(site, now, LOOSER), now)
    even = bands((0, 1, "hold", "reception"))

    draft = drafts.put_edit(
        draft.id, even, seen=drafts.stamp(draft), actor=MAX, now=now
    )

    assert draft.signed_by is None
    with pytest.raises(NeedsSignature):
        _publish(draft, now)


def test_only_a_manager_drafts_and_publishes(site, now):
    with pytest.raises(NotAllowed):
        drafts.start(site, title="Mine", actor=CLINICIAN, now=now)
    draft = _draft(site, now, STRICTER)
    with pytest.raises(NotAllowed):
        _publish(draft, now, actor=CLINICIAN)


def test_two_managers_cannot_overwrite_each_other(site, now):
    draft = _draft(site, now, STRICTER)
    seen = drafts.stamp(draft)
    drafts.put_edit(draft.id, CELL, seen=seen, actor=MIA, now=now)

    with pytest.raises(DraftChanged):
        drafts.put_edit(draft.id, LOOSER, seen=seen, actor=MAX, now=now)

    db.session.rollback()
    assert drafts.get(draft.id, site).edits == [STRICTER, CELL]


@pytest.mark.parametrize(
    ("edit", "field", "words"),
    [
        (bands(TWO_WEEKS, (15, 28, "hold", "reception")), "row-1-from", "leaves a gap"),
        (bands(TWO_WEEKS, (13, 28, "hold", "reception")), "row-1-from", "an overlap"),
        (bands((0, -4, "refuse", "clinician")), "row-0-until", "must not be negative"),
        (bands((0, 40000, "refuse", "clinician")), "row-0-until", "at most 3660 days"),
        (CELL | {"days": 9999}, "days", "at most 3660"),
        ({"kind": "off", "rule": "R-74"}, "off", "cannot be switched off"),
        (NO_WORDS, "text", "Write 1 to"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_beside_its_field_and_changes_nothing(
    site, now, edit, field, words
):
    draft = _draft(site, now, STRICTER)

    with pytest.raises(InvalidRequest) as refused:
        drafts.put_edit(draft.id, edit, seen=drafts.stamp(draft), actor=MAX, now=now)

    problem = refused.value.problems[0]
    assert problem.field == field
    assert words in problem.message
    db.session.rollback()
    assert drafts.get(draft.id, site).edits == [STRICTER]


def test_what_says_the_shipped_thing_again_is_no_change(site, now):
    shipped = bands((0, 14, "refuse", "clinician"), (14, 28, "hold", "reception"))

    draft = _draft(site, now, STRICTER, shipped)

    assert draft.edits == []
    with pytest.raises(InvalidRequest, match="put right") as refused:
        _publish(draft, now)
    assert refused.value.problems[0].message == "This draft changes nothing."


@pytest.mark.parametrize("days", [-1, 367])
def test_a_version_begins_today_or_within_a_year(site, now, days):
    with pytest.raises(InvalidRequest) as refused:
        _publish(_draft(site, now, STRICTER), now, TODAY + timedelta(days=days))

    assert refused.value.problems[0].field == "effective_on"


def test_the_worker_puts_it_in_force_at_the_site_s_midnight(site, now, app, clock):
    site.timezone = "America/New_York"
    db.session.commit()
    on = date(2027, 3, 5)
    published = _publish(_draft(site, now, STRICTER), now, on)
    midnight = at(on, 5)  # in New York, in March

    assert rulebooks.current(site).version == screening.load().version
    clock.set(midnight - timedelta(seconds=1))
    jobs.tick_once(app)
    assert versions.scheduled(site, now=clock()).id == published.id
    clock.set(midnight)
    first = jobs.tick_once(app)["rulebook"]
    second = jobs.tick_once(app)["rulebook"]

    db.session.rollback()
    db.session.expire_all()
    assert (first, second) == (1, 0)
    assert rulebooks.current(site).version == published.version
    notes = db.session.scalars(select(Rescreening.cause)).all()
    assert notes.count("rulebook") <= 1
    in_force = select(AuditEvent).where(AuditEvent.action == "rulebook.in_force")
    assert len(db.session.scalars(in_force).all()) == 1


def test_two_workers_at_midnight_do_it_once(site, now, app, session):
    published = _publish(_draft(site, now, STRICTER), now, TODAY + timedelta(days=1))
    site_id, number = site.id, published.id
    session.rollback()
    barrier, done = threading.Barrier(3), []

    def work():
        with app.app_context():
            barrier.wait()
            done.append(versions.put_due_in_force(now=now + timedelta(days=1)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [0, 0, 1]
    assert drafts.in_force(session.get(Site, site_id)).id == number


def test_only_one_version_waits_for_its_day(site, now):
    _publish(_draft(site, now, STRICTER), now, TODAY + timedelta(days=3))
    other = _draft(site, now, bands((0, 50, "refuse", "nobody")), title="More")

    with pytest.raises(WrongState, match="“Toxin” is published for 2027-03-06"):
        _publish(other, now)


def test_a_version_can_be_withdrawn_before_its_day(site, now):
    waiting = _publish(_draft(site, now, STRICTER), now, TODAY + timedelta(days=3))

    versions.withdraw(waiting.id, actor=MAX, now=now)

    later = now + timedelta(days=4)
    assert versions.put_due_in_force(now=later) == 0
    assert rulebooks.current(site).version == screening.load().version


def test_a_version_that_was_in_force_is_not_withdrawn(site, now):
    published = _publish(_draft(site, now, STRICTER), now)

    with pytest.raises(WrongState):
        versions.withdraw(published.id, actor=MAX, now=now)


def test_a_draft_begun_before_another_version_is_brought_up_to_date_first(site, now):
    slow = _draft(site, now, CELL, title="Table", actor=MIA)
    _publish(_draft(site, now, STRICTER), now)

    with pytest.raises(DraftOutdated):
        _publish(slow, now)
    db.session.rollback()
    slow = drafts.bring_up_to_date(slow.id, seen=drafts.stamp(slow), actor=MIA, now=now)
    published = _publish(slow, now)

    assert published.edits == [STRICTER, CELL]
    assert _toxin(site, 39) == "hold"


def test_what_a_draft_took_back_stays_taken_back(site, now):
    _publish(_draft(site, now, STRICTER), now)
    draft = drafts.start(site, title="Back", actor=MIA, now=now)
    draft = drafts.take_back(draft.id, 0, seen=drafts.stamp(draft), actor=MIA, now=now)
    _publish(_draft(site, now, CELL, title="Table"), now)

    draft = drafts.bring_up_to_date(
        draft.id, seen=drafts.stamp(draft), actor=MIA, now=now
    )

    assert draft.edits == [CELL]
    assert draft.loosens


def test_going_back_is_publishing_the_older_one_anew(site, now):
    first = _publish(_draft(site, now, STRICTER), now)
    second = bands((0, 60, "refuse", "nobody"))
    _publish(_draft(site, now, second, title="More"), now + timedelta(hours=1))

    back = drafts.start(
        site, title="Back", actor=MAX, now=now + timedelta(hours=2), like=first
    )

    assert (back.edits, back.loosens) == ([STRICTER], True)
    back = _publish(_sign(back, now), now + timedelta(hours=3))
    assert (back.version, back.id != first.id) == (first.version, True)
    assert [v.title for v in versions.versions(site)] == [
        "Back",
        "More",
        "Toxin",
    ]
    assert [v.in_force for v in versions.versions(site)] == [
        True,
        False,
        False,
    ]


def test_another_device_is_a_version_like_any_other(site, now):
    draft = _draft(site, now)
    draft = drafts.choose_profile(
        draft.id, "Exceed", seen=drafts.stamp(draft), actor=MAX, now=now
    )

    published = _publish(draft, now)

    assert rulebooks.current(site).profile == "Exceed"
    assert (site.device_profile, published.loosens) == ("Exceed", False)


def test_what_a_version_says_is_kept(site, now, session, monkeypatch):
    published = _publish(_draft(site, now, STRICTER), now)
    monkeypatch.setattr(rulebooks, "_LOADED", {})

    book = rulebooks.version(published.version)

    assert book.version == published.version
    assert session.scalar(select(func.count()).select_from(RulebookContent)) == 1


def test_the_shipped_rulebook_is_kept_too_before_it_can_change(site, now, app):
    jobs.tick_once(app)
    jobs.tick_once(app)

    kept = db.session.scalars(select(RulebookContent)).all()
    assert [row.version for row in kept] == [screening.load().version]


def test_the_site_brings_its_rulebook_along(site, now, session):
    _publish(_draft(site, now, STRICTER), now)
    rulebooks.current(site)
    site_id = site.id
    session.expunge_all()
    statements = []

    def note(*arguments):
        statements.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    book = rulebooks.current(session.get(Site, site_id))
    event.remove(db.engine, "before_cursor_execute", note)

    assert len(statements) == 1
    assert book.rules["R-55"].reason


def test_every_step_is_written_down(site, now, session):
    _publish(_sign(_draft(site, now, LOOSER), now), now)

    actions = session.scalars(
        select(AuditEvent.action)
        .where(AuditEvent.subject_kind == "rulebookversion")
        .order_by(AuditEvent.id)
    ).all()
    assert actions == [
        "rulebook.draft",
        "rulebook.edit",
        "rulebook.sign",
        "rulebook.publish",
        "rulebook.in_force",
    ]
    assert session.scalars(select(RulebookVersion)).one().author == "Max"
