"""A rulebook laid out for reading: each part of a small one, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

import screening
from screening import outline
from screening.outline import Part, Row, RuleOutline

RULE = {
    "id": "X-01",
    "title": "Sun",
    "summary": "No sun before.",
    "reason": "The skin is burnt.",
    "treatments": ["peel", "laser"],
    "areas": ["face"],
    "sources": ["O-1", "O-2"],
}
PART = Part(
    rule="X-01",
    clause=0,
    case=None,
    part="",
    shape="outcome",
    kind="tick",
    question="",
    by="",
    answers=(),
    otherwise=False,
    treatments=("peel", "laser"),
    profiles=(),
    except_profiles=(),
    unless_record=(),
    reason="The skin is burnt.",
    rows=(),
    numbers={},
)
ROW = Row(None, None, "inform", None, "The skin is burnt.", (), unsourced=False)
HOLD = {"verdict": "hold", "release_by": "reception"}


def content(*clauses, **changes):
    return {"rules": {"rule": [{**RULE, "clause": list(clauses), **changes}]}}


def parts(*clauses, **changes) -> tuple[Part, ...]:
    (found,) = outline.rules(content(*clauses, **changes))
    return found.parts


def test_a_rule_says_what_its_file_says():
    (found,) = outline.rules(content())

    assert found == RuleOutline(
        id="X-01",
        title="Sun",
        summary="No sun before.",
        reason="The skin is burnt.",
        treatments=("peel", "laser"),
        areas=("face",),
        set_by="answers",
        off=False,
        sources=("O-1", "O-2"),
        parts=(),
    )


def test_a_rule_for_all_treatments_and_areas_that_is_off():
    (found,) = outline.rules(content(treatments="all", areas=[], set_by="x", off=True))

    assert (found.treatments, found.areas) == (("all",), ())
    assert (found.set_by, found.off) == ("x", True)
    assert outline.rules({"rules": {"rule": [RULE]}})[0].parts == ()


def test_a_rule_is_found_by_its_number():
    two = {"rules": {"rule": [RULE, {**RULE, "id": "X-02"}]}}

    assert outline.rule(two, "X-02").id == "X-02"
    assert outline.rule(two, "X-03") is None


def test_an_outcome_with_its_days_and_who_is_concerned():
    clause = {
        "kind": "text",
        "question": "drugs",
        "by": "drug_day",
        "answers": ["yes"],
        "profiles": ["A"],
        "except_profiles": ["B"],
        "unless_record": ["cleared"],
        "treatments": ["peel"],
        "reason": "Ask first.",
        "sources": ["O-3"],
        "from": 1,
        "until": 9,
        "days": 4,
        **HOLD,
    }

    (found,) = parts({"kind": "tick"}, clause)[1:]

    assert found == Part(
        rule="X-01",
        clause=1,
        case=None,
        part="",
        shape="outcome",
        kind="text",
        question="drugs",
        by="drug_day",
        answers=("yes",),
        otherwise=False,
        treatments=("peel",),
        profiles=("A",),
        except_profiles=("B",),
        unless_record=("cleared",),
        reason="Ask first.",
        rows=(Row(1, 9, "hold", "reception", "Ask first.", ("O-3",), unsourced=False),),
        numbers={"days": 4, "from": 1, "until": 9},
    )


def test_what_is_not_said_is_nothing():
    assert parts({"kind": "tick"}) == (replace(PART, rows=(ROW,)),)
    assert parts({"kind": "tick", "treatments": "all"})[0].treatments == ("all",)


def test_the_words_that_wake_a_clause_are_its_answers():
    clause = {"kind": "text", "mentions": ["retinol"]}

    assert parts(clause)[0].answers == ("retinol",)


def test_silence_and_doubt_are_two_outcomes():
    clause = {
        "kind": "unanswered",
        "missing": {"verdict": "hold", "release_by": "answer"},
        "unsure": {"verdict": "hold", "release_by": "clinician", "unsourced": True},
    }

    missing, unsure = parts(clause)

    said = replace(ROW, verdict="hold", release_by="answer")
    assert missing == replace(PART, kind="unanswered", part="missing", rows=(said,))
    assert (unsure.part, unsure.shape) == ("unsure", "outcome")
    assert unsure.rows == (replace(said, release_by="clinician", unsourced=True),)


def test_every_case_of_a_spacing_has_its_least_days():
    clause = {
        "kind": "spacing",
        "answers": ["any"],
        "case": [
            {"at_least": 28, "answers": ["1.0"], "sources": ["O-4"]},
            {"otherwise": True, "reason": "Not known."},
        ],
    }

    first, second = parts(clause)

    assert first == replace(
        PART,
        kind="spacing",
        case=0,
        shape="at_least",
        answers=("1.0",),
        rows=(replace(ROW, sources=("O-4",)),),
        numbers={"at_least": 28},
    )
    assert (second.case, second.answers, second.otherwise) == (1, ("any",), True)
    assert (second.reason, second.numbers) == ("Not known.", {"at_least": 0})


def test_a_spacing_without_cases_is_one_part():
    (found,) = parts({"kind": "spacing", "at_least": 14})

    assert (found.case, found.shape, found.numbers) == (
        None,
        "at_least",
        {"at_least": 14},
    )


def test_a_neighbour_is_only_read():
    (found,) = parts({"kind": "neighbour", "days": 3})

    assert (found.shape, found.part, found.numbers) == ("reading", "", {})


@pytest.mark.parametrize("kind", ["since", "planned", "state"])
def test_dated_clauses_have_a_part_for_now_and_for_each_list_of_bands(kind):
    band = {"from": 0, "until": 14, "sources": ["O-5"], **HOLD}
    clause = {
        "kind": kind,
        "answers": ["yes"],
        "now": {"verdict": "refuse", "release_by": "nobody", "tail": 7},
        "bands": [band, {"from": 14, "until": 21, "reason": "Nearly."}],
        "ended": [band],
        "before": [band],
        "after": [],
    }

    now, bands, ended, before, after = parts(clause)

    assert (now.part, now.shape, now.numbers) == ("now", "outcome", {"tail": 7})
    assert now.rows == (replace(ROW, verdict="refuse", release_by="nobody"),)
    row = Row(0, 14, "hold", "reception", RULE["reason"], ("O-5",), unsourced=False)
    assert bands == replace(
        PART,
        kind=kind,
        part="bands",
        shape="bands",
        answers=("yes",),
        rows=(row, Row(14, 21, "inform", None, "Nearly.", (), unsourced=False)),
    )
    assert [(p.part, p.shape, p.rows) for p in (ended, before, after)] == [
        ("ended", "bands", (row,)),
        ("before", "bands", (row,)),
        ("after", "bands", ()),
    ]


def test_bands_of_a_case_stand_under_its_number():
    case = {"answers": ["deep"], "bands": [{"from": 0, "until": 5}]}

    first, second = parts({"kind": "since", "case": [{"ended": []}, case]})

    assert [(p.case, p.part, p.answers) for p in (first, second)] == [
        (0, "ended", ()),
        (1, "bands", ("deep",)),
    ]
    assert [(row.start, row.end) for row in second.rows] == [(0, 5)]


def test_a_part_is_addressed_by_one_word():
    assert PART.key == "0-x-all"
    assert replace(PART, clause=2, case=1, part="ended").key == "2-1-ended"


def test_a_part_counts_for_its_devices():
    only, but = replace(PART, profiles=("A",)), replace(PART, except_profiles=("B",))

    assert [only.holds_for("A"), only.holds_for("B")] == [True, False]
    assert [but.holds_for("A"), but.holds_for("B")] == [True, False]


def test_a_rule_names_its_questions():
    asked = {"kind": "text", "question": "drugs", "by": "drug_day"}
    (found,) = outline.rules(content(asked, {"kind": "tick"}))

    assert found.questions == {"drugs", "drug_day"}


def test_what_guards_against_silence_cannot_be_off():
    quiet = {"kind": "unanswered", "missing": {}, "unsure": {}}

    assert outline.rules(content({"kind": "tick"}))[0].can_be_off
    assert not outline.rules(content(quiet))[0].can_be_off
    assert not outline.rules(content(set_by="records"))[0].can_be_off


def test_cells_texts_and_questions_are_found_by_name():
    cell = {"first": "MN", "then": "FIL", "days": 14}
    said = {
        "intervals": {"table": {"cells": [cell]}},
        "messages": {
            "info": [{"id": "a", "text": "Drink."}],
            "text": [{"id": "a", "text": "Rest."}],
            "red_flag": [{"id": "F-1", "message": "Call."}],
        },
        "questions": {
            "defaults": {"valid_days": 30},
            "question": [{"id": "sun"}, {"id": "baby", "valid_days": 7}],
        },
    }

    assert outline.cells(said) == {("MN", "FIL"): cell}
    assert outline.texts(said) == {
        ("info", "a"): "Drink.",
        ("text", "a"): "Rest.",
        ("red_flag", "F-1"): "Call.",
    }
    assert outline.texts({"messages": {}}) == {}
    assert outline.questions(said) == {
        "sun": {"id": "sun", "valid_days": 30},
        "baby": {"id": "baby", "valid_days": 7},
    }


def test_every_rule_that_is_shipped_can_be_laid_out():
    found = outline.rules(screening.content_of([]))

    assert len({rule.id for rule in found}) == len(found) > 40
    keys = [(part.rule, part.key) for rule in found for part in rule.parts]
    assert len(set(keys)) == len(keys) > len(found)
