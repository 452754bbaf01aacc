"""Drafts of the clinic's own rulebook: begun, changed, brought up to date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

import screening
from booking import audit, rulebooks
from booking.actors import Actor
from booking.db import begin_write, db
from booking.errors import (
    DraftChanged,
    InvalidRequest,
    NotAllowed,
    NotFound,
    WrongState,
)
from booking.models.clinic import Site
from booking.models.rulebook import RulebookVersion, VersionState
from screening import EditError, Looser, Rulebook, RulebookError, edits
from screening.edits import Edit

LONGEST_TITLE = 100
LONGEST_TEXT = 1000
_WORDS = {
    "from": "the first day",
    "until": "the end",
    "verdict": "what the days are",
    "release_by": "the row",
    "tail": "the number of days",
    "days": "the number of days",
    "at_least": "the number of days",
    "valid_days": "the number of days",
    "off": "this rule",
    "case": "",
}


def drafts(site: Site) -> Sequence[RulebookVersion]:
    """The open drafts, the newest first."""
    return db.session.scalars(
        select(RulebookVersion)
        .where(
            RulebookVersion.site_id == site.id,
            RulebookVersion.state == VersionState.DRAFT,
        )
        .order_by(RulebookVersion.id.desc())
    ).all()


def in_force(site: Site) -> RulebookVersion | None:
    """The clinic's version that is in force; None: the rulebook as it is shipped."""
    return db.session.scalar(
        select(RulebookVersion).where(
            RulebookVersion.site_id == site.id, RulebookVersion.in_force
        )
    )


def get(version_id: int, site: Site) -> RulebookVersion:
    """A draft or version of this site, or NotFound."""
    found = db.session.get(RulebookVersion, version_id)
    if found is None or found.site_id != site.id:
        raise NotFound("There is no such version of the rulebook.")
    return found


def start(
    site: Site,
    *,
    title: str,
    actor: Actor,
    now: datetime,
    like: RulebookVersion | None = None,
) -> RulebookVersion:
    """Begin a draft with what is in force, or with what an older version changed."""
    may_manage(actor)
    title = _checked_title(title)
    site_id, like_id = site.id, like.id if like else None
    begin_write()
    site = db.session.get_one(Site, site_id)
    base = in_force(site)
    source = db.session.get_one(RulebookVersion, like_id) if like_id else base
    draft = RulebookVersion(
        site_id=site.id,
        based_on_id=base.id if base else None,
        profile=source.profile if source else site.device_profile,
        edits=list(source.edits) if source else [],
        title=title,
        author=actor.name,
        author_id=actor.user_id,
        editors=[actor.user_id] if actor.user_id else [],
        created_at=now,
        changed_at=now,
    )
    draft.loosens = _is_looser(site, draft)
    db.session.add(draft)
    db.session.flush()
    audit.record(actor, "rulebook.draft", draft, now=now)
    db.session.commit()
    return draft


def put_edit(
    draft_id: int, edit: Edit, *, seen: str, actor: Actor, now: datetime
) -> RulebookVersion:
    """Change one thing; InvalidRequest names the field, and nothing is changed.

    An edit that says what the shipped rulebook says takes an earlier one away.
    """
    may_manage(actor)
    draft, site = draft_of(draft_id, seen=seen)
    _check_words(edit)
    wanted = edits.put(draft.edits, edit)
    # Checked as a whole: a cell may be right by itself and wrong beside another one.
    load(wanted, draft.profile, about=edit)
    if _says_nothing(edit):
        wanted = edits.drop(draft.edits, edits.target(edit))
    return _change(draft, site, wanted, draft.profile, actor=actor, now=now)


def take_back(
    draft_id: int, number: int, *, seen: str, actor: Actor, now: datetime
) -> RulebookVersion:
    """Take one of the draft's changes away again, by its place in the list."""
    may_manage(actor)
    draft, site = draft_of(draft_id, seen=seen)
    if not 0 <= number < len(draft.edits):
        raise NotFound("This change is not in the draft any more.")
    wanted = [edit for n, edit in enumerate(draft.edits) if n != number]
    load(wanted, draft.profile)
    return _change(draft, site, wanted, draft.profile, actor=actor, now=now)


def choose_profile(
    draft_id: int, profile: str, *, seen: str, actor: Actor, now: datetime
) -> RulebookVersion:
    """Decide by the rules of another device."""
    may_manage(actor)
    draft, site = draft_of(draft_id, seen=seen)
    if profile not in screening.PROFILES:
        raise InvalidRequest.of("profile", "Choose one of the devices.")
    load(draft.edits, profile)
    return _change(draft, site, draft.edits, profile, actor=actor, now=now)


