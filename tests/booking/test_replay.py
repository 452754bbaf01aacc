"""Every past decision is still explained by the version that made it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

import screening
from booking import rulebooks
from booking.db import db
from booking.models import Screening
from booking.rulebooks import replay
from booking.rulebooks.replay import Outcome
from screening import Record
from tests import builders
from tests.booking.test_rulebook_versions import STRICTER
from tests.builders import TODAY

COUNT = 10_000
COPIES = 4  # of each: to make them takes longer than to replay them


@pytest.fixture(scope="session")
def engine_name():
    return "sqlite"  # the same rows and the same arithmetic on either


def _answers(book, rng, treatment, area, day):
    said = {}
    for question in screening.questionnaire(book, treatment, area):
        value = question.clear_answer
        if rng.random() < 0.12:
            value = _value(question, rng, day)
        if rng.random() > 0.01:
            said[question.id] = value
    return screening.pin_answers(book, said, today=day)


def _value(question, rng, day):
    if question.kind == "when":
        ahead = question.tense == "future"
        ago = rng.randint(0, 200)
        dated = day + timedelta(days=ago) if ahead else day - timedelta(days=ago)
        return rng.choice(["now", "unsure", dated.isoformat(), dated.isoformat()[:7]])
    if question.kind == "choices":
        return rng.sample(list(question.values), 1)
    if question.kind == "text":
        return "latex"
    if question.kind == "date":
        return "1990-05-17"
    return rng.choice(question.values)


def _records(rng, day):
    if rng.random() < 0.7:
        return []
    names = ["microneedling", "filler", "botulinum_toxin", "facial"]
    when = day + timedelta(days=rng.randint(-60, 60))
    return [Record.of_treatment(rng.choice(names), when, area="face", ref="visit 7")]


@pytest.fixture
def decided(session, now):
    """Stored decisions of the shipped rulebook, another device, and a clinic's own."""
    site, rng = builders.make_clinic(), random.Random(7)
    books = [
        screening.load(),
        screening.load(profile="Exceed"),
        screening.load_edited([STRICTER], profile="SkinPen"),
    ]
    for book in books:
        edits = [STRICTER] if book is books[2] else []
        rulebooks.keep(book, screening.content_of(edits), now=now)
    keys = [key for key, sheet in books[0].sheets.items() if sheet.questions]
    rows = []
    for number in range(COUNT // COPIES):
        book, (treatment, area) = rng.choice(books), rng.choice(keys)
        day = TODAY - timedelta(days=rng.randint(0, 89))
        said = _answers(book, rng, treatment, area, day)
        found = screening.clearance(
            book, treatment, area, said, today=day, records=_records(rng, day)
        )
        rows += [
            {
                "token_digest": f"{number} {copy}",
                "site_id": site.id,
                "treatment": treatment,
                "area": area,
                "rulebook": book.version,
                "day": day,
                "answers": said,
                "clearance": found.to_json(),
                "created_at": now,
                "expires_at": now,
            }
            for copy in range(COPIES)
        ]
    session.execute(insert(Screening), rows)
    session.commit()
    return site


def test_ten_thousand_decisions_are_explained_by_their_versions(decided, now):
    failed = []

    found = replay.since(decided, now - timedelta(days=90), failed=failed)

    assert failed == []
    assert found.total() == COUNT
    assert found[Outcome.SAME] > COUNT / 2
    assert found[Outcome.RECORDS] > COUNT / 20


def _stored(site, now, **changes):
    row = builders.screen(site, last_toxin=str(TODAY)).screening
    for name, value in changes.items():
        setattr(row, name, value)
    db.session.commit()
    return row


def test_a_decision_that_was_altered_is_found_out(session, now):
    site = builders.make_clinic()
    row = builders.screen(site, last_toxin=str(TODAY)).screening
    whole = dict(row.clearance)

    row.clearance = whole | {"windows": whole["windows"][1:]}
    fewer = replay.replay(row)
    row.clearance = whole | {"notices": []}
    quieter = replay.replay(row)
    row.clearance = whole
    row.answers = row.answers | {"blood_thinner": "yes"}
    other = replay.replay(row)

    assert [fewer, quieter, other] == [Outcome.DIFFERS] * 3


def test_a_version_that_nobody_kept_is_said_so(session, now):
    row = _stored(builders.make_clinic(), now, rulebook="0123456789abcdef")

    assert replay.replay(row) is Outcome.UNKNOWN


def test_the_command_says_what_was_found(session, runner, now):
    site = builders.make_clinic()
    builders.screen(site, last_toxin=str(TODAY))
    whole = runner.invoke(args=["rulebook", "replay"])
    bad = _stored(site, now, rulebook="0123456789abcdef")

    result = runner.invoke(args=["rulebook", "replay"])

    assert whole.output.startswith("same: 1\n")
    assert whole.exit_code == 0
    assert result.exit_code == 1
    assert f"Not explained: screenings {bad.id}." in result.output


def test_an_older_version_decides_as_it_did_after_a_release(session, now, monkeypatch):
    site = builders.make_clinic()
    row = builders.screen(site, last_toxin=str(TODAY)).screening
    rulebooks.keep_shipped(now=now)
    # As after a release whose files say something else: only what was kept is left.
    monkeypatch.setattr(rulebooks, "_LOADED", {})
    monkeypatch.setattr(rulebooks, "_shipped", lambda name: None)

    assert replay.replay(session.scalars(select(Screening)).one()) is Outcome.SAME
    assert row.rulebook == screening.load().version
