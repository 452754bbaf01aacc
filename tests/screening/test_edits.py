"""What a clinic may change, and what every change still has to pass."""

from __future__ import annotations

import re

import pytest

import screening
from screening import EditError, Record, RulebookError, edits, outline
from screening.reading import Document
from tests.screening.people import TREATMENTS, assert_says, by, day, iso, judge

TOXIN = {"kind": "bands", "rule": "R-55", "clause": 0, "case": None, "part": "bands"}


def bands(*rows):
    keys = ("from", "until", "verdict", "release_by")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _outcome(rule, clause, part="", **changes):
    edit = {"kind": "outcome", "rule": rule, "clause": clause, "part": part}
    return edit | changes


def edited(*listed, profile="SkinPen"):
    return screening.load_edited(listed, profile=profile)


LONGER = TOXIN | {
    "bands": bands(
        (0, 21, "refuse", "clinician"),
        (21, 28, "hold", "reception"),
    )
}


def test_an_interval_can_be_changed():
    found = judge("MN", rulebook=edited(LONGER), last_toxin=iso(0))

    assert_says(found, "R-55", "0-20 refuse clinician, 21-27 hold reception")


def test_a_changed_number_no_longer_rests_on_its_source():
    content = screening.content_of([LONGER])

    rows = outline.rule(content, "R-55").parts[0].rows
    assert [(row.sources, row.unsourced) for row in rows] == [((), True), ((), True)]


def test_a_band_that_stays_keeps_its_source():
    same = TOXIN | {
        "bands": bands(
            (0, 14, "refuse", "clinician"),
            (14, 30, "hold", "reception"),
        )
    }

    rows = outline.rule(screening.content_of([same]), "R-55").parts[0].rows
    assert [row.sources for row in rows] == [("O-30", "O-31"), ()]


def test_a_band_can_be_added_or_taken_away():
    one = TOXIN | {"bands": bands((0, 28, "refuse", "nobody"))}

    found = judge("MN", rulebook=edited(one), last_toxin=iso(0))

    assert_says(found, "R-55", "0-27 refuse nobody")


def test_a_verdict_and_its_authority_can_be_changed():
    edit = {
        "kind": "outcome",
        "rule": "R-34",
        "clause": 0,
        "part": "",
        "verdict": "refuse",
        "release_by": "nobody",
    }

    found = judge("MN", rulebook=edited(edit), blood_thinner="yes")

    assert_says(found, "R-34", "0- refuse nobody")


def test_the_tail_of_a_condition_can_be_changed():
    edit = {"kind": "outcome", "rule": "R-13", "clause": 0, "part": "now", "days": 60}

    found = judge("SP", rulebook=edited(edit), rosacea_flare="now")

    assert by(found, "R-13", 59) == ["refuse clinician"]
    assert by(found, "R-13", 60) == ["hold answer"]


def test_a_cell_of_the_table_counts_in_both_directions():
    edit = {"kind": "cell", "first": "MN", "then": "FIL", "days": 40}
    filler = Record.of_treatment(TREATMENTS["FIL"], day(60))
    needling = Record.of_treatment(TREATMENTS["MN"], day(0))

    book = edited(edit)
    before = judge("MN", rulebook=book, records=[filler])
    after = judge("FIL", rulebook=book, records=[needling])

    assert [by(before, "R-73", n) for n in (20, 21)] == [[], ["refuse clinician"]]
    assert [by(after, "R-73", n) for n in (39, 40)] == [["refuse clinician"], []]
    assert book.interval("microneedling", "filler") == 40


def test_texts_and_the_life_of_an_answer_can_be_changed():
    book = edited(
        {"kind": "text", "of": "reason", "id": "R-33", "text": "Please call us first."},
        {"kind": "text", "of": "question", "id": "lumps", "text": "Any lumps?"},
        {"kind": "valid_days", "question": "unwell", "days": 7},
    )

    found = judge("MN", rulebook=book, bleeding_disorder="yes")

    assert found.reasons_on(day(0)) == ("Please call us first.",)
    assert book.questions["lumps"].text == "Any lumps?"
    assert book.questions["unwell"].valid_days == 7


@pytest.mark.parametrize(
    "rule",
    [r.id for r in outline.rules(screening.content_of()) if r.can_be_off],
)
def test_a_rule_can_be_switched_off(rule):
    book = edited({"kind": "off", "rule": rule})

    assert book.rules[rule].off
    bands_left = {
        band.rule
        for sheet in book.sheets.values()
        for clauses in sheet.clauses.values()
        for clause in clauses
        for band in clause.bands()
    }
    assert rule not in bands_left


@pytest.mark.parametrize("rule", ["R-74", "R-75", "R-84"])
def test_silence_and_the_system_s_own_rules_stay_on(rule):
    with pytest.raises(RulebookError) as caught:
        edited({"kind": "off", "rule": rule})

    assert (caught.value.rule, caught.value.why) == (rule, "cannot be switched off")


