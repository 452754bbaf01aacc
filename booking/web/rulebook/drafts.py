"""A draft: what it changes, what it loosens, its signature, impact and publishing."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

import screening
from booking import rulebooks
from booking.errors import BookingError, InvalidRequest
from booking.models.rulebook import RulebookVersion
from booking.rulebooks import drafts, impact, versions
from booking.web import access, edge
from booking.web.desk.blueprint import attempt, day_of, problems_of
from booking.web.rulebook.blueprint import (
    bp,
    clinicians,
    managers,
    of_draft,
    open_draft,
    page,
    readers,
)
from screening import Rulebook, differences

MOST_LOOKED_AT = 500


@bp.post("/drafts")
@managers
def start() -> ResponseReturnValue:
    try:
        draft = drafts.start(
            edge.site(),
            title=request.form.get("title", ""),
            actor=access.actor(),
            now=edge.now(),
        )
    except InvalidRequest as refusal:
        flash(refusal.problems[0].message, "error")
        return redirect(url_for("rulebook.home"), 303)
    return _to(draft.id)


@bp.get("/drafts/<int:draft_id>")
@readers
def draft(draft_id: int) -> ResponseReturnValue:
    return _draft_page(open_draft(draft_id))


@bp.post("/drafts/<int:draft_id>/device")
@managers
def device(draft_id: int) -> ResponseReturnValue:
    return _do(
        draft_id,
        drafts.choose_profile,
        "The draft is for this device now.",
        profile=request.form.get("profile", ""),
    )


@bp.post("/drafts/<int:draft_id>/take-back")
@managers
def take_back(draft_id: int) -> ResponseReturnValue:
    number = request.form.get("number", "")
    return _do(
        draft_id,
        drafts.take_back,
        "The change is taken back.",
        number=int(number) if number.isdecimal() else -1,
    )


@bp.post("/drafts/<int:draft_id>/up-to-date")
@managers
def up_to_date(draft_id: int) -> ResponseReturnValue:
    done = "The draft now builds on what is in force. Look at its changes again."
    return _do(draft_id, drafts.bring_up_to_date, done)


@bp.post("/drafts/<int:draft_id>/sign")
@clinicians
def sign(draft_id: int) -> ResponseReturnValue:
    return _do(draft_id, versions.sign, "You have signed this draft.")


@bp.post("/drafts/<int:draft_id>/publish")
@managers
def publish(draft_id: int) -> ResponseReturnValue:
    found = open_draft(draft_id)
    text = request.form.get("effective_on", "").strip()

    def _publish() -> RulebookVersion:
        day: date = day_of(text, "effective_on")
        return versions.publish(draft_id, effective_on=day, **_who())

    done = attempt(_publish)
    if isinstance(done, BookingError):
        return _draft_page(open_draft(found.id), refusal=done), done.status
    flash(
        "Published, and in force now."
        if done.in_force
        else f"Published. It comes into force on {done.effective_on}.",
        "done",
    )
    return redirect(url_for("rulebook.home"), 303)


@bp.post("/drafts/<int:draft_id>/discard")
@managers
def discard(draft_id: int) -> ResponseReturnValue:
    open_draft(draft_id)
    done = attempt(lambda: versions.withdraw(draft_id, **_who()))
    if isinstance(done, BookingError):
        return _draft_page(open_draft(draft_id), refusal=done), done.status
    flash("The draft is discarded.", "done")
    return redirect(url_for("rulebook.home"), 303)


@bp.get("/drafts/<int:draft_id>/impact")
@readers
def show_impact(draft_id: int) -> ResponseReturnValue:
    found = open_draft(draft_id)
    rulebook = drafts.load(found.edits, found.profile)
    # So many that the page comes within seconds; the command looks at all.
    seen = impact.whole(rulebook, edge.site(), now=edge.now(), most=MOST_LOOKED_AT)
    return page("impact.html", draft=found, impact=seen)


def _do(draft_id: int, action: Any, done: str, **given: Any) -> ResponseReturnValue:
    """One change of a draft; a refusal is shown on the draft as it is now."""
    open_draft(draft_id)
    result = attempt(lambda: action(draft_id, **given, **_who()))
    if isinstance(result, BookingError):
        return _draft_page(open_draft(draft_id), refusal=result), result.status
    flash(done, "done")
    return _to(draft_id)


def _who() -> dict[str, Any]:
    seen = request.form.get("seen", "")
    return {"seen": seen, "actor": access.actor(), "now": edge.now()}


def _draft_page(found: RulebookVersion, refusal: BookingError | None = None) -> str:
    site = edge.site()
    base = drafts.in_force(site)
    loaded = _loaded(found)
    return page(
        "draft.html",
        draft=found,
        differences=differences.between(
            rulebooks.content_in_force(site), of_draft(found).content
        ),
        looser=drafts.looser_than_now(site, loaded)
        if isinstance(loaded, Rulebook)
        else (),
        mistake=loaded.problems[0].message
        if isinstance(loaded, InvalidRequest)
        else "",
        outdated=found.based_on_id != (base.id if base else None),
        profile_now=rulebooks.current(site).profile,
        own=access.user().id in (found.editors or ()),
        profiles=screening.PROFILES,
        refusal=refusal,
        problems=problems_of(refusal),
    )


def _loaded(found: RulebookVersion) -> Rulebook | InvalidRequest:
    """The draft's rulebook, or why it is none: a release may have changed its base."""
    try:
        return drafts.load(found.edits, found.profile)
    except InvalidRequest as mistake:
        return mistake


def _to(draft_id: int) -> ResponseReturnValue:
    return redirect(url_for("rulebook.draft", draft_id=draft_id), 303)
