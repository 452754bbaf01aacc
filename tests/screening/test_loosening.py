"""A change that is not called looser makes no day of nobody safer."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import screening
from screening import RulebookError, loosens, outline
from tests.screening.people import TREATMENTS, clear_answers, day
from tests.screening.test_edits import LONGER, TOXIN, bands
from tests.screening.test_properties import CODES, KNOWN, TODAY, values

SHIPPED = screening.load()
CONTENT = screening.content_of()
SOME_DAYS = [day(n) for n in (*range(0, 50), *range(50, 420, 7), 4000)]
VERDICTS = ("refuse", "hold", "inform")
AUTHORITIES = ("reception", "clinician", "answer", "nobody")


def looser(*listed, before=SHIPPED, profile="SkinPen"):
    after = screening.load_edited(listed, profile=profile)
    return {(found.rule, found.about) for found in loosens(before, after)}


DEEP = {"kind": "at_least", "rule": "R-57", "clause": 1, "case": 2}


def toxin(*rows):
    return TOXIN | {"bands": bands(*rows)}


RECEPTION = (14, 28, "hold", "reception")


def outcome(rule, clause=0, part="", **changes):
    edit = {"kind": "outcome", "rule": rule, "clause": clause, "part": part}
    return edit | changes


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (toxin((0, 13, "refuse", "clinician"), (13, 28, "hold", "reception")), "R-55"),
        (toxin((0, 14, "refuse", "clinician")), "R-55"),
        (toxin((0, 14, "refuse", "reception"), RECEPTION), "R-55"),
        (toxin((0, 28, "hold", "nobody")), "R-55"),
        (toxin((0, 28, "inform", None)), "R-55"),
        (outcome("R-34", verdict="inform", release_by=None), "R-34"),
        (outcome("R-34", release_by="reception"), "R-34"),
        (outcome("R-36", part="now", days=100), "R-36"),
        (outcome("R-68", clause=1, days=7), "R-68"),
        (outcome("R-03", until=20), "R-03"),
        (outcome("R-74", part="unsure", release_by="reception"), "R-74"),
        (outcome("R-82", verdict="inform", release_by=None), "R-82"),
        ({"kind": "cell", "first": "MN", "then": "FIL", "days": 13}, "R-73"),
        (DEEP | {"days": 60}, "R-57"),
        ({"kind": "valid_days", "question": "unwell", "days": 93}, "R-41"),
        ({"kind": "off", "rule": "R-35"}, "R-35"),
        ({"kind": "off", "rule": "R-72"}, "R-72"),
        ({"kind": "off", "rule": "R-53"}, "R-53"),
        ({"kind": "off", "rule": "R-73"}, "R-73"),
    ],
)  # fmt: skip
def test_a_milder_rule_is_called_looser(edit, rule):
    assert rule in {name for name, _ in looser(edit)}


@pytest.mark.parametrize(
    "edit",
    [
        LONGER,
        toxin((0, 60, "refuse", "nobody")),
        outcome("R-34", verdict="refuse", release_by="nobody"),
        outcome("R-35", verdict="hold", release_by="reception"),
        outcome("R-76", verdict="hold", release_by="reception"),
        outcome("R-08", part="now", days=200),
        {"kind": "cell", "first": "MN", "then": "FIL", "days": 60},
        {"kind": "valid_days", "question": "unwell", "days": 7},
        {"kind": "text", "of": "reason", "id": "R-33", "text": "Please call us."},
    ],
)
def test_a_stricter_rule_or_other_words_are_not(edit):
    assert looser(edit) == set()


def test_a_stricter_verdict_with_a_lower_authority_is_looser():
    # From "hold, nobody may release" to "refuse, but reception may book into it".
    before = screening.load_edited(
        [toxin((0, 28, "hold", "nobody"))], profile="SkinPen"
    )
    after = toxin((0, 28, "refuse", "reception"))

    assert looser(after, before=before) == {
        ("R-55", "last_toxin"),
        ("R-55", "botulinum_toxin microneedling"),
        ("R-55", "botulinum_toxin rf_microneedling"),
        ("R-55", "botulinum_toxin prp"),
        ("R-55", "planned_treatment"),
        ("R-73", "planned_treatment"),
    }


def test_a_rule_that_lived_on_the_question_of_another_is_named_too():
    found = looser({"kind": "off", "rule": "R-13"})

    assert found >= {("R-13", "rosacea_flare"), ("R-14", "rosacea")}


def test_the_first_weaker_day_is_told():
    after = screening.load_edited(
        [toxin((0, 14, "refuse", "clinician"), (14, 20, "hold", "reception"))],
        profile="SkinPen",
    )  # fmt: skip

    found = [one for one in loosens(SHIPPED, after) if one.about == "last_toxin"]

    assert [(one.day, one.before, one.after) for one in found] == [
        (20, (2, 0), (0, -1))
    ]


def test_another_device_is_compared_like_any_other_change():
    assert looser(profile="Exceed") == set()
    assert {rule for rule, _ in looser(profile="Dermapen4")} == {"R-50"}
    exceed = screening.load(profile="Exceed")
    rules = {rule for rule, _ in looser(before=exceed)}
    assert rules >= {"R-12", "R-23", "R-25", "R-34", "R-56"}


PARTS = [p for r in outline.rules(CONTENT) for p in r.parts if p.shape != "reading"]
CHANGEABLE = [r.id for r in outline.rules(CONTENT) if r.can_be_off]


@st.composite
def some_bands(draw, part):
    """The bands of a part with other days, verdicts or authorities."""
    rows, start = [], part.rows[0].start
    for row in part.rows:
        end = row.end
        if end is not None:
            end = max(start + 1, end + draw(st.sampled_from([-9, -1, 0, 0, 1, 30])))
        verdict, release_by = row.verdict, row.release_by
        if draw(st.integers(0, 3)) == 0:
            verdict = draw(st.sampled_from(VERDICTS))
            release_by = draw(st.sampled_from(AUTHORITIES))
        rows.append((start, end, verdict, None if verdict == "inform" else release_by))
        start = end
    return _of(part, "bands") | {"bands": bands(*rows)}


@st.composite
def some_outcome(draw, part):
    edit = _of(part, "outcome")
    row = part.rows[0]
    if draw(st.booleans()):
        verdict = draw(st.sampled_from(VERDICTS))
        by = None if verdict == "inform" else draw(st.sampled_from(AUTHORITIES))
        edit |= {"verdict": verdict, "release_by": by}
    for name, number in part.numbers.items():
        step = draw(st.sampled_from([-3, 0, 1, 40]))
        edit["days" if name == "tail" else name] = max(0, number + step)
    return edit if len(edit) > 4 else edit | {"verdict": row.verdict}


def _of(part, kind):
    where = {"kind": kind, "rule": part.rule, "clause": part.clause, "part": part.part}
    return where if kind == "outcome" else where | {"case": part.case}


def of_part(part):
    if part.shape == "bands":
        return some_bands(part)
    if part.shape == "outcome":
        return some_outcome(part)
    days = st.integers(0, 130)
    return days.map(lambda n: _of(part, "at_least") | {"days": n})


CELL = ("kind", "first", "then", "days")
CELLS = st.builds(
    lambda pair, days: {
        "kind": "cell",
        "first": pair[0],
        "then": pair[1],
        "days": days,
    },
    st.sampled_from(list(outline.cells(CONTENT))),
    st.integers(0, 120),
)
EDITS = st.one_of(
    st.sampled_from(PARTS).flatmap(of_part),
    st.sampled_from(PARTS).flatmap(of_part),
    CELLS,
    st.sampled_from(CHANGEABLE).map(lambda rule: {"kind": "off", "rule": rule}),
)


@st.composite
def changes(draw):
    """Some edits, and people whom they concern: what they say is what is edited."""
    listed = draw(st.lists(EDITS, min_size=1, max_size=3))
    rules = {edit.get("rule", "R-73") for edit in listed}
    asked = [q for q in SHIPPED.questions.values() if rules & set(q.rules)]
    asked += [SHIPPED.questions["planned_treatment"], SHIPPED.questions["skin_type"]]
    said = st.sampled_from(asked).flatmap(
        lambda question: st.tuples(st.just(question.id), values(question))
    )
    people = st.tuples(CODES, st.lists(said, min_size=1, max_size=4), KNOWN)
    return listed, draw(st.lists(people, min_size=16, max_size=16))


@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(changes())
def test_what_is_not_called_looser_makes_no_day_safer(change):
    listed, people = change
    try:
        after = screening.load_edited(listed, profile="SkinPen")
    except RulebookError:
        return
    called = {found.rule for found in loosens(SHIPPED, after)}
    if called:
        # Doubt about a question that a milder rule no longer asks is no doubt any more.
        called.add("R-74")

    for code, answers, records in people:
        one = _clearance(SHIPPED, code, answers, records)
        other = _clearance(after, code, answers, records)
        for when in SOME_DAYS:
            before, now = _by_rule(one, when), _by_rule(other, when)
            for rule in before.keys() - called:
                level, rank = now.get(rule, (0, -1))
                assert level >= before[rule][0], (rule, when, listed)
                assert rank >= before[rule][1], (rule, when, listed)
            if not called:
                assert other.verdict_on(when) >= one.verdict_on(when)


def _clearance(book, code, answers, records):
    said = clear_answers(code, rulebook=SHIPPED) | dict(answers)
    return screening.clearance(
        book, TREATMENTS[code], "face", said, today=TODAY, records=records
    )


def _by_rule(clearance, when):
    """For each rule over the day its worst verdict and its strictest authority."""
    found = {}
    for window in clearance.windows_on(when):
        level, rank = found.get(window.rule, (0, -1))
        found[window.rule] = (
            max(level, int(window.verdict)),
            max(rank, window.release_by.rank),
        )
    return found
