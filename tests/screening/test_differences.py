"""What two rulebooks say differently, thing by thing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from screening import differences, outline
from screening.differences import Difference

ONE = {
    "id": "X-01",
    "title": "Sun",
    "summary": "No sun before.",
    "reason": "Burnt skin.",
    "treatments": ["peel"],
    "areas": ["face"],
    "sources": [],
    "clause": [
        {
            "kind": "since",
            "question": "sun",
            "by": "sun_day",
            "answers": ["yes"],
            "profiles": ["A"],
            "except_profiles": ["B"],
            "bands": [
                {"from": 0, "until": 14, "verdict": "refuse", "release_by": "nobody"}
            ],
        }
    ],
}
BOOK = {
    "rules": {"rule": [ONE]},
    "intervals": {"table": {"cells": [{"first": "MN", "then": "FIL", "days": 14}]}},
    "messages": {"text": [{"id": "a", "text": "Rest."}]},
    "questions": {
        "defaults": {"valid_days": 30},
        "question": [{"id": "sun", "text": "Sun?", "help": "Any."}],
    },
}


def changed(change) -> tuple[dict, dict]:
    after = deepcopy(BOOK)
    change(after)
    return BOOK, after


def rule_of(book) -> dict:
    return book["rules"]["rule"][0]


def clause_of(book) -> dict:
    return rule_of(book)["clause"][0]


def part_of(book):
    (rule,) = outline.rules(book)
    return rule.parts[0]


def test_the_same_book_has_no_difference():
    assert differences.between(*changed(lambda book: None)) == ()


@pytest.mark.parametrize(
    ("what", "new", "before", "after"),
    [
        ("off", True, False, True),
        ("title", "Rays", "Sun", "Rays"),
        ("summary", "None.", "No sun before.", "None."),
        ("treatments", ["laser"], ("peel",), ("laser",)),
        ("areas", ["neck"], ("face",), ("neck",)),
    ],
)
def test_what_a_rule_says_of_itself_is_compared(what, new, before, after):
    one, other = changed(lambda book: rule_of(book).update({what: new}))

    # The treatments of a rule are those of its parts as well.
    found = [d for d in differences.between(one, other) if d.what != "part"]

    assert found == [Difference("rule", "X-01", what, before, after)]


def test_a_rule_that_comes_or_goes_is_named():
    two = {**ONE, "id": "X-02", "title": "Wax"}
    one, other = changed(lambda book: book["rules"]["rule"].append(two))

    came = Difference("rule", "X-02", "rule", None, "Wax")
    gone = Difference("rule", "X-02", "rule", "Wax", None)
    assert differences.between(one, other) == (came,)
    assert differences.between(other, one) == (gone,)


@pytest.mark.parametrize(
    "new",
    [
        {"kind": "planned"},
        {"question": "sunburn"},
        {"by": "burn_day"},
        {"answers": ["no"]},
        {"profiles": []},
        {"except_profiles": []},
        {"treatments": ["laser"]},
        {
            "bands": [
                {"from": 1, "until": 14, "verdict": "refuse", "release_by": "nobody"}
            ]
        },
        {
            "bands": [
                {"from": 0, "until": 15, "verdict": "refuse", "release_by": "nobody"}
            ]
        },
        {
            "bands": [
                {"from": 0, "until": 14, "verdict": "hold", "release_by": "nobody"}
            ]
        },
        {
            "bands": [
                {"from": 0, "until": 14, "verdict": "refuse", "release_by": "answer"}
            ]
        },
        {"bands": []},
    ],
)
def test_whatever_decides_in_a_part_is_a_difference(new):
    one, other = changed(lambda book: clause_of(book).update(new))

    before, after = part_of(one), part_of(other)
    assert differences.between(one, other) == (
        Difference("rule", "X-01", "part", before, after, after),
    )


def test_days_of_an_outcome_are_a_difference():
    def tick(days):
        return lambda book: rule_of(book).update(
            clause=[{"kind": "tick", "days": days}]
        )

    (_, one), (_, other) = changed(tick(3)), changed(tick(4))

    (found,) = differences.between(one, other)
    assert (found.what, found.before.numbers, found.after.numbers) == (
        "part",
        {"days": 3},
        {"days": 4},
    )


def test_a_part_that_comes_or_goes_is_shown():
    one, other = changed(lambda book: clause_of(book).update(ended=[]))

    part = outline.rules(other)[0].parts[1]
    came = Difference("rule", "X-01", "part", None, part, part)
    assert differences.between(one, other) == (came,)
    assert differences.between(other, one) == (replace(came, before=part, after=None),)


def test_other_words_of_a_part_are_told_apart_from_other_days():
    one, other = changed(lambda book: clause_of(book).update(reason="Red skin."))

    assert differences.between(one, other) == (
        Difference(
            "rule", "X-01", "part reason", "Burnt skin.", "Red skin.", part_of(other)
        ),
    )


def test_other_words_of_one_band_are_a_difference_too():
    def reword(book):
        clause_of(book)["bands"][0]["reason"] = "Too red."

    one, other = changed(reword)

    assert [d.what for d in differences.between(one, other)] == ["part reason"]


def test_sources_are_no_difference():
    def source(book):
        clause_of(book)["bands"][0]["sources"] = ["O-9"]

    assert differences.between(*changed(source)) == ()


def test_cells_are_compared():
    cells = BOOK["intervals"]["table"]["cells"]
    longer = [{**cells[0], "days": 21}]
    one, other = changed(lambda b: b["intervals"]["table"].update(cells=longer))
    _, none = changed(lambda b: b["intervals"]["table"].update(cells=[]))

    def cell(before, after):
        return (Difference("cell", "MN FIL", "days", before, after),)

    assert differences.between(one, other) == cell(14, 21)
    assert differences.between(one, none) == cell(14, None)
    assert differences.between(none, one) == cell(None, 14)


@pytest.mark.parametrize(
    ("what", "new", "before"),
    [("text", "Any sun?", "Sun?"), ("help", "At all.", "Any."), ("valid_days", 7, 30)],
)
def test_questions_are_compared(what, new, before):
    one, other = changed(
        lambda book: book["questions"]["question"][0].update({what: new})
    )

    assert differences.between(one, other) == (
        Difference("question", "sun", what, before, new),
    )


def test_a_question_that_comes_is_shown_with_all_it_says():
    _, without = changed(lambda book: book["questions"].update(question=[]))

    assert differences.between(without, BOOK) == (
        Difference("question", "sun", "text", None, "Sun?"),
        Difference("question", "sun", "help", None, "Any."),
        Difference("question", "sun", "valid_days", None, 30),
    )


def test_texts_are_compared():
    one, other = changed(lambda book: book["messages"]["text"][0].update(text="Sit."))
    _, none = changed(lambda book: book["messages"].update(text=[]))

    assert differences.between(one, other) == (
        Difference("text", "a", "text", "Rest.", "Sit."),
    )
    assert differences.between(one, none) == (
        Difference("text", "a", "text", "Rest.", None),
    )
    assert differences.between(none, one) == (
        Difference("text", "a", "text", None, "Rest."),
    )
