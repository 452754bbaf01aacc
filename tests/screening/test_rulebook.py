"""The shipped rulebook is complete: sources, texts, words; and it has a version."""

from __future__ import annotations

import re
import tomllib

import pytest

import screening
from tests.screening.people import TREATMENTS

BOOK = screening.load()
FOLDER = screening.SHIPPED
STAFF_RULES = {"R-75": "system", "R-78": "staff", "R-84": "staff"}


def _tables(value):
    """Every table of a parsed file."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _tables(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tables(inner)


def _read(name):
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_there_are_eighty_five_rules():
    assert list(BOOK.rules) == [f"R-{n:02}" for n in range(1, 86)]
    set_by = {r.id: r.set_by for r in BOOK.rules.values() if r.set_by != "answers"}
    assert set_by == STAFF_RULES


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=lambda rule: rule.id)
def test_every_rule_has_sources_words_and_treatments(rule):
    assert rule.sources
    assert set(rule.sources) <= BOOK.sources.keys()
    assert set(rule.treatments) <= BOOK.treatments.keys()
    assert rule.title.strip()
    assert rule.summary.strip()
    assert rule.reason.strip()


def test_a_source_stands_beside_every_number():
    numbers = {"from", "until", "tail", "days", "millimetres", "at_least", "end_days"}
    counted = 0
    for name in ("rules.toml", "intervals.toml"):
        for table in _tables(_read(name)):
            if not numbers & table.keys() or "mode" in table and "tail" not in table:
                continue
            counted += 1
            marked = table.get("unsourced") or table.get("end_unsourced")
            unsourced = marked or table.get("basis") == "unsourced"
            assert table.get("sources") or unsourced, table
    assert counted > 200


def test_every_source_can_be_found():
    assert len(BOOK.sources) == 200
    for source in BOOK.sources.values():
        assert source.title.strip()
        assert source.publisher.strip()
        assert source.strength.strip()
        assert source.year is None or 1990 < source.year <= 2025
    assert BOOK.sources["S-020"].title == "Microneedling: all you need to know"
    assert BOOK.sources["S-021"].title == "Things to know about microneedling"
    assert BOOK.sources["O-79"].publisher == "UK Government"
    assert BOOK.sources["O-79"].year == 2021


def test_every_information_text_has_a_source():
    told = [text for t in BOOK.treatments.values() for text in t.info]

    assert {text.id for text in told} >= {f"I-{n:02}" for n in range(1, 11)}
    assert all(text.sources for text in told)


def test_the_version_is_a_digest_of_meaning(tmp_path):
    shipped = screening.load()
    copy = _copy(tmp_path)
    rules = copy / "rules.toml"

    rules.write_text("# another comment\n" + rules.read_text(encoding="utf-8"))
    commented = screening.load(copy)
    rules.write_text(rules.read_text().replace("until = 366", "until = 367", 1))
    changed = screening.load(copy)

    assert re.fullmatch(r"[0-9a-f]{16}", shipped.version)
    assert commented.version == shipped.version
    assert changed.version != shipped.version
    assert screening.load(profile="Exceed").version != shipped.version


def test_the_shipped_rulebook_is_read_once():
    assert screening.load() is screening.load()
    assert screening.load() is screening.load(profile="SkinPen")
    assert screening.load(profile="Exceed") is not screening.load()


def test_every_device_profile_loads():
    assert screening.PROFILES == ("SkinPen", "Exceed", "Dermapen4", "RF")
    for profile in screening.PROFILES:
        assert screening.load(profile=profile).profile == profile
    with pytest.raises(ValueError, match="'Toaster' is not one of SkinPen, Exceed"):
        screening.load(profile="Toaster")


def test_a_rulebook_cannot_be_changed():
    with pytest.raises(TypeError):
        BOOK.questions["pregnant"] = None
    with pytest.raises(AttributeError):
        BOOK.version = "1"


def test_no_text_tells_anybody_to_stop_a_medicine():
    said = " ".join(
        [rule.reason for rule in BOOK.rules.values()]
        + [
            text.text
            for name in BOOK.treatments
            for s in BOOK.plan(name)
            for text in s.texts
        ]
        + [flag.message for name in BOOK.treatments for flag in BOOK.red_flags(name)]
    ).lower()

    for phrase in re.findall(r"[^.;:]*\bstop\w*\b[^.;]*", said):
        assert re.search(
            r"not stop|never stop|strong creams|stop every cream|bleeding that stops",
            phrase,
        ), phrase


def test_texts_are_british_and_promise_nothing():
    files = ["rules.toml", "questions.toml", "messages.toml", "treatments.toml"]
    said = " ".join((FOLDER / name).read_text(encoding="utf-8") for name in files)

    for word in ("guarantee", "anesthe", "color ", "painless", "miracle", "flawless"):
        assert word not in said.lower()


def test_clinical_words_give_the_treatments_away():
    words = BOOK.clinical_words

    assert all(word == word.lower() for word in words)
    for treatment in BOOK.treatments.values():
        if treatment.id != "consultation":
            assert any(word in treatment.name.lower() for word in words)
    for word in ("needling", "botox", "filler", "peel", "pregnan", "laser", "waxing"):
        assert word in words


def test_the_rulebook_knows_its_treatments_only():
    for ask in (BOOK.plan, BOOK.red_flags):
        with pytest.raises(ValueError, match="no treatment 'tickling'"):
            ask("tickling")
    assert set(TREATMENTS.values()) | {"consultation"} == set(BOOK.treatments)


def _copy(folder):
    for path in FOLDER.glob("*.toml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"))
    return folder
