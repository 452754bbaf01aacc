"""The questions: what is asked, which answers it takes, and what silence means."""

from __future__ import annotations

from dataclasses import dataclass

from screening.facts import (
    NEVER,
    NOW,
    UNSURE,
    Fact,
    Provenance,
    Span,
    Value,
    read_span,
)

KINDS = ("yes_no", "when", "date", "choice", "choices", "text")
TENSES = ("past", "future", "both", "state")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a question takes, and how a patient reads it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The question that a follow-up hangs on: asked if that is now, dated or unsure."""

    question: str
    label: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the questionnaire as a patient sees it."""

    id: str
    title: str
    intro: str


@dataclass(frozen=True, slots=True)
class Report:
    """A treatment that an answer tells of; `case` says of which sort."""

    treatment: str
    case: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the rulebook.

    `tense`: "past" (an event; `now` means today), "state" (a condition that is present,
    absent or over), "future" (planned) or "both". `unsure_counts_as` is the unsafe
    reading of `unsure` where the rulebook has one, `missing_counts_as` that of silence.
    `implied_by` names questions whose `now` or date answers this one with yes.
    """

    id: str
    text: str
    help: str
    page: str
    label: str
    kind: str
    choices: tuple[Choice, ...]
    asked_if: Follow | None
    area_specific: bool
    valid_days: int
    clear_answer: str | list[str]
    rules: tuple[str, ...]
    tense: str
    unsure_counts_as: str | None = None
    missing_counts_as: str | None = None
    implied_by: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the choices, in the order shown."""
        return tuple(choice.value for choice in self.choices)

    def is_event(self) -> bool:
        """Whether `now` means that it happens today, and not that it lasts."""
        return self.kind == "when" and self.tense in ("past", "future")

    def fact(
        self,
        value: object,
        *,
        provenance: Provenance = Provenance.ANSWER,
        area: str | None = None,
        ref: str = "",
    ) -> Fact | None:
        """The fact that `value` states, or None if the question takes no such value."""
        dated = self.kind in ("when", "date")
        span = read_span(value) if dated and isinstance(value, str) else None
        read = self._read(value, span)
        if read is None:
            return None
        return Fact(self.id, read, span, provenance, area, ref)

    def _read(self, value: object, span: Span | None) -> Value | None:
        if self.kind == "choices":
            return self._read_list(value)
        if not isinstance(value, str):
            return None
        return value if self._takes(value, span) else None

    def _read_list(self, value: object) -> tuple[str, ...] | None:
        if not isinstance(value, list | tuple):
            return None
        if any(item not in self.values for item in value):
            return None
        # In the rulebook's order, so that the order of ticking never matters.
        return tuple(item for item in self.values if item in value)

    def _takes(self, value: str, span: Span | None) -> bool:
        if self.kind == "text":
            return True
        if self.kind == "date":
            return len(value) == len("YYYY-MM-DD") and span is not None
        if self.kind == "when":
            return value in (NEVER, NOW, UNSURE) or span is not None
        return value in self.values
