"""The clinic's own rulebook: drafts, the second person's signature, publishing, and
the day on which a version comes into force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

import screening
from booking import audit, rulebooks
from booking.actors import SYSTEM, Actor
from booking.clock import local_day
from booking.db import begin_write, db
from booking.errors import (
    DraftOutdated,
    InvalidRequest,
    NeedsSignature,
    NotAllowed,
    WrongState,
)
from booking.models.clinic import Site
from booking.models.rulebook import RulebookVersion, VersionState
from booking.rescreening import decisions
from booking.rulebooks import drafts
from booking.rulebooks.drafts import draft_of, in_force, looser_than_now, may_manage

FARTHEST = timedelta(days=366)
_NOT_OWN = (
    "You worked on this draft yourself. Somebody else with clinical authority has to "
    "sign it."
)


def versions(site: Site) -> Sequence[RulebookVersion]:
    """Everything but drafts, the newest first."""
    return db.session.scalars(
        select(RulebookVersion)
        .where(
            RulebookVersion.site_id == site.id,
            RulebookVersion.published_at.is_not(None),
        )
        .order_by(RulebookVersion.published_at.desc(), RulebookVersion.id.desc())
    ).all()


def scheduled(site: Site, *, now: datetime) -> RulebookVersion | None:
    """The published version whose day is still to come."""
    return db.session.scalar(
        select(RulebookVersion)
        .where(
            RulebookVersion.site_id == site.id,
            RulebookVersion.state == VersionState.PUBLISHED,
            RulebookVersion.effective_on > local_day(now, site.timezone),
        )
        .limit(1)
    )


def sign(draft_id: int, *, seen: str, actor: Actor, now: datetime) -> RulebookVersion:
    """A clinician who did not work on the draft agrees to what it loosens."""
    draft, site = draft_of(draft_id, seen=seen)
    if "clinician" not in actor.authorities or actor.user_id is None:
        raise NotAllowed(
            "Only a clinician may sign: running the practice is no clinical authority."
        )
    if actor.user_id in (draft.editors or ()):
        raise NotAllowed(_NOT_OWN)
    rulebook = drafts.load(draft.edits, draft.profile)
    _check_up_to_date(draft, site)
    draft.loosens = bool(looser_than_now(site, rulebook))
    draft.signed_by, draft.signed_at = actor.name, now
    audit.record(actor, "rulebook.sign", draft, now=now, detail=rulebook.version)
    db.session.commit()
    return draft


def publish(
    draft_id: int, *, effective_on: date, seen: str, actor: Actor, now: datetime
) -> RulebookVersion:
    """Publish the draft for a day; today puts it in force at once.

    1. Check: a valid rulebook, up to date, another one, and signed if it loosens.
    2. Keep what it says, so that it can always be explained.
    3. In force, or left to the worker for the midnight that begins its day.
    """
    may_manage(actor)
    draft, site = draft_of(draft_id, seen=seen)
    today = local_day(now, site.timezone)
    if not today <= effective_on <= today + FARTHEST:
        raise InvalidRequest.of(
            "effective_on", "Choose a day from today to a year from now."
        )
    rulebook = drafts.load(draft.edits, draft.profile)
    _check_up_to_date(draft, site)
    if (other := scheduled(site, now=now)) is not None:
        raise WrongState(
            f"“{other.title}” is published for {other.effective_on} already. Withdraw "
            "it first, or wait until it is in force."
        )
    if rulebook.version == rulebooks.current(site).version:
        raise InvalidRequest.of("edits", "This draft changes nothing.")
    looser = looser_than_now(site, rulebook)
    if looser and draft.signed_by is None:
        raise NeedsSignature(rules=sorted({found.rule for found in looser}))
    said = screening.content_of(draft.edits)
    rulebooks.keep(rulebook, said, now=now)
    draft.loosens = bool(looser)
    draft.version, draft.effective_on = rulebook.version, effective_on
    draft.state = VersionState.PUBLISHED
    draft.published_by, draft.published_at = actor.name, now
    detail = {"version": rulebook.version, "effective_on": effective_on.isoformat()}
    audit.record(actor, "rulebook.publish", draft, now=now, detail=detail)
    if effective_on == today:
        _put_in_force(draft, site, now=now, actor=actor)
    db.session.commit()
    return draft


def withdraw(
    version_id: int, *, actor: Actor, now: datetime, seen: str | None = None
) -> None:
    """Throw a draft away, or take back a version whose day has not come."""
    may_manage(actor)
    found = drafts.locked(version_id)
    site = db.session.get_one(Site, found.site_id)
    if seen is not None:
        drafts.check_seen(found, seen)
    today = local_day(now, site.timezone)
    waiting = found.state == VersionState.PUBLISHED and (
        found.effective_on is not None and found.effective_on > today
    )
    if found.state != VersionState.DRAFT and not waiting:
        raise WrongState("This version was in force: publish another one instead.")
    found.state = VersionState.WITHDRAWN
    audit.record(actor, "rulebook.withdraw", found, now=now)
    db.session.commit()


def put_due_in_force(*, now: datetime) -> int:
    """Put every version in force whose day has begun at its site; how many.

    Doing it twice, or twice at once, changes nothing more.
    """
    done = 0
    for site_id in db.session.scalars(select(Site.id)).all():
        site = db.session.get_one(Site, site_id)
        if _due(site, now=now) is None:
            continue
        begin_write()
        drafts.lock_site(site_id)
        site = db.session.get_one(Site, site_id, populate_existing=True)
        due = _due(site, now=now)
        if due is not None:
            _put_in_force(due, site, now=now, actor=SYSTEM)
            done += 1
        db.session.commit()
    return done


def _due(site: Site, *, now: datetime) -> RulebookVersion | None:
    """The newest version whose day has come, unless it is in force."""
    newest = db.session.scalar(
        select(RulebookVersion)
        .where(
            RulebookVersion.site_id == site.id,
            RulebookVersion.state == VersionState.PUBLISHED,
            RulebookVersion.effective_on <= local_day(now, site.timezone),
        )
        .order_by(RulebookVersion.published_at.desc(), RulebookVersion.id.desc())
        .limit(1)
    )
    return None if newest is None or newest.in_force else newest


def _put_in_force(
    version: RulebookVersion, site: Site, *, now: datetime, actor: Actor
) -> None:
    before = in_force(site)
    if before is not None:
        before.in_force = False
        # Only one may be in force: this one ends before the next begins.
        db.session.flush()
    version.in_force = True
    site.device_profile = version.profile
    db.session.flush()
    db.session.expire(site, ["rulebook_in_force"])
    decisions.note(site, None, "rulebook", now=now)
    audit.record(actor, "rulebook.in_force", version, now=now, detail=version.version)


def _check_up_to_date(draft: RulebookVersion, site: Site) -> None:
    now = in_force(site)
    if draft.based_on_id != (now.id if now else None):
        raise DraftOutdated