def bring_up_to_date(
    draft_id: int, *, seen: str, actor: Actor, now: datetime
) -> RulebookVersion:
    """Put the draft's changes on top of what is in force by now.

    What both changed is as the draft says. A signature has to be given again.
    """
    may_manage(actor)
    draft, site = draft_of(draft_id, seen=seen)
    base, old = in_force(site), db.session.get(RulebookVersion, draft.based_on_id or 0)
    began_with = list(old.edits) if old else []
    wanted: Sequence[Edit] = base.edits if base else []
    mine = {edits.target(edit) for edit in draft.edits}
    for edit in began_with:
        if edits.target(edit) not in mine:
            wanted = edits.drop(wanted, edits.target(edit))
    for edit in draft.edits:
        if edit not in began_with:
            wanted = edits.put(wanted, edit)
    draft.based_on_id = base.id if base else None
    return _change(draft, site, wanted, draft.profile, actor=actor, now=now)


def load(wanted: Sequence[Edit], profile: str, about: Edit | None = None) -> Rulebook:
    """The rulebook with these edits, or InvalidRequest with the field of *about*."""
    try:
        return screening.load_edited(wanted, profile=profile)
    except RulebookError as error:
        what = _WORDS.get(error.key, error.key)
        why = error.why.replace("the band", "the row").replace("a band", "a row")
        said = " ".join(f"{error.rule}: {what} {why}".split()) + "."
        raise InvalidRequest.of(_field(error, about), said) from None
    except EditError as error:
        raise InvalidRequest.of("edits", f"This does not fit: {error}.") from None


def looser_than_now(site: Site, rulebook: Rulebook) -> tuple[Looser, ...]:
    """Which rules become less strict than those in force."""
    return screening.loosens(rulebooks.current(site), rulebook)


def stamp(draft: RulebookVersion) -> str:
    """What the draft says, as one word; a form brings back the one it was shown."""
    said = [draft.title, draft.profile, draft.edits, draft.based_on_id, draft.state]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:20]


def check_seen(draft: RulebookVersion, seen: str) -> None:
    """DraftChanged unless the draft still says what its reader saw."""
    if stamp(draft) != seen:
        raise DraftChanged


def may_manage(actor: Actor) -> None:
    """NotAllowed unless the actor runs the practice."""
    if "manager" not in actor.authorities:
        raise NotAllowed("Only a manager may change the rulebook.")


def draft_of(draft_id: int, *, seen: str) -> tuple[RulebookVersion, Site]:
    """The draft, locked, and its site; begins a unit of writing."""
    draft = locked(draft_id)
    if draft.state != VersionState.DRAFT:
        raise WrongState("This draft has been published or withdrawn already.")
    check_seen(draft, seen)
    return draft, db.session.get_one(Site, draft.site_id, populate_existing=True)


def locked(version_id: int) -> RulebookVersion:
    """A version for changing, after its site: publishing changes both."""
    begin_write()
    site_id = db.session.scalar(
        select(RulebookVersion.site_id).where(RulebookVersion.id == version_id)
    )
    if site_id is None:
        raise NotFound("There is no such version of the rulebook.")
    lock_site(site_id)
    return db.session.get_one(RulebookVersion, version_id, populate_existing=True)


def lock_site(site_id: int) -> None:
    """Let one at a time change which rulebook this site decides by."""
    row = select(Site.id).where(Site.id == site_id)
    # Bookings refer to the site, and must not wait for a draft.
    db.session.execute(row.with_for_update(key_share=True))


def _change(  # noqa: PLR0913 - a change is all of these
    draft: RulebookVersion,
    site: Site,
    wanted: Sequence[Edit],
    profile: str,
    *,
    actor: Actor,
    now: datetime,
) -> RulebookVersion:
    draft.edits, draft.profile, draft.changed_at = list(wanted), profile, now
    draft.loosens = _is_looser(site, draft)
    # What was signed is not what it says now.
    draft.signed_by = draft.signed_at = None
    if actor.user_id and actor.user_id not in (draft.editors or ()):
        draft.editors = [*(draft.editors or ()), actor.user_id]
    audit.record(actor, "rulebook.edit", draft, now=now)
    db.session.commit()
    return draft


def _is_looser(site: Site, draft: RulebookVersion) -> bool:
    try:
        rulebook = screening.load_edited(draft.edits, profile=draft.profile)
    except (RulebookError, EditError):
        # It cannot be published like this, and is compared again once it can.
        return True
    return bool(looser_than_now(site, rulebook))


def _says_nothing(edit: Edit) -> bool:
    return screening.content_of([edit]) == screening.content_of()


def _check_words(edit: Edit) -> None:
    if edit.get("kind") != "text":
        return
    text = str(edit.get("text", ""))
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise InvalidRequest.of("text", f"Write 1 to {LONGEST_TEXT} characters.")


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise InvalidRequest.of(
            "title", f"Say in 1 to {LONGEST_TITLE} characters what it is about."
        )
    return title


def _field(error: RulebookError, about: Edit | None) -> str:
    """The field of the form in which the mistake was typed."""
    if about is None:
        return "edits"
    row = edits.row_of(error.table, about)
    if row is not None:
        return f"row-{row}-{error.key}"
    return "days" if error.key in ("tail", "at_least", "valid_days") else error.key
