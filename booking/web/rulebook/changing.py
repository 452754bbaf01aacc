"""Forms that change one thing of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.errors import BookingError, NotFound
from booking.models.rulebook import RulebookVersion
from booking.rulebooks import drafts
from booking.web import access, edge
from booking.web.desk.blueprint import attempt, problems_of
from booking.web.rulebook.blueprint import bp, managers, of_draft, open_draft, page
from screening import outline
from screening.edits import Edit
from screening.outline import Part

TEXTS = ("reason", "summary", "question", "help", "info", "text", "red_flag")


@bp.route("/drafts/<int:draft_id>/rules/<rule_id>/<key>", methods=["GET", "POST"])
@managers
def change_part(draft_id: int, rule_id: str, key: str) -> ResponseReturnValue:
    """The days, verdict and authority of one part of a rule."""
    draft = open_draft(draft_id)
    part = _part(draft, rule_id, key)
    back = url_for("rulebook.rule", rule_id=rule_id, draft=draft_id)
    if request.method == "POST":
        return _put(draft, _edit_of(part, request.form), "part.html", back, part=part)
    return page("part.html", draft=draft, part=part, back=back, **_blank())


@bp.post("/drafts/<int:draft_id>/rules/<rule_id>/off")
@managers
def switch_off(draft_id: int, rule_id: str) -> ResponseReturnValue:
    draft = open_draft(draft_id)
    found = outline.rule(of_draft(draft).content, rule_id)
    if found is None:
        raise NotFound("There is no such rule.")
    back = url_for("rulebook.rule", rule_id=rule_id, draft=draft_id)
    edit = {"kind": "off", "rule": rule_id}
    shown = {"read": of_draft(draft), "rule": found}
    return _put(draft, edit, "rule.html", back, **shown)


@bp.route("/drafts/<int:draft_id>/table/<first>/<then>", methods=["GET", "POST"])
@managers
def change_cell(draft_id: int, first: str, then: str) -> ResponseReturnValue:
    """One cell of the table of intervals."""
    draft = open_draft(draft_id)
    cell = outline.cells(of_draft(draft).content).get((first, then))
    if cell is None:
        raise NotFound("There is no such cell in the table.")
    back = url_for("rulebook.table", draft=draft_id)
    shown = {"first": first, "then": then, "cell": cell}
    if request.method == "POST":
        days = _number(request.form.get("days", ""))
        edit = {"kind": "cell", "first": first, "then": then, "days": days}
        return _put(draft, edit, "cell.html", back, **shown)
    return page("cell.html", draft=draft, back=back, **shown, **_blank())


@bp.route("/drafts/<int:draft_id>/questions/<name>/days", methods=["GET", "POST"])
@managers
def change_days(draft_id: int, name: str) -> ResponseReturnValue:
    """For how long an answer counts."""
    draft = open_draft(draft_id)
    question = outline.questions(of_draft(draft).content).get(name)
    if question is None:
        raise NotFound("There is no such question.")
    back = url_for("rulebook.questions", draft=draft_id)
    if request.method == "POST":
        days = _number(request.form.get("days", ""))
        edit = {"kind": "valid_days", "question": name, "days": days}
        return _put(draft, edit, "days.html", back, question=question)
    return page("days.html", draft=draft, back=back, question=question, **_blank())


@bp.route("/drafts/<int:draft_id>/texts/<of>/<name>", methods=["GET", "POST"])
@managers
def change_text(draft_id: int, of: str, name: str) -> ResponseReturnValue:
    """The words of a reason, a question or a message."""
    draft = open_draft(draft_id)
    text = _text(of_draft(draft).content, of, name)
    back = _back_of_text(draft_id, of, name)
    shown = {"of": of, "name": name, "text": text}
    if request.method == "POST":
        said = " ".join(request.form.get("text", "").split())
        edit = {"kind": "text", "of": of, "id": name, "clause": None, "text": said}
        return _put(draft, edit, "text.html", back, **shown)
    return page("text.html", draft=draft, back=back, **shown, **_blank())


def _put(
    draft: RulebookVersion, edit: Edit, template: str, back: str, **shown: Any
) -> ResponseReturnValue:
    """Put the edit into the draft; a refusal comes back beside what was typed."""
    number, seen = draft.id, request.form.get("seen", "")
    done = attempt(
        lambda: drafts.put_edit(
            number, edit, seen=seen, actor=access.actor(), now=edge.now()
        )
    )
    if isinstance(done, BookingError):
        said = {
            "refusal": done,
            "problems": problems_of(done),
            "typed": request.form,
        }
        fresh = open_draft(number)
        return page(template, draft=fresh, back=back, **shown, **said), done.status
    flash("The draft is changed.", "done")
    return redirect(back, 303)


def _blank() -> dict[str, Any]:
    return {"refusal": None, "problems": {}, "typed": {}}


def _part(draft: RulebookVersion, rule_id: str, key: str) -> Part:
    found = outline.rule(of_draft(draft).content, rule_id)
    for part in found.parts if found else ():
        if part.key == key and part.shape != "reading":
            return part
    raise NotFound("There is no such part of a rule.")


def _edit_of(part: Part, form: Mapping[str, str]) -> Edit:
    """What the form says, unchecked: the readers of the rulebook check it."""
    where = {"rule": part.rule, "clause": part.clause}
    if part.shape == "at_least":
        days = _number(form.get("at_least", ""))
        return {"kind": "at_least", **where, "case": part.case, "days": days}
    if part.shape == "bands":
        bands = [_band(form, n) for n in range(len(part.rows) + 1)]
        return {
            "kind": "bands",
            **where,
            "case": part.case,
            "part": part.part,
            "bands": [band for band in bands if band is not None],
        }
    numbers = {
        "days" if name == "tail" else name: _number(form.get(name, ""))
        for name in part.numbers
    }
    return {
        "kind": "outcome",
        **where,
        "part": part.part,
        **_verdict(form, ""),
        **numbers,
    }


def _band(form: Mapping[str, str], number: int) -> Edit | None:
    """A row of the form; None if it was taken away or left empty."""
    prefix = f"row-{number}-"
    if not form.get(f"{prefix}verdict"):
        return None
    until = form.get(f"{prefix}until", "").strip()
    return {
        "from": _number(form.get(f"{prefix}from", "")),
        "until": _number(until) if until else None,
        **_verdict(form, prefix),
    }


def _verdict(form: Mapping[str, str], prefix: str) -> dict[str, str | None]:
    verdict = form.get(f"{prefix}verdict", "")
    by = form.get(f"{prefix}release_by") or None
    return {"verdict": verdict, "release_by": None if verdict == "inform" else by}


def _number(text: str) -> int | str:
    """A whole number; anything else as typed, for the readers to refuse."""
    text = text.strip()
    digits = text.removeprefix("-")
    short = digits.isascii() and digits.isdecimal() and len(digits) < 10
    return int(text) if short else text


def _text(content: Mapping[str, Any], of: str, name: str) -> str:
    if of in ("reason", "summary"):
        rule = outline.rule(content, name)
        found = getattr(rule, of) if rule else None
    elif of in ("question", "help"):
        question = outline.questions(content).get(name)
        found = question["text" if of == "question" else "help"] if question else None
    else:
        found = outline.texts(content).get((of, name))
    if found is None:
        raise NotFound("There is no such text.")
    return str(found)


def _back_of_text(draft_id: int, of: str, name: str) -> str:
    if of in ("reason", "summary"):
        return url_for("rulebook.rule", rule_id=name, draft=draft_id)
    if of in ("question", "help"):
        return url_for("rulebook.questions", draft=draft_id)
    return url_for("rulebook.texts", draft=draft_id)