def test_a_clinic_may_hold_every_first_visit():
    edit = {
        "kind": "outcome",
        "rule": "R-76",
        "clause": 0,
        "part": "",
        "verdict": "hold",
        "release_by": "reception",
    }
    been_here = Record.of_treatment(TREATMENTS["MN"], day(-90), depth_mm=1.0)

    new = judge("MN", rulebook=edited(edit))
    known = judge("MN", rulebook=edited(edit), records=[been_here])

    assert_says(new, "R-76", "0- hold reception")
    assert by(known, "R-76", 0) == []
    assert "R-76" not in {notice.rule for notice in new.notices}


@pytest.mark.parametrize(
    ("rows", "key", "why", "row"),
    [
        (
            [(0, 14, "refuse", "clinician"), (15, 28, "hold", "reception")],
            "from",
            "leaves a gap to the band before",
            1,
        ),
        (
            [(0, 14, "refuse", "clinician"), (13, 28, "hold", "reception")],
            "from",
            "leaves an overlap to the band before",
            1,
        ),
        ([(-1, 14, "refuse", "clinician")], "from", "must not be negative", 0),
        ([(0, 99999, "refuse", "clinician")], "until", "must be at most 3660 days", 0),
        ([(0, 0, "refuse", "clinician")], "until", "must be later than from", 0),
        ([(1, 14, "refuse", "clinician")], "from", "must begin on day 0", 0),
        (
            [(0, None, "refuse", "clinician"), (9, 14, "hold", "clinician")],
            "from",
            "comes after a band without end",
            1,
        ),
        (
            [(0, 14, "maybe", "clinician")],
            "verdict",
            "is 'maybe', not one of refuse, hold, inform",
            0,
        ),
        ([(0, 14, "hold", None)], "release_by", "must say who may release it", 0),
        ([(0, "x", "hold", "clinician")], "until", "must be a whole number", 0),
    ],
)
def test_a_mistake_names_its_rule_its_field_and_its_row(rows, key, why, row):
    edit = TOXIN | {"bands": bands(*rows)}

    with pytest.raises(RulebookError) as caught:
        edited(edit)

    error = caught.value
    assert (error.rule, error.key, error.why) == ("R-55", key, why)
    assert edits.row_of(error.table, edit) == row


def test_an_empty_list_of_bands_is_no_way_to_switch_a_rule_off():
    with pytest.raises(RulebookError, match="has no days"):
        edited(TOXIN | {"bands": []})


@pytest.mark.parametrize(
    ("edit", "key"),
    [
        ({"kind": "cell", "first": "MN", "then": "BTX", "days": -1}, "days"),
        ({"kind": "cell", "first": "MN", "then": "BTX", "days": 4000}, "days"),
        ({"kind": "valid_days", "question": "lumps", "days": 0}, "valid_days"),
        (_outcome("R-68", 1, days=0), "days"),
        (_outcome("R-01", 0, until=999), "until"),
        (
            {
                "kind": "outcome",
                "rule": "R-74",
                "clause": 0,
                "part": "missing",
                "verdict": "inform",
                "release_by": None,
            },
            "verdict",
        ),
    ],
)  # fmt: skip
def test_absurd_numbers_and_a_silence_that_clears_are_refused(edit, key):
    with pytest.raises(RulebookError) as caught:
        edited(edit)

    assert caught.value.key == key


def test_doubt_stays_with_the_strictest_case():
    milder = {
        "kind": "bands",
        "rule": "R-53",
        "clause": 0,
        "case": 1,
        "part": "bands",
        "bands": bands((0, 20, "refuse", "clinician")),
    }

    with pytest.raises(RulebookError, match="not the strictest"):
        edited(milder)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"kind": "off", "rule": "R-99"}, "there is no rule 'R-99' in this"),
        (
            {"kind": "cell", "first": "MN", "then": "XX", "days": 3},
            "the table has no cell MN to XX",
        ),
        ({"kind": "repaint"}, "'repaint' is no kind of edit"),
        (TOXIN | {"clause": 7, "bands": []}, "R-55 has no part 8 in this"),
        (TOXIN | {"case": 0, "bands": []}, "R-55 has no part 1 in this"),
        (TOXIN | {"part": "middle", "bands": []}, "'middle' is no part with bands"),
        (_outcome("R-34", 0, "ended"), "'ended' is no part with an outcome"),
        (
            {"kind": "valid_days", "question": "shoe_size", "days": 3},
            "there is no question 'shoe_size' in this",
        ),
        ({"kind": "text", "of": "reason"}, "is incomplete: 'id'"),
    ],
)
def test_an_edit_of_what_is_not_there_is_refused(edit, why):
    with pytest.raises(EditError, match=re.escape(why)):
        edited(edit)


def test_a_changed_band_keeps_its_own_words():
    said = {"from": 0, "until": 9, "verdict": "hold", "release_by": "reception"}
    there = said | {"reason": "Too soon.", "sources": ["O-1"]}

    found = applied([there], [said | {"until": 12}, said])

    assert found == [
        said | {"until": 12, "reason": "Too soon.", "unsourced": True},
        said | {"unsourced": True},
    ]
    assert applied([there], [said]) == [there]


def test_bands_can_be_given_to_a_part_that_had_none():
    band = {"from": 0, "until": 9, "verdict": "hold", "release_by": "reception"}

    assert applied(None, [band]) == [band | {"unsourced": True}]


