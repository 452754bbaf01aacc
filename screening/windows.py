"""Windows of days, notices and conflicts: what a clearance is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any


class Verdict(IntEnum):
    """What a day is for one patient, treatment and area; the worst one governs."""

    CLEAR = 0
    HOLD = 1
    REFUSE = 2

    @property
    def word(self) -> str:
        """The word used in rulebooks, JSON and pages."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Verdict:
        """The verdict called `word`; ValueError if there is none."""
        for verdict in cls:
            if verdict.word == word:
                return verdict
        raise ValueError(f"no verdict is called {word!r}")

    def __str__(self) -> str:
        return self.word


class Authority(StrEnum):
    """The least authority that may release a window."""

    RECEPTION = "reception"
    CLINICIAN = "clinician"
    ANSWER = "answer"
    NOBODY = "nobody"

    @property
    def rank(self) -> int:
        """Strictness: reception 0, clinician 1, answer 2, nobody 3."""
        return _RANKS[self]


_RANKS = {authority: rank for rank, authority in enumerate(Authority)}


@dataclass(frozen=True, slots=True)
class Window:
    """Days `[from_day, until_day)` that one rule refuses or holds, and why.

    `until_day` None is open-ended. `cause` says which stated fact and which part of
    the rule made the window, in terms that do not move when today does.
    """

    rule: str
    verdict: Verdict
    from_day: date
    until_day: date | None
    reason: str
    release_by: Authority
    sources: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    provenance: str = "answer"
    refs: tuple[str, ...] = ()
    cause: str = ""

    def covers(self, day: date) -> bool:
        """Whether `day` lies in the window."""
        return self.from_day <= day and (self.until_day is None or day < self.until_day)

    @property
    def key(self) -> str:
        """A stable identity for releases: the same fact and rule give the same key.

        A window clipped at today begins a day later tomorrow; a release must still
        cover it. So the key is made of the cause and not of the clipped days.
        """
        days = f"{self.from_day}/{self.until_day}" if not self.cause else self.cause
        parts = (
            self.rule,
            self.verdict.word,
            self.release_by.value,
            self.provenance,
            ",".join(self.questions),
            ",".join(self.refs),
            days,
        )
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
        return f"{self.rule}:{digest[:16]}"

    def to_json(self) -> dict[str, Any]:
        """JSON types only; `from_json` gives the same window back."""
        return {
            "rule": self.rule,
            "verdict": self.verdict.word,
            "from": self.from_day.isoformat(),
            "until": _iso(self.until_day),
            "reason": self.reason,
            "release_by": self.release_by.value,
            "sources": list(self.sources),
            "questions": list(self.questions),
            "provenance": self.provenance,
            "refs": list(self.refs),
            "cause": self.cause,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Window:
        """The window that `to_json` wrote."""
        return cls(
            rule=data["rule"],
            verdict=Verdict.of(data["verdict"]),
            from_day=date.fromisoformat(data["from"]),
            until_day=_day(data["until"]),
            reason=data["reason"],
            release_by=Authority(data["release_by"]),
            sources=tuple(data["sources"]),
            questions=tuple(data["questions"]),
            provenance=data["provenance"],
            refs=tuple(data["refs"]),
            cause=data["cause"],
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """Advice that blocks nothing; no days means that it always holds."""

    rule: str
    text: str
    from_day: date | None = None
    until_day: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the advice concerns a visit on `day`."""
        if self.from_day is not None and day < self.from_day:
            return False
        return self.until_day is None or day < self.until_day

    def to_json(self) -> dict[str, Any]:
        """JSON types only."""
        return {
            "rule": self.rule,
            "text": self.text,
            "from": _iso(self.from_day),
            "until": _iso(self.until_day),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Notice:
        """The notice that `to_json` wrote."""
        days = _day(data["from"]), _day(data["until"])
        return cls(data["rule"], data["text"], *days)


@dataclass(frozen=True, slots=True)
class Conflict:
    """An answer that the clinic's own record contradicts; the stricter one counts."""

    question: str
    answer: str
    record: str
    ref: str

    def to_json(self) -> dict[str, str]:
        """JSON types only."""
        return {
            "question": self.question,
            "answer": self.answer,
            "record": self.record,
            "ref": self.ref,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Conflict:
        """The conflict that `to_json` wrote."""
        return cls(data["question"], data["answer"], data["record"], data["ref"])


def by_rule(window: Window) -> tuple[object, ...]:
    """The order of windows in a clearance: every field that can differ counts."""
    return (
        window.rule,
        window.from_day,
        window.until_day or date.max,
        -window.verdict,
        -window.release_by.rank,
        window.questions,
        window.provenance,
        window.refs,
        window.cause,
        window.reason,
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def in_order(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Sorted by rule and first day, each meaning once: the order of facts is lost."""
    return tuple(sorted(set(windows), key=by_rule))
