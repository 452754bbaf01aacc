"""The algebra of a clearance, on windows made by hand."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest

from screening import Authority, Clearance, Conflict, Notice, Verdict, Window
from tests.screening.people import TODAY, day


def window(first, until, word="refuse", release_by="clinician", **changes):
    made = Window(
        rule=changes.pop("rule", "R-99"),
        verdict=Verdict.of(word),
        from_day=day(first),
        until_day=None if until is None else day(until),
        reason=changes.pop("reason", "Because."),
        release_by=Authority(release_by),
    )
    return replace(made, **changes)


def of(*windows):
    return Clearance("v1", "prp", "face", TODAY, tuple(windows))


def test_a_day_takes_the_worst_verdict_over_it():
    found = of(window(0, 20, "hold"), window(5, 10))

    words = [found.verdict_on(day(n)).word for n in (0, 4, 5, 9, 10, 19, 20)]

    assert words == ["hold", "hold", "refuse", "refuse", "hold", "hold", "clear"]


def test_no_windows_are_clear():
    assert of().verdict_on(TODAY) is Verdict.CLEAR
    assert of().first_clear_day(TODAY) == TODAY
    assert of().release_authority_on(TODAY) is None
    assert of().reasons_on(TODAY) == ()


def test_a_window_covers_its_first_day_and_not_its_last():
    two_days = window(1, 3)
    endless = window(1, None)

    assert [two_days.covers(day(n)) for n in range(4)] == [False, True, True, False]
    assert [endless.covers(day(n)) for n in (0, 1, 9999)] == [False, True, True]


def test_the_first_clear_day_skips_every_window():
    found = of(window(0, 5), window(5, 7, "hold"), window(9, 12))

    assert found.first_clear_day(day(0)) == day(7)
    assert found.first_clear_day(day(8)) == day(8)
    assert found.first_clear_day(day(9)) == day(12)
    assert found.first_clear_day(day(400)) == day(400)


def test_days_before_today_are_not_offered():
    assert of().first_clear_day(day(-10)) == TODAY
    assert of(window(0, 2)).earliest_bookable_day(day(-10)) == day(2)


def test_there_may_be_no_clear_day():
    assert of(window(3, None, "hold")).first_clear_day(day(3)) is None
    assert of(window(3, None, "hold")).first_clear_day(day(2)) == day(2)


@pytest.mark.parametrize("release_by", ["reception", "clinician", "answer"])
def test_a_hold_may_be_requested(release_by):
    found = of(window(0, 5), window(5, None, "hold", release_by))

    assert found.earliest_bookable_day(day(0)) == day(5)
    assert found.earliest_bookable_day(day(6)) == day(6)


def test_a_hold_that_nobody_may_release_cannot_be_requested():
    found = of(window(0, 5, "hold", "nobody"), window(0, 9, "hold"))

    assert found.earliest_bookable_day(day(0)) == day(5)
    assert of(window(0, None, "hold", "nobody")).earliest_bookable_day(TODAY) is None


def test_the_strictest_authority_governs():
    found = of(
        window(0, 9, "hold", "reception"),
        window(0, 8, "hold", "clinician"),
        window(0, 7, "hold", "answer"),
        window(0, 6, "refuse", "nobody"),
    )

    who = [found.release_authority_on(day(n)) for n in (5, 6, 7, 8, 9)]

    assert who == ["nobody", "answer", "clinician", "reception", None]


def test_reasons_come_worst_first_and_once():
    found = of(
        window(0, 9, "hold", "reception", rule="R-01", reason="Perhaps."),
        window(0, 9, "hold", "nobody", rule="R-03", reason="Never."),
        window(0, 9, "refuse", "reception", rule="R-04", reason="No."),
        window(0, 9, "hold", "clinician", rule="R-02", reason="Perhaps."),
        window(3, 9, "refuse", "nobody", rule="R-09", reason="Later."),
    )

    assert found.reasons_on(day(0)) == ("No.", "Never.", "Perhaps.")
    assert [w.rule for w in found.windows_on(day(0))] == [
        "R-04",
        "R-03",
        "R-02",
        "R-01",
    ]


def test_notices_concern_their_days():
    always = Notice("R-1", "Drink water.")
    spell = Notice("R-2", "Wear a hat.", day(3), day(5))
    later = Notice("R-3", "Rest.", day(4), None)
    found = replace(of(), notices=(always, spell, later))

    said = [[n.rule for n in found.notices_on(day(k))] for k in (2, 3, 4, 5)]

    assert said == [
        ["R-1"],
        ["R-1", "R-2"],
        ["R-1", "R-2", "R-3"],
        ["R-1", "R-3"],
    ]


def test_a_clearance_survives_json():
    found = Clearance(
        "v1",
        "prp",
        "face",
        TODAY,
        (
            window(0, 9, sources=("O-1", "S-2"), questions=("a",), cause="a=1#0-9"),
            window(2, None, "hold", "answer", refs=("x",), provenance="record"),
        ),
        (Notice("R-1", "Drink."), Notice("R-2", "Rest.", day(1), day(2))),
        ("a", "b"),
        (Conflict("a", "never", "once", "visit-3"),),
    )

    written = json.loads(json.dumps(found.to_json()))

    assert Clearance.from_json(written) == found
    assert written["windows"][0]["from"] == "2026-03-02"
    assert written["windows"][1]["until"] is None
    assert written["windows"][1]["release_by"] == "answer"
    assert written["notices"][0]["from"] is None
    assert written["today"] == "2026-03-02"


def test_verdicts_have_words_and_an_order():
    assert [v.word for v in Verdict] == ["clear", "hold", "refuse"]
    assert [str(v) for v in Verdict] == ["clear", "hold", "refuse"]
    assert Verdict.CLEAR < Verdict.HOLD < Verdict.REFUSE
    assert Verdict.of("hold") is Verdict.HOLD
    with pytest.raises(ValueError, match="no verdict is called 'maybe'"):
        Verdict.of("maybe")


def test_authorities_have_an_order():
    assert [a.rank for a in Authority] == [0, 1, 2, 3]
    assert [a.value for a in Authority] == [
        "reception",
        "clinician",
        "answer",
        "nobody",
    ]


def test_windows_and_clearances_do_not_change():
    with pytest.raises(FrozenInstanceError):
        of().today = day(1)
    with pytest.raises(FrozenInstanceError):
        window(0, 1).rule = "R-00"


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "R-98"},
        {"verdict": Verdict.HOLD},
        {"release_by": Authority.NOBODY},
        {"provenance": "record"},
        {"cause": "b=2#0-9"},
        {"questions": ("b",)},
        {"refs": ("b",)},
    ],
)
def test_another_meaning_has_another_key(change):
    made = window(0, 9, cause="a=1#0-9", questions=("a",), refs=("a",))

    assert replace(made, **change).key != made.key
    assert made.key.startswith("R-99:")


def test_a_key_does_not_move_with_today():
    made = window(0, 9, cause="a=1#0-9")

    assert replace(made, from_day=day(3), until_day=day(12)).key == made.key
    assert replace(made, reason="Said better.", sources=("O-2",)).key == made.key


def test_without_a_cause_the_days_make_the_key():
    assert window(0, 9).key != window(1, 9).key
    assert window(0, 9).key != window(0, None).key
    assert window(0, 9).key == window(0, 9).key