def test_a_changed_outcome_loses_its_sources_and_what_is_taken_away():
    clause = {"verdict": "hold", "release_by": "reception", "sources": ["O-1"]}

    change(clause, _outcome("X-01", 0, verdict="inform", release_by=None))
    assert clause == {"verdict": "inform", "unsourced": True}

    change(clause, _outcome("X-01", 0, **{"from": 2, "until": 5, "days": 3}))
    assert (clause["from"], clause["until"], clause["days"]) == (2, 5, 3)


def test_a_least_gap_can_be_changed_case_by_case():
    clause = {"case": [{"at_least": 14}, {"at_least": 28, "sources": ["O-1"]}]}
    edit = {"kind": "at_least", "rule": "X-01", "clause": 0, "case": 1, "days": 35}

    change(clause, edit)

    assert clause["case"] == [{"at_least": 14}, {"at_least": 35, "unsourced": True}]


def test_the_reason_of_a_rule_or_of_one_clause_can_be_changed():
    clause = {"reason": "Old."}
    edit = {"kind": "text", "of": "reason", "id": "X-01", "text": "New."}

    rule = change(clause, edit)
    assert (rule["reason"], clause["reason"]) == ("New.", "Old.")

    rule = change(clause, edit | {"clause": 0, "text": "Newer."})
    assert (rule["reason"], clause["reason"]) == ("A rule.", "Newer.")

    rule = change(clause, edit | {"of": "summary", "clause": 0})
    assert (rule["summary"], clause["reason"]) == ("New.", "Newer.")


def test_edits_of_two_questions_stand_side_by_side():
    one = {"kind": "valid_days", "question": "unwell", "days": 7}
    other = one | {"question": "lumps"}

    assert edits.put([one], other) == [one, other]
    assert edits.put([one, other], one | {"days": 9}) == [other, one | {"days": 9}]


def test_a_mistake_stands_in_the_band_that_says_the_same():
    band = {"from": 0, "until": 9, "verdict": "hold", "release_by": "reception"}
    others = [
        band | {"from": 1},
        band | {"until": 8},
        band | {"verdict": "refuse"},
        band | {"release_by": "nobody"},
    ]

    assert edits.row_of(band, {"bands": [*others, band]}) == 4
    assert edits.row_of(band, {"bands": others}) is None
    assert edits.row_of(band, {}) is None
    assert edits.row_of(None, {"bands": [{}]}) is None


def change(clause, edit) -> dict:
    """Apply an edit to a rule with this one clause; what the rule says then."""
    rule = {"id": "X-01", "reason": "A rule.", "clause": [clause]}
    edits.apply({"rules": Document("x.toml", {"rule": [rule]}, {})}, [edit])
    return rule


def applied(there, bands_) -> list[dict]:
    clause = {} if there is None else {"bands": there}
    change(clause, TOXIN | {"rule": "X-01", "bands": bands_})
    return clause["bands"]


def test_an_edit_that_changes_nothing_is_the_same_version():
    same = TOXIN | {
        "bands": bands(
            (0, 14, "refuse", "clinician"),
            (14, 28, "hold", "reception"),
        )
    }

    assert edited(same).version == screening.load().version
    assert edited(LONGER).version != screening.load().version
    assert edited(LONGER).version != edited(LONGER, profile="Exceed").version


def test_a_later_edit_of_the_same_place_replaces_the_earlier():
    other = TOXIN | {"bands": bands((0, 30, "refuse", "clinician"))}
    cell = {"kind": "cell", "first": "MN", "then": "BTX", "days": 20}

    assert edits.put([LONGER, cell], other) == [cell, other]


def test_what_was_kept_loads_as_the_same_version():
    content = screening.content_of([LONGER])

    book = screening.load_content(content, profile="Exceed")

    assert book.version == edited(LONGER, profile="Exceed").version
    assert screening.version_of(content, "Exceed") == book.version
    found = judge("MN", rulebook=book, last_toxin=iso(0))
    assert by(found, "R-55", 20) == ["refuse clinician"]


def test_an_edited_rulebook_is_read_once():
    assert edited(LONGER) is edited(LONGER)


def test_two_rulebooks_are_compared_thing_by_thing():
    after = screening.content_of(
        [
            LONGER,
            {"kind": "cell", "first": "MN", "then": "FIL", "days": 40},
            {"kind": "off", "rule": "R-35"},
            {"kind": "valid_days", "question": "unwell", "days": 7},
        ]
    )

    found = screening.differences.between(screening.content_of(), after)

    assert [(d.kind, d.about, d.what) for d in found] == [
        ("rule", "R-35", "off"),
        ("rule", "R-55", "part"),
        ("cell", "MN FIL", "days"),
        ("question", "unwell", "valid_days"),
    ]
    assert (found[2].before, found[2].after) == (14, 40)


def test_every_part_of_every_rule_can_be_found_again():
    for rule in outline.rules(screening.content_of()):
        keys = [part.key for part in rule.parts]
        assert len(set(keys)) == len(keys)
        assert rule.parts or rule.set_by != "answers"
