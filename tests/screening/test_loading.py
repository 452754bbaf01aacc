"""A rulebook read from a folder says what its files say, and judges as it should."""

from __future__ import annotations

import tomllib

import pytest

import screening
from screening import Record
from tests.screening import test_messages as messages
from tests.screening import test_rules_since as since
from tests.screening import test_rules_states as states
from tests.screening import test_rules_ticks as ticks
from tests.screening.people import (
    TODAY,
    TREATMENTS,
    assert_says,
    by,
    clear_answers,
    day,
    iso,
    judge,
)
from tests.screening.test_intervals import (
    COLUMNS,
    OWN,
    PAIRS,
    TABLE,
    expected,
    last_day,
)

NEIGHBOUR = (
    "Another treatment of yours lies too close to this day. Skin needs time between "
    "the two."
)


def _written(name):
    path = screening.SHIPPED / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _fresh():
    """Read now, and not what an earlier test has left in memory."""
    return screening.load(screening.SHIPPED)


def test_what_is_read_judges_answers_as_the_tables_say():
    book = _fresh()

    for question, others, codes, rule, text in since.EVENTS:
        for code in codes.split():
            found = judge(code, rulebook=book, **{question: iso(0)}, **others)
            assert_says(found, rule, text)
    for question, answer, codes, rule, what in ticks.TICKS:
        for code in codes.split():
            found = judge(code, rulebook=book, **{question: answer})
            assert_says(found, rule, f"0- {what}")
    for table, value in ((states.NOW, "now"), (states.ENDED, iso(0))):
        for question, codes, rule, text in table:
            for code in codes.split():
                found = judge(code, rulebook=book, **{question: value})
                assert_says(found, rule, text)


def test_what_is_read_judges_the_rest_as_the_tables_say():
    book = _fresh()

    for code, days in since.TABLED.items():
        found = judge(code, rulebook=book, last_peel=iso(0), peel_strength="deep")
        assert_says(found, "R-57", f"0-{days[2] - 1} refuse clinician")
        found = judge(code, rulebook=book, last_laser=iso(0), laser_kind="ablative")
        assert_says(found, "R-58", f"0-{days[4] - 1} refuse clinician")
    steroids = judge("PRP", rulebook=book, blood_quality=["steroids_last_2_weeks"])
    assert_says(steroids, "R-68", "0-13 refuse clinician")
    spots = judge("MN", rulebook=book, active_acne="few")
    assert_says(spots, "R-12", "0-13 refuse clinician, 14- hold answer")
    young = judge("SP", rulebook=book, date_of_birth="2008-03-12")
    assert_says(young, "R-02", "0-9 refuse nobody")
    trip = judge("SP", rulebook=book, sun_trip=iso(0))
    assert_says(trip, "R-19", "0-34 refuse clinician, 35-41 hold reception")


def test_what_is_read_judges_treatments_as_the_tables_say():
    book = _fresh()

    for first, then in PAIRS:
        rule, text = expected(first, then)
        last = last_day(text)
        past = Record.of_treatment(TREATMENTS[first], day(-last), area="face")
        found = judge(then, rulebook=book, records=[past])
        assert set(by(found, rule, 0)) == {text.split(", ")[-1].split(" ", 1)[1]}
        assert found.first_clear_day(TODAY) == day(1)
        ahead = Record.of_treatment(TREATMENTS[then], day(700), area="face")
        found = judge(first, rulebook=book, records=[ahead])
        if (first, then) != ("MN", "MN"):
            assert by(found, rule, 700 - last)
            assert by(found, rule, 699 - last) == []
        assert NEIGHBOUR in {w.reason for w in found.windows}
        days = TABLE[first][COLUMNS.index(then)]
        assert book.interval(TREATMENTS[first], TREATMENTS[then]) == days
    assert ("BTX", "BTX") in OWN


def test_what_is_read_knows_the_strictest_of_unknown_treatments():
    found = judge(
        "RF",
        rulebook=_fresh(),
        planned_treatment=iso(200),
        planned_treatment_kind=None,
    )

    windows = [
        ((w.from_day - TODAY).days, (w.until_day or day(9999)) - TODAY, w.verdict.word)
        for w in found.windows
    ]
    assert [(first, until.days, word) for first, until, word in windows] == [
        (159, 201, "refuse"),
        (200, 228, "refuse"),
        (228, 284, "refuse"),
        (284, 9999, "hold"),
    ]
    assert [w.release_by.value for w in found.windows] == [
        "clinician",
        "nobody",
        "clinician",
        "clinician",
    ]
    assert {w.rule for w in found.windows} == {"R-73"}
    assert found.windows[0].reason.startswith("Another treatment of yours")
    assert found.windows[1].reason.startswith("Another treatment lies")
    for window in found.windows:
        assert set(window.sources) <= screening.load().sources.keys()
        assert len(window.sources) > 3


