"""Published versions: what each changed, compared, taken up again, withdrawn."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

import screening
from booking import rulebooks
from booking.errors import BookingError, NotFound
from booking.models.rulebook import RulebookVersion
from booking.rulebooks import drafts, versions
from booking.web import access, edge
from booking.web.desk.blueprint import attempt
from booking.web.rulebook.blueprint import bp, managers, page, readers
from screening import differences
from screening.outline import Content

SHIPPED = "shipped"


@bp.get("/compare")
@readers
def compare() -> ResponseReturnValue:
    """Two versions side by side; the shipped one stands for none of ours."""
    known = versions.versions(edge.site())
    newest = str(known[0].id) if known else SHIPPED
    names = [
        request.args.get("one") or SHIPPED,
        request.args.get("other") or newest,
    ]
    one, other = (_content(name) for name in names)
    found = differences.between(one, other)
    return page(
        "compare.html",
        versions=known,
        chosen=names,
        differences=found,
        devices=[_device(name) for name in names],
    )


@bp.post("/versions/<int:version_id>/again")
@managers
def again(version_id: int) -> ResponseReturnValue:
    """Begin a draft with what this version changed."""
    version = _published(version_id)
    draft = drafts.start(
        edge.site(),
        title=f"Back to: {version.title}"[:100],
        actor=access.actor(),
        now=edge.now(),
        like=version,
    )
    return redirect(url_for("rulebook.draft", draft_id=draft.id), 303)


@bp.post("/versions/<int:version_id>/withdraw")
@managers
def withdraw(version_id: int) -> ResponseReturnValue:
    """Take back a version whose day has not come."""
    _published(version_id)
    done = attempt(
        lambda: versions.withdraw(version_id, actor=access.actor(), now=edge.now())
    )
    if isinstance(done, BookingError):
        flash(done.sentence, "error")
    else:
        flash("The version is withdrawn. What is in force stays.", "done")
    return redirect(url_for("rulebook.home"), 303)


def _published(version_id: int) -> RulebookVersion:
    found = drafts.get(version_id, edge.site())
    if found.published_at is None:
        raise NotFound("There is no such version of the rulebook.")
    return found


def _content(name: str) -> Content:
    if name == SHIPPED:
        return screening.content_of()
    version = _published(int(name)) if name.isdecimal() else None
    if version is None or version.version is None:
        raise NotFound("There is no such version of the rulebook.")
    return rulebooks.content(version.version)


def _device(name: str) -> str:
    if name == SHIPPED:
        return edge.site().device_profile
    return _published(int(name)).profile
