"""Reads the clauses of the rules, one function for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from screening.readers.bands import Context, read_band, read_bands, read_cases
from screening.reading import Entry
from screening.rules.events import Planned, Since
from screening.rules.model import Band, Clause
from screening.rules.states import (
    Age,
    Counted,
    Lasting,
    Meaning,
    Passing,
    State,
    Tick,
    Words,
)
from screening.windows import Authority, Verdict

OLDEST = 150
_ALL = ("kind", "treatments", "profiles", "except_profiles", "reason", "question")
_MEANING = ("verdict", "release_by", "sources", "unsourced")


def read_age(context: Context, entry: Entry) -> Clause:
    """A range of ages, from one birthday to another."""
    entry.only(*_ALL, *_MEANING, "from", "until")
    question = context.question(entry)
    if question.kind != "date":
        raise entry.error("an age needs a question for a date", "question")
    youngest, oldest = entry.number("from"), entry.number("until")
    if not 0 <= youngest < oldest:
        raise entry.error("must be more than from", "until")
    if oldest > OLDEST:
        raise entry.error(f"must be at most {OLDEST} years", "until")
    band = read_band(context, entry, entry, start=youngest, end=oldest)
    return Age(question.id, youngest, oldest, band)


def read_since(context: Context, entry: Entry) -> Clause:
    """Days since an event."""
    entry.only(*_ALL, "by", "case", "bands", "measure")
    question = _dated(context, entry)
    return Since(question, read_cases(context, entry, ("bands", "")))


def read_planned(context: Context, entry: Entry) -> Clause:
    """Days around something planned."""
    entry.only(
        *_ALL, "by", "case", "before", "after", "end", "end_days", "end_unsourced"
    )
    question = context.question(entry)
    if question.kind != "when" or question.tense not in ("future", "both"):
        raise entry.error("is not about something planned", "question")
    end = context.question(entry, "end").id if entry.has("end") else None
    return Planned(
        question.id,
        read_cases(context, entry, ("after", "before")),
        end,
        entry.days("end_days", 0),
        question.tense == "both",
    )


def read_state(context: Context, entry: Entry) -> Clause:
    """A condition that is present, or over."""
    entry.only(*_ALL, "now", "ended")
    question = _dated(context, entry)
    now = entry.child("now")
    meaning = None if now is None else _now(context, now, entry)
    ended = read_bands(context, entry, "ended")
    if meaning is None and not ended:
        raise entry.error("has no days")
    return State(question, meaning, ended)


def _now(context: Context, now: Entry, above: Entry) -> Lasting | Passing:
    now.only(*_MEANING, "mode", "tail")
    if now.one_of("mode", ("lasting", "passing")) == "lasting":
        return Lasting(read_band(context, now, above, start=0, end=None))
    return _passing(context, now, above, now.days("tail"))


def _passing(context: Context, entry: Entry, above: Entry, tail: int) -> Passing:
    """Blocked as if it ended today, for a while at least; then until an answer."""
    days = max(tail, context.passing_days)
    band = read_band(context, entry, above, start=0, end=days)
    still = Band(
        band.rule,
        days,
        None,
        Verdict.HOLD,
        Authority.ANSWER,
        context.still,
        band.sources,
    )
    return Passing(band, still)


def read_tick(context: Context, entry: Entry) -> Clause:
    """Certain answers to a question with fixed answers."""
    entry.only(*_ALL, *_MEANING, "answers", "passing", "days")
    question = context.question(entry)
    answers = entry.texts("answers")
    for answer in answers:
        if answer not in question.values:
            raise entry.error(f"{question.id} takes no answer {answer!r}", "answers")
        if answer == "unsure":
            raise entry.error("doubt is not for a rule to judge", "answers")
    if not answers:
        raise entry.error("names no answer", "answers")
    return Tick(question.id, frozenset(answers), _meaning(context, entry))


def _meaning(context: Context, entry: Entry) -> Meaning:
    if entry.flag("passing"):
        return _passing(context, entry, entry, 0)
    days = entry.maybe_days("days")
    if days == 0:
        raise entry.error("must be at least one day", "days")
    band = read_band(context, entry, entry, start=0, end=days)
    return Lasting(band) if days is None else Counted(band)


def read_words(context: Context, entry: Entry) -> Clause:
    """Anything written, or what mentions one of certain words."""
    entry.only(*_ALL, *_MEANING, "mentions")
    question = context.question(entry)
    if question.kind != "text":
        raise entry.error("is not a question for words", "question")
    mentions = entry.texts("mentions", ())
    for word in mentions:
        if not word.strip() or word != word.casefold():
            raise entry.error(f"{word!r} must be in small letters", "mentions")
    band = read_band(context, entry, entry, start=0, end=None)
    return Words(question.id, band, mentions)


def _dated(context: Context, entry: Entry) -> str:
    question = context.question(entry)
    if question.kind != "when":
        raise entry.error("is not a dated question", "question")
    return question.id


CLAUSES: Mapping[str, Callable[[Context, Entry], Clause]] = {
    "age": read_age,
    "since": read_since,
    "planned": read_planned,
    "state": read_state,
    "tick": read_tick,
    "words": read_words,
}
