"""docs/api.md leaves out no call and no code."""

from __future__ import annotations

from pathlib import Path

from booking.api import problems
from booking.errors import BookingError
from booking.overrides import DECLINE_REASONS, RELEASE_REASONS
from tests.api.test_contract import CALLS

MANUAL = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
# What only the pages do: keep a time while somebody types, plan courses, let people
# wait, change the rulebook.
ONLY_PAGES = {
    "course_does_not_fit",
    "draft_changed",
    "draft_outdated",
    "hours_changed",
    "needs_signature",
    "offer_ended",
    "offer_unsafe",
    "own_visit_then",
    "reservation_ended",
    "settings_changed",
    "visits_outside",
}


def _refusals(base=BookingError):
    for kind in base.__subclasses__():
        yield kind
        yield from _refusals(kind)


def test_every_call_is_in_the_manual():
    missing = {
        f"{method.upper()} {path}"
        for method, path in (call.split() for call in CALLS)
        if f"{method.upper()} {_in_words(path)}" not in MANUAL
    }

    assert missing == set()


def _in_words(path):
    short = path.removeprefix("/api/v1")
    return short.replace("{treatment}", "{id}").replace("{number}", "{id}")


def test_every_code_is_in_the_manual():
    codes = {kind.code for kind in _refusals()} - ONLY_PAGES
    codes |= {"too_large", "too_many_requests", "method_not_allowed", "unavailable"}

    assert {code for code in codes if f"`{code}`" not in MANUAL} == set()
    assert problems.NotSignedIn.code in codes


def test_every_reason_is_in_the_manual():
    reasons = RELEASE_REASONS.keys() | DECLINE_REASONS.keys()

    assert {reason for reason in reasons if f"`{reason}`" not in MANUAL} == set()
