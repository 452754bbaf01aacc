"""The manager's pages of the rulebook: read, draft, sign, publish, compare."""

from __future__ import annotations

import pytest
from sqlalchemy import select

import screening
from booking import rulebooks
from booking.models import RulebookVersion, Site
from booking.rulebooks import drafts
from tests import builders
from tests.web.staff import sign_in, text_of

PART = "/desk/rulebook/drafts/1/rules/R-55/0-x-bands"


@pytest.fixture
def manager(client, session):
    builders.make_clinic()
    sign_in(client, "manager", name="Max Boss")
    return client


@pytest.fixture
def draft(manager):
    manager.post("/desk/rulebook/drafts", data={"title": "More days"})
    return manager


def _seen(session, number=1):
    session.expire_all()
    return drafts.stamp(session.get(RulebookVersion, number))


def _rows(*rows):
    keys = ("from", "until", "verdict", "release_by")
    return {
        f"row-{n}-{key}": value
        for n, row in enumerate(rows)
        for key, value in zip(keys, row, strict=True)
    }


TWO_WEEKS = ("0", "14", "refuse", "clinician")
STRICTER = _rows(("0", "21", "refuse", "clinician"), ("21", "40", "hold", "reception"))
LOOSER = _rows(("0", "7", "refuse", "clinician"), ("7", "28", "hold", "reception"))


def _save(client, session, url, **data):
    return client.post(url, data=data | {"seen": _seen(session)})


def _publish(client, session, day="2027-03-03"):
    url = "/desk/rulebook/drafts/1/publish"
    return _save(client, session, url, effective_on=day)


def test_reception_has_no_business_here(client, session):
    builders.make_clinic()
    sign_in(client, "reception")

    assert client.get("/desk/rulebook/").status_code == 403
    assert "Rulebook" not in text_of(client.get("/desk/"))


def test_a_clinician_reads_but_does_not_change(client, session):
    builders.make_clinic()
    sign_in(client, "clinician", name="Cleo Hart")

    assert client.get("/desk/rulebook/rules").status_code == 200
    answer = client.post("/desk/rulebook/drafts", data={"title": "Mine"})
    assert answer.status_code == 403


def test_every_rule_can_be_read_with_its_sources(manager):
    for rule in screening.load().rules:
        page = text_of(manager.get(f"/desk/rulebook/rules/{rule}"))
        assert rule in page

    toxin = text_of(manager.get("/desk/rulebook/rules/R-55"))
    assert "days 0 to 13: refused, a clinician may release it" in toxin
    assert "days 14 to 27: held, reception may release it" in toxin
    assert "O-30" in toxin


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=toxin+needling", {"R-55"}),
        ("question=last_toxin&treatment=BTX", {"R-66"}),
        ("q=zebra", set()),
    ],
)
def test_rules_are_found_by_word_treatment_and_question(manager, query, found):
    page = manager.get(f"/desk/rulebook/rules?{query}").get_data(as_text=True)

    shown = {r for r in screening.load().rules if f"/rules/{r}" in page}
    assert shown == found


def test_the_table_questions_and_messages_can_be_read(manager):
    table = text_of(manager.get("/desk/rulebook/table"))
    questions = text_of(manager.get("/desk/rulebook/questions"))

    assert "Days between two treatments" in table
    assert "An answer counts for 92 days" in questions
    assert "Red flags" in text_of(manager.get("/desk/rulebook/texts"))
    assert "No rule has fired" in text_of(manager.get("/desk/rulebook/overrides"))


def test_an_interval_is_changed_and_published(draft, session):
    saved = _save(draft, session, PART, **STRICTER)
    page = text_of(draft.get("/desk/rulebook/drafts/1"))
    impact = text_of(draft.get("/desk/rulebook/drafts/1/impact"))
    published = _publish(draft, session)

    assert (saved.status_code, published.status_code) == (303, 303)
    assert "days 0 to 20: refused, a clinician may release it" in page
    assert "Nothing. No signature is needed." in page
    assert "0 of 0 visits to come" in impact
    session.expire_all()
    site = session.scalars(select(Site)).one()
    assert rulebooks.current(site).version == site.rulebook_in_force
    assert "In force: More days" in text_of(draft.get("/desk/rulebook/"))


def test_a_looser_draft_is_published_after_a_clinician_signed(draft, session, client):
    _save(draft, session, PART, **LOOSER)

    refused = _publish(draft, session)
    draft.post("/logout")
    sign_in(client, "clinician", name="Cleo Hart")
    signed = _save(client, session, "/desk/rulebook/drafts/1/sign")
    client.post("/logout")
    client.post(
        "/login",
        data={"email": "max@clinic.example", "password": "four words with spaces"},
    )
    published = _publish(client, session)

    assert refused.status_code == 409
    assert "A clinician who did not work on it has to sign it" in text_of(refused)
    assert (signed.status_code, published.status_code) == (303, 303)
    session.expire_all()
    assert session.get(RulebookVersion, 1).signed_by == "Cleo Hart"


