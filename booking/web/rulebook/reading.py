"""Reading the rulebook: rules, table, questions, texts, and how rules fare."""

from __future__ import annotations

from collections.abc import Iterator

from flask import request
from flask.typing import ResponseReturnValue

from booking import rulebooks
from booking.errors import NotFound
from booking.rulebooks import drafts, override_counts, versions
from booking.web import edge
from booking.web.rulebook.blueprint import Read, bp, page, readers, shown
from screening import outline
from screening.outline import RuleOutline


@bp.get("/")
@readers
def home() -> ResponseReturnValue:
    site = edge.site()
    return page(
        "home.html",
        in_force=drafts.in_force(site),
        current=rulebooks.current(site),
        scheduled=versions.scheduled(site, now=edge.now()),
        drafts=drafts.drafts(site),
        versions=versions.versions(site),
    )


@bp.get("/rules")
@readers
def rules() -> ResponseReturnValue:
    read = shown()
    wanted = {
        name: request.args.get(name, "").strip()[:100]
        for name in ("q", "treatment", "question")
    }
    return page("rules.html", read=read, found=list(_found(read, wanted)), asked=wanted)


@bp.get("/rules/<rule_id>")
@readers
def rule(rule_id: str) -> ResponseReturnValue:
    read = shown()
    found = outline.rule(read.content, rule_id)
    if found is None:
        raise NotFound("There is no such rule.")
    return page("rule.html", read=read, rule=found)


@bp.get("/table")
@readers
def table() -> ResponseReturnValue:
    read = shown()
    cells = outline.cells(read.content)
    codes = list(dict.fromkeys(first for first, _ in cells))
    return page("table.html", read=read, cells=cells, codes=codes)


@bp.get("/questions")
@readers
def questions() -> ResponseReturnValue:
    read = shown()
    return page("questions.html", read=read, listed=outline.questions(read.content))


@bp.get("/texts")
@readers
def texts() -> ResponseReturnValue:
    read = shown()
    return page("texts.html", read=read, listed=outline.texts(read.content))


@bp.get("/overrides")
@readers
def overrides() -> ResponseReturnValue:
    found = override_counts.of(edge.site(), now=edge.now())
    return page("overrides.html", found=found, least=override_counts.LEAST_FIRINGS)


def _found(read: Read, wanted: dict[str, str]) -> Iterator[RuleOutline]:
    """The rules that hold every word searched for, the treatment and the question."""
    for rule in outline.rules(read.content):
        said = f"{rule.id} {rule.title} {rule.summary} {rule.reason}".casefold()
        if not all(word in said for word in wanted["q"].casefold().split()):
            continue
        if _is_about(rule, wanted["treatment"], wanted["question"]):
            yield rule


def _is_about(rule: RuleOutline, code: str, question: str) -> bool:
    """Whether the rule, or one part of it, is about both; nothing wanted: any."""
    if not question:
        return not code or bool({code, "all"} & set(rule.treatments))
    return any(
        question in (part.question, part.by)
        and (not code or bool({code, "all"} & set(part.treatments)))
        for part in rule.parts
    )
