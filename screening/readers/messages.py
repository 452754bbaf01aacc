"""Reads texts: information, the plan of messages, red flags and clinical words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from screening.catalogue import Deadline, RedFlag, Silence, Source, Step, Text
from screening.readers.catalogue import Catalogue
from screening.reading import Document, Entry

KINDS = ("prep", "recheck", "aftercare", "checkin")
ANCHORS = ("visit", "after")
ACTIONS = (
    "emergency",
    "urgent",
    "same_day",
    "within_2_days",
    "within_3_days",
    "within_7_days",
    "none",
)
PLACEHOLDERS = ("{numbing_minutes}", "{next_date}")


def read_texts(
    document: Document, name: str, sources: Mapping[str, Source]
) -> dict[str, Text]:
    """The `[[name]]` texts, by id, each with a source or marked unsourced."""
    texts: dict[str, Text] = {}
    for entry in document.entries(name):
        entry.only("id", "text", "sources", "unsourced")
        text = _text(entry, sources)
        if text.id in texts:
            raise entry.error("is there twice")
        texts[text.id] = text
    return texts


def _text(entry: Entry, sources: Mapping[str, Source]) -> Text:
    named = entry.texts("sources", ())
    for source in named:
        if source not in sources:
            raise entry.error(f"there is no source {source!r}", "sources")
    unsourced = entry.flag("unsourced")
    if not named and not unsourced:
        raise entry.error("names no source and is not marked unsourced = true")
    words = entry.text("text")
    if not words.strip():
        raise entry.error("is empty", "text")
    bare = words
    for placeholder in PLACEHOLDERS:
        bare = bare.replace(placeholder, "")
    if "{" in bare or "}" in bare:
        raise entry.error(f"may only hold {' and '.join(PLACEHOLDERS)}", "text")
    return Text(entry.text("id"), words, named, unsourced)


def read_plans(document: Document, catalogue: Catalogue) -> dict[str, tuple[Step, ...]]:
    """For each treatment its steps in order of time."""
    texts = read_texts(document, "text", catalogue.sources)
    plans: dict[str, list[Step]] = {name: [] for name in catalogue.treatments}
    used: set[str] = set()
    for entry in document.entries("step"):
        step = _step(entry, texts)
        used |= {text.id for text in step.texts}
        for treatment in catalogue.listed(entry):
            if any(other.id == step.id for other in plans[treatment]):
                raise entry.error(f"is there twice for {treatment}")
            plans[treatment].append(step)
    for name in texts.keys() - used:
        raise document.section("words").error(f"the text {name} stands in no step")
    return {name: tuple(sorted(steps, key=_in_time)) for name, steps in plans.items()}


def _step(entry: Entry, texts: Mapping[str, Text]) -> Step:
    entry.only(
        "id",
        "treatments",
        "kind",
        "anchor",
        "days",
        "hours",
        "urgent",
        "title",
        "texts",
    )
    names = entry.texts("texts")
    for name in names:
        if name not in texts:
            raise entry.error(f"there is no text {name!r}", "texts")
    if not names:
        raise entry.error("has no text", "texts")
    step = Step(
        entry.text("id"),
        entry.one_of("kind", KINDS),
        entry.one_of("anchor", ANCHORS),
        entry.number("days", 0),
        entry.number("hours", 0),
        entry.flag("urgent"),
        entry.text("title"),
        tuple(texts[name] for name in names),
    )
    if (step.anchor == "visit") != (step.kind in ("prep", "recheck")):
        raise entry.error("preparation is anchored to the visit, the rest after it")
    if (step.anchor == "visit" and step.days > 0) or (
        step.anchor == "after" and min(step.days, step.hours) < 0
    ):
        raise entry.error("lies on the wrong side of the visit", "days")
    return step


def _in_time(step: Step) -> tuple[bool, int, int, str]:
    return step.anchor == "after", step.days, step.hours, step.id


def read_red_flags(
    document: Document, catalogue: Catalogue
) -> dict[str, tuple[RedFlag, ...]]:
    """For each treatment its red flags, the most urgent first."""
    flags: dict[str, list[RedFlag]] = {name: [] for name in catalogue.treatments}
    for entry in document.entries("red_flag"):
        entry.only(
            "id", "treatments", "sign", "when", "action", "message", "sources",
            "unsourced",
        )  # fmt: skip
        flag = RedFlag(
            entry.text("id"),
            entry.text("sign"),
            entry.text("when"),
            entry.one_of("action", ACTIONS),
            entry.text("message"),
            catalogue.sourced(entry),
        )
        for treatment in catalogue.listed(entry):
            flags[treatment].append(flag)
    return {
        name: tuple(sorted(listed, key=lambda flag: ACTIONS.index(flag.action)))
        for name, listed in flags.items()
    }


def read_deadlines(document: Document, catalogue: Catalogue) -> dict[str, Deadline]:
    """How soon somebody must see to a sign, by its action: every one but "none"."""
    deadlines: dict[str, Deadline] = {}
    for entry in document.entries("deadline", "action"):
        entry.only("action", "hours", "days", "sources", "unsourced")
        action = entry.one_of("action", ACTIONS[:-1])
        if action in deadlines:
            raise entry.error("is there twice")
        deadline = Deadline(
            entry.number("hours", 0),
            entry.number("days", 0),
            catalogue.sourced(entry),
            entry.flag("unsourced"),
        )
        if min(deadline.hours, deadline.days) < 0:
            raise entry.error("lies before the report", "days")
        deadlines[action] = deadline
    for action in ACTIONS[:-1]:
        if action not in deadlines:
            raise document.section("words").error(f"no deadline for {action}")
    return deadlines


def read_unanswered(document: Document) -> Silence:
    """What follows a check-in without an answer."""
    entry = document.section("unanswered")
    entry.only("step", "repeat_hours", "call_hours", "unsourced")
    silence = Silence(
        entry.text("step"),
        entry.number("repeat_hours"),
        entry.number("call_hours"),
        entry.flag("unsourced"),
    )
    if min(silence.repeat_hours, silence.call_hours) < 1:
        raise entry.error("must be an hour or more", "repeat_hours")
    if all(step.text("id") != silence.step for step in document.entries("step")):
        raise entry.error(f"there is no step {silence.step!r}", "step")
    return silence


def read_clinical_words(document: Document) -> frozenset[str]:
    """Words that give away what a visit is for, in lower case."""
    return frozenset(_words(document.section("words")))


def _words(entry: Entry) -> Iterator[str]:
    for word in entry.texts("clinical"):
        if word != word.lower().strip() or not word:
            raise entry.error(f"{word!r} must be in lower case", "clinical")
        yield word
