"""What another version would change, and which rules are mostly let pass."""

from __future__ import annotations

from datetime import timedelta

import screening
from booking import holds
from booking.models import Hold, Release
from booking.overrides import ReleaseNote
from booking.rulebooks import impact, override_counts
from booking.rulebooks.override_counts import Count
from tests import builders
from tests.booking.test_rulebook_versions import STRICTER
from tests.builders import BOB, RECEPTION, TODAY, at

TOXIN = {"last_toxin": str(TODAY - timedelta(days=25))}
OTHER = [STRICTER]


def _other():
    return screening.load_edited(OTHER, profile="SkinPen")


def test_visits_and_decisions_are_counted_by_rule(session, now):
    site = builders.make_clinic()
    changed = builders.book(site, at(6), **TOXIN).appointment
    builders.book(site, at(20), contact=BOB, **TOXIN)
    builders.screen(site, "waxing")

    found = impact.whole(_other(), site, now=now)

    assert [change.visit.id for change in found.visits] == [changed.id]
    assert [(c.before, c.after) for c in found.visits] == [("clear", "hold")]
    assert found.decisions == 2
    assert found.by_rule["R-55"] == (1, 2)
    # Waxing is decided alike by both, so nobody looks at it.
    assert (found.visits_seen, found.decisions_seen) == (2, 2)
    assert found.is_whole


def test_a_big_clinic_is_told_how_much_was_looked_at(session, now):
    site = builders.make_clinic()
    for day in (6, 7, 8):
        builders.book(site, at(day), **TOXIN)

    found = impact.whole(_other(), site, now=now, most=2)

    assert (found.visits_seen, found.visits_concerned) == (2, 3)
    assert (found.decisions_seen, found.decisions_concerned) == (2, 3)
    assert not found.is_whole


def test_old_decisions_are_not_looked_at(session, now):
    site = builders.make_clinic()
    builders.screen(site, now=now - timedelta(days=91))

    assert impact.whole(_other(), site, now=now).decisions_concerned == 0


def test_other_words_change_no_decision(session, now):
    site = builders.make_clinic()
    builders.book(site, at(6), **TOXIN)
    words = {"kind": "text", "of": "reason", "id": "R-55", "text": "Please wait."}
    other = screening.load_edited([words], profile="SkinPen")

    found = impact.whole(other, site, now=now)

    assert (found.visits, found.decisions, found.by_rule) == ((), 0, {})


def test_a_rule_is_counted_once_for_each_visit(session, now):
    site = builders.make_clinic()
    told = {"last_toxin": str(TODAY - timedelta(days=15))}
    held = builders.book(site, at(5), **told)
    builders.book(site, at(7), contact=BOB, **told)
    holds.release(held.hold, now=now, actor=RECEPTION, reason="clinic_policy")

    assert override_counts.of(site, now=now) == [Count("R-55", 2, 1)]


def test_a_release_at_the_desk_counts_although_nothing_was_held(session, now):
    site = builders.make_clinic()
    told = {"last_toxin": str(TODAY - timedelta(days=15))}
    note = ReleaseNote("clinic_policy")
    builders.book_at_desk(site, at(5), release=note, **told)

    assert session.query(Hold).count() == 0
    assert session.query(Release).count() == 1
    assert override_counts.of(site, now=now) == [Count("R-55", 1, 1)]


def test_a_rule_that_is_mostly_let_pass_is_up_for_review():
    assert Count("R-55", 30, 16).needs_review
    assert not Count("R-55", 30, 15).needs_review
    assert not Count("R-55", 29, 29).needs_review
