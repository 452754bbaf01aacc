"""Rules, parts, differences and what is looser, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from screening import Difference, Looser, Rulebook
from screening.edits import Edit
from screening.outline import Part, Row

VERDICTS = {"refuse": "refused", "hold": "held", "inform": "advice only"}
AUTHORITIES = {
    "reception": "reception may release it",
    "clinician": "a clinician may release it",
    "answer": "only a new answer of the patient ends it",
    "nobody": "nobody may release it",
}
DEVICES = {
    "SkinPen": "SkinPen",
    "Exceed": "Exceed",
    "Dermapen4": "Dermapen 4",
    "RF": "Radiofrequency needling",
}
_LEVELS = ("nothing", "advice only", "held", "refused")
_RANKS = (*AUTHORITIES.values(), "")
_NUMBERS = {
    "days": "Days from the day of the answer",
    "tail": "Days, as if it ended today",
    "from": "From age",
    "until": "Until the birthday at age",
    "at_least": "Least days, whatever the table says",
}
_PARTS = {
    ("since", "bands"): "Days after: {}",
    ("planned", "before"): "Days before: {}",
    ("planned", "after"): "During and after: {}",
    ("state", "now"): "While it lasts: {}",
    ("state", "ended"): "Days since it ended: {}",
    ("age", ""): "Age, by: {}",
    ("words", ""): "If anything is written: {}",
    ("tick", ""): "If ticked: {}",
    ("always", ""): "For everybody",
    ("symptom", ""): "While a report of a symptom is open",
    ("unanswered", "missing"): "No answer to a question",
    ("unanswered", "unsure"): "“I am not sure” to a question",
    ("spacing", ""): "By the table of intervals, after: {}",
    ("neighbour", ""): "By the table of intervals, around: {}",
}
_TEXTS = {
    "reason": "what patients read",
    "summary": "summary for staff",
    "question": "the question",
    "help": "the help beside the question",
    "info": "information",
    "text": "preparation or aftercare",
    "red_flag": "red flag",
    "title": "title",
    "off": "switched off",
    "treatments": "treatments",
    "areas": "areas",
    "part reason": "what patients read",
    "valid_days": "days for which an answer counts",
}


@dataclass(frozen=True)
class Phrases:
    """Words for things, with the names that a rulebook has for them."""

    rulebook: Rulebook

    def question(self, name: str) -> str:
        known = self.rulebook.questions.get(name)
        return known.label if known else name

    def rule(self, name: str) -> str:
        known = self.rulebook.rules.get(name)
        return f"{name} {known.title}" if known else name

    def treatment(self, name: str) -> str:
        for treatment in self.rulebook.treatments.values():
            if name in (treatment.code, treatment.id):
                return treatment.name
        return "every treatment" if name == "all" else name

    def treatments(self, names: tuple[str, ...]) -> str:
        return ", ".join(self.treatment(name) for name in names)

    def device(self, name: str) -> str:
        return DEVICES.get(name, name)

    def answers(self, part: Part) -> str:
        """The answers for which a part counts."""
        known = self.rulebook.questions.get(part.by or part.question)
        labels = {c.value: c.label for c in known.choices} if known else {}
        said = ", ".join(labels.get(answer, answer) for answer in part.answers)
        return f"{said}, or not known" if part.otherwise and said else said

    def part(self, part: Part) -> str:
        """What a part of a rule is about."""
        words = _PARTS.get((part.kind, part.part), part.kind)
        words = words.format(self.question(part.question))
        answers = self.answers(part)
        if part.by and answers:
            return f"{words} ({self.question(part.by)}: {answers})"
        return f"{words}: {answers}" if answers else words

    def scope(self, part: Part) -> str:
        """With which devices a part counts; nothing if with all."""
        if part.profiles:
            return "Only with " + ", ".join(map(self.device, part.profiles))
        if part.except_profiles:
            return "Not with " + ", ".join(map(self.device, part.except_profiles))
        return ""

    def row(self, row: Row, part: Part) -> str:
        """Days 0 to 13: refused, a clinician may release it."""
        what = VERDICTS.get(row.verdict, row.verdict)
        who = AUTHORITIES.get(row.release_by or "", "")
        said = f"{what}, {who}" if who else what
        return f"{self._days(row)}: {said}" if part.shape == "bands" else said

    def _days(self, row: Row) -> str:
        if row.end is None:
            return f"from day {row.start} on"
        last = row.end - 1
        return f"day {last}" if last == row.start else f"days {row.start} to {last}"

    def number(self, name: str) -> str:
        return _NUMBERS.get(name, name)

    def numbers(self, part: Part) -> list[tuple[str, int]]:
        return [(self.number(name), days) for name, days in part.numbers.items()]

    def said(self, value: object) -> str:
        """One side of a difference."""
        if value is None:
            return "nothing"
        if isinstance(value, Part):
            rows = [] if value.shape == "at_least" else value.rows
            words = [self.row(row, value) for row in rows]
            words += [f"{name}: {days}" for name, days in self.numbers(value)]
            return "; ".join(words) or "by the table of intervals"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return ", ".join(value) if isinstance(value, tuple) else str(value)

    def about(self, found: Difference) -> str:
        """What a difference is about."""
        if found.kind == "rule":
            what = self.part(found.part) if found.what == "part" and found.part else ""
            what = what or _TEXTS.get(found.what, found.what)
            return f"{self.rule(found.about)} – {what}"
        if found.kind == "cell":
            first, then = found.about.split(" ")
            return f"{self.treatment(first)}, then {self.treatment(then)} – days"
        if found.kind == "question":
            what = _TEXTS.get(found.what, "the question")
            return f"{self.question(found.about)} – {what}"
        return f"{found.about} – {_TEXTS.get(found.kind, found.kind)}"

    def edit(self, edit: Edit) -> str:
        """What an edit of a draft changes."""
        kind = edit["kind"]
        if kind == "cell":
            first, then = self.treatment(edit["first"]), self.treatment(edit["then"])
            return f"{first}, then {then}: {edit['days']} days"
        if kind == "valid_days":
            return f"{self.question(edit['question'])}: counts {edit['days']} days"
        if kind == "text":
            name = edit["id"]
            known = self.rule(name) if name in self.rulebook.rules else None
            return f"{known or self.question(name)}: {_TEXTS.get(edit['of'], 'text')}"
        return f"{self.rule(edit['rule'])}: " + (
            "switched off" if kind == "off" else "days, verdict or who may release"
        )

    def looser(self, found: Iterable[Looser]) -> list[str]:
        """Which rules let more pass, and how; what changes alike is said once."""
        alike: dict[tuple[object, ...], list[str]] = {}
        for one in found:
            change = one.rule, one.day, one.before, one.after
            alike.setdefault(change, []).append(self._looser_about(one.about))
        return [
            f"{self.rule(str(rule))}: on day {day} {_strength(before)} becomes "
            f"{_strength(after)} ({'; '.join(filter(None, abouts)) or 'for everybody'})"
            for (rule, day, before, after), abouts in alike.items()
        ]

    def _looser_about(self, about: str) -> str:
        first, _, then = about.partition(" ")
        if not then or about in self.rulebook.questions:
            return self.question(about)
        return f"{self.treatment(first)}, then {self.treatment(then)}"


def _strength(strength: Any) -> str:
    level, rank = strength
    who = _RANKS[rank] if rank >= 0 else ""
    return f"“{_LEVELS[level]}{', ' if who else ''}{who}”"