@pytest.mark.parametrize("code", ["MN", "BTX", "FIL", "WAX", "PRP", "SP"])
def test_what_is_read_asks_the_same_and_advises_the_same(code):
    book = _fresh()

    assert list(clear_answers(code, rulebook=book)) == list(clear_answers(code))
    found = judge(code, rulebook=book, heart_condition=None, piercing_in_area=None)
    same = judge(code, heart_condition=None, piercing_in_area=None)
    assert (found.windows, found.notices) == (same.windows, same.notices)
    assert found.unanswered == same.unanswered
    symptom = judge(code, rulebook=book, records=[Record.of_symptom(TODAY)])
    assert by(symptom, "R-82", 0) == ["hold clinician"]


def test_what_is_read_knows_depths_profiles_and_other_areas():
    book = _fresh()
    exceed = screening.load(screening.SHIPPED, profile="Exceed")
    shallow = Record.of_treatment("microneedling", day(-10), depth_mm=1.5)
    ahead = Record.of_treatment("microneedling", day(10))
    elsewhere = Record.of_treatment("facial", day(-1), area="scalp")
    told = Record.of_answer("keloid_in_area", "yes", area="scalp")

    assert by(judge("MN", rulebook=book, records=[shallow]), "R-53", 20) == []
    assert by(judge("MN", rulebook=book, records=[ahead]), "R-53", 40) == []
    filler = judge("MN", rulebook=exceed, last_filler=iso(0))
    assert_says(filler, "R-56", "0-27 refuse nobody, 28-183 refuse clinician")
    texts = [n.text for n in judge("MN", rulebook=book, records=[elsewhere]).notices]
    assert any(text.startswith("Another part of your body") for text in texts)
    texts = [n.text for n in judge("MN", rulebook=book, records=[told]).notices]
    assert any(text.startswith("You told us about this") for text in texts)


def test_a_reason_is_the_nearest_one_given():
    book = _fresh()
    said = {
        "clause": judge("MN", rulebook=book, new_tattoo_nearby=iso(0)),
        "band": judge("RF", rulebook=book, last_filler=iso(-40)),
        "rule": judge("RF", rulebook=book, last_filler=iso(0)),
        "trip": judge("SP", rulebook=book, sun_trip=iso(0), sun_trip_end=iso(0)),
        "state": judge("MN", rulebook=book, st_johns_wort="now"),
        "silence": judge("MN", rulebook=book, unwell=None),
    }

    starts = {name: found.windows[0].reason[:22] for name, found in said.items()}

    assert starts == {
        "clause": "A new tattoo or perman",
        "band": "You have had filler th",
        "rule": "Filler needs at least ",
        "trip": "You plan to be in stro",
        "state": "Some medicines make sk",
        "silence": "We need one more answe",
    }


def test_rules_are_as_written():
    book = _fresh()
    codes = {t.code: t.id for t in book.treatments.values()}

    for entry in _written("rules")["rule"]:
        rule = book.rules[entry["id"]]
        listed = entry["treatments"]
        wanted = list(TREATMENTS) if listed == "all" else listed
        assert [codes[code] for code in wanted] == list(rule.treatments)
        said = (rule.title, rule.summary, rule.reason, list(rule.sources))
        keys = ("title", "summary", "reason", "sources")
        assert said == tuple(entry[key] for key in keys)
        assert rule.set_by == entry.get("set_by", "answers")
        assert (list(rule.areas) if rule.areas else None) == entry.get("areas")


def test_reasons_and_sources_of_ticks_are_as_written():
    book = _fresh()

    for rule in _written("rules")["rule"]:
        for clause in rule.get("clause", []):
            if clause["kind"] != "tick" or clause["verdict"] == "inform":
                continue
            if "profiles" in clause and "SkinPen" not in clause["profiles"]:
                continue
            code = clause.get("treatments", rule["treatments"])[0]
            code = "MN" if code == "a" else code
            answer = clause["answers"][0]
            question = book.questions[clause["question"]]
            value = [answer] if question.kind == "choices" else answer
            window = judge(code, rulebook=book, **{question.id: value}).windows[0]
            assert window.reason == clause.get("reason", rule["reason"])
            wanted = dict.fromkeys([*clause["sources"], *rule["sources"]])
            assert list(window.sources) == list(wanted)