def test_what_is_looser_is_told_in_plain_words(draft, session):
    _save(draft, session, PART, **LOOSER)

    page = text_of(draft.get("/desk/rulebook/drafts/1"))

    assert (
        "on day 7 “refused, a clinician may release it” becomes "
        "“held, reception may release it”"
    ) in page


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        ([TWO_WEEKS, ("20", "28", "hold", "reception")], "row-1-from", "leaves a gap"),
        ([TWO_WEEKS, ("9", "28", "hold", "reception")], "row-1-from", "an overlap"),
        ([("0", "-3", "refuse", "clinician")], "row-0-until", "must not be negative"),
        ([("0", "99999", "refuse", "clinician")], "row-0-until", "at most 3660 days"),
        ([("0", "two weeks", "refuse", "clinician")], "row-0-until", "whole number"),
        ([("", "14", "refuse", "clinician")], "row-0-from", "must be a whole number"),
        ([("0", "14", "refuse", "")], "row-0-release_by", "must say who"),
    ],
)  # fmt: skip
def test_a_mistake_stands_beside_its_field(draft, session, rows, field, words):
    answer = _save(draft, session, PART, **_rows(*rows))

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page
    assert words in page
    assert "Nothing was changed." in page
    session.expire_all()
    assert session.get(RulebookVersion, 1).edits == []


def test_each_kind_of_change_has_its_form(draft, session):
    base = "/desk/rulebook/drafts/1"
    for url, data in [
        (f"{base}/rules/R-34/0-x-all", {"verdict": "refuse", "release_by": "nobody"}),
        (f"{base}/rules/R-76/0-x-all", {"verdict": "hold", "release_by": "reception"}),
        (f"{base}/rules/R-57/1-2-all", {"at_least": "100"}),
        (f"{base}/rules/R-35/off", {}),
        (f"{base}/table/MN/FIL", {"days": "20"}),
        (f"{base}/questions/unwell/days", {"days": "7"}),
        (f"{base}/texts/reason/R-33", {"text": "Please call us."}),
        (f"{base}/texts/help/lumps", {"text": "Warts count too."}),
        (f"{base}/texts/info/I-03", {"text": "Pores do not grow."}),
    ]:
        if not url.endswith("/off"):
            assert draft.get(url).status_code == 200, url
        assert _save(draft, session, url, **data).status_code == 303, url

    session.expire_all()
    edits = session.get(RulebookVersion, 1).edits
    assert len(edits) == 9
    assert [
        draft.post(
            f"{base}/take-back", data={"number": "0", "seen": _seen(session)}
        ).status_code
    ] == [303]  # noqa: E501
    session.expire_all()
    assert len(session.get(RulebookVersion, 1).edits) == 8


def test_a_draft_that_somebody_else_changed_is_not_overwritten(draft, session):
    seen = _seen(session)
    draft.post(PART, data=STRICTER | {"seen": seen})

    answer = draft.post(PART, data=LOOSER | {"seen": seen})

    assert answer.status_code == 409
    assert "Somebody else changed this draft" in text_of(answer)


def test_silence_cannot_be_switched_off(draft, session):
    answer = _save(draft, session, "/desk/rulebook/drafts/1/rules/R-74/off")

    assert answer.status_code == 422
    assert "cannot be switched off" in text_of(answer)


@pytest.mark.parametrize("day", ["", "soon", "2027-03-02", "2031-01-01"])
def test_a_day_that_is_none_is_refused(draft, session, day):
    _save(draft, session, PART, **STRICTER)

    answer = _publish(draft, session, day)

    assert answer.status_code == 422
    assert 'id="effective_on-error"' in answer.get_data(as_text=True)


def test_versions_are_compared_and_taken_up_again(draft, session):
    _save(draft, session, PART, **STRICTER)
    _publish(draft, session)
    draft.post("/desk/rulebook/drafts", data={"title": "Device"})
    draft.post(
        "/desk/rulebook/drafts/2/device",
        data={"profile": "Exceed", "seen": _seen(session, 2)},
    )
    draft.post(
        "/desk/rulebook/drafts/2/publish",
        data={"effective_on": "2027-03-03", "seen": _seen(session, 2)},
    )

    compared = text_of(draft.get("/desk/rulebook/compare?one=shipped&other=1"))
    devices = text_of(draft.get("/desk/rulebook/compare?one=1&other=2"))
    again = draft.post("/desk/rulebook/versions/1/again")

    assert "R-55 Toxin before needling or PRP" in compared
    assert "SkinPen becomes Exceed" in devices
    assert again.headers["Location"].endswith("/drafts/3")
    assert (
        session.get(RulebookVersion, 3).edits == session.get(RulebookVersion, 1).edits
    )


def test_a_version_that_waits_can_be_withdrawn(draft, session):
    _save(draft, session, PART, **STRICTER)
    _publish(draft, session, "2027-03-10")
    waiting = text_of(draft.get("/desk/rulebook/"))

    draft.post("/desk/rulebook/versions/1/withdraw")

    assert "comes into force on Wed 10 Mar" in waiting
    session.expire_all()
    assert session.get(RulebookVersion, 1).state == "withdrawn"


def test_a_discarded_draft_is_gone(draft, session):
    answer = _save(draft, session, "/desk/rulebook/drafts/1/discard")

    assert answer.status_code == 303
    assert draft.get("/desk/rulebook/drafts/1").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "rules/R-99",
        "drafts/9",
        "drafts/1/rules/R-55/9-x-bands",
        "drafts/1/rules/R-73/0-x-all",
        "drafts/1/table/MN/XX",
        "drafts/1/questions/shoe_size/days",
        "drafts/1/texts/reason/R-99",
        "drafts/1/texts/colour/R-55",
        "compare?one=99",
        "compare?one=x",
        "rules?draft=99",
    ],
)
def test_what_is_not_there_is_not_found(draft, path):
    assert draft.get(f"/desk/rulebook/{path}").status_code == 404


def test_a_title_is_needed(manager, session):
    manager.post("/desk/rulebook/drafts", data={"title": "  "})

    assert session.query(RulebookVersion).count() == 0