def test_questions_are_as_written():
    book = _fresh()
    written = _written("questions")

    assert [vars_of(page, "id title intro") for page in book.pages] == written["page"]
    for entry in written["question"]:
        question = book.questions[entry["id"]]
        assert vars_of(question, "id text help page label kind tense") == {
            key: entry[key]
            for key in ("id", "text", "help", "page", "label", "kind", "tense")
        }
        assert question.clear_answer == entry["clear_answer"]
        assert list(question.rules) == entry["rules"]
        assert question.area_specific == entry.get("area_specific", False)
        assert question.valid_days == entry.get("valid_days", 92)
        assert question.unsure_counts_as == entry.get("unsure_counts_as")
        assert question.missing_counts_as == entry.get("missing_counts_as")
        assert list(question.implied_by) == entry.get("implied_by", [])
        reports = [(r.treatment, r.case) for r in question.reports]
        told = entry.get("reports", [])
        assert reports == [(r["treatment"], r.get("case")) for r in told]
        follow = question.asked_if.question if question.asked_if else None
        assert follow == entry.get("asked_if")
        if "choices" in entry:
            offered = [vars_of(c, "value label") for c in question.choices]
            assert offered == entry["choices"]
        elif question.kind == "yes_no":
            assert [c.label for c in question.choices] == ["Yes", "No", "I am not sure"]


def test_treatments_areas_and_sources_are_as_written():
    book = _fresh()
    written = _written("treatments")

    for entry in written["treatment"]:
        made = book.treatments[entry["id"]]
        keys = ("id", "code", "name", "summary")
        assert vars_of(made, " ".join(keys)) == {key: entry[key] for key in keys}
        lists = (list(made.areas), list(made.synonyms), [text.id for text in made.info])
        assert lists == (entry["areas"], entry["synonyms"], entry["info"])
    assert [vars_of(area, "id name") for area in book.areas.values()] == [
        {"id": entry["id"], "name": entry["name"]} for entry in written["area"]
    ]
    for entry in _written("sources")["source"]:
        source = book.sources[entry["id"]]
        keys = ("title", "publisher", "year", "address", "strength")
        assert vars_of(source, " ".join(keys)) == {key: entry.get(key) for key in keys}
    assert book.sources["S-095"].publisher == "A clinic's blog"
    assert book.sources["S-095"].strength == "source article"


def test_messages_are_as_written():
    book = _fresh()
    written = _written("messages")
    texts = {entry["id"]: entry for entry in written["text"] + written["info"]}

    for entry in written["step"]:
        for name in _listed(entry):
            (step,) = [s for s in book.plan(name) if s.id == entry["id"]]
            assert [text.id for text in step.texts] == entry["texts"]
            said = vars_of(step, "kind anchor days hours urgent title")
            plain = {"days": 0, "hours": 0, "urgent": False} | entry
            assert said == {key: plain[key] for key in said}
            for text in step.texts:
                told = texts[text.id]
                assert (text.text, list(text.sources)) == (
                    told["text"],
                    told["sources"],
                )
                assert text.unsourced == told.get("unsourced", False)
    for entry in written["red_flag"]:
        for name in _listed(entry):
            (flag,) = [f for f in book.red_flags(name) if f.id == entry["id"]]
            keys = ("sign", "when", "action", "message")
            assert vars_of(flag, " ".join(keys)) == {key: entry[key] for key in keys}
            assert list(flag.sources) == entry["sources"]
    assert book.clinical_words == set(written["words"]["clinical"])


def test_plans_and_flags_are_read_in_order():
    book = _fresh()

    plan = book.plan("rf_microneedling")
    assert [(s.kind, s.anchor, s.days, s.hours) for s in plan] == messages.NEEDLING
    for code, flags in messages.FLAGS.items():
        read = book.red_flags(TREATMENTS[code])
        assert " ".join(flag.id for flag in read) == flags


def vars_of(thing, names):
    return {name: getattr(thing, name) for name in names.split()}


def _listed(entry):
    listed = entry["treatments"]
    codes = TREATMENTS | {"CON": "consultation"}
    return [codes[code] for code in (TREATMENTS if listed == "all" else listed)]
