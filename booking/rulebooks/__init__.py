"""Which rulebook a site decides by, and every one that it ever decided by."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

import screening
from booking.db import begin_write, db
from booking.errors import NotFound
from booking.models.clinic import Site
from booking.models.rulebook import RulebookContent

MOST_LOADED = 32
_LOADED: dict[str, screening.Rulebook] = {}


def current(site: Site) -> screening.Rulebook:
    """The rulebook in force at *site*: its own version, or else the shipped one."""
    if site.rulebook_in_force is None:
        return screening.load(profile=site.device_profile)
    return version(site.rulebook_in_force)


def version(name: str) -> screening.Rulebook:
    """The rulebook of this version, as it was when it decided; NotFound otherwise."""
    found = find(name)
    if found is None:
        raise NotFound(f"The rulebook version {name} is not kept here.")
    return found


def find(name: str) -> screening.Rulebook | None:
    """The rulebook of this version; None if nothing is kept of it."""
    # Asked of the database only once: what a version says never changes.
    known = _LOADED.get(name) or _kept(name) or _shipped(name)
    if known is not None:
        while len(_LOADED) >= MOST_LOADED:
            _LOADED.pop(next(iter(_LOADED)), None)
        _LOADED[name] = known
    return known


def _kept(name: str) -> screening.Rulebook | None:
    row = db.session.get(RulebookContent, name)
    if row is None:
        return None
    return screening.load_content(_unpacked(row.content), profile=row.profile)


def _shipped(name: str) -> screening.Rulebook | None:
    shipped = (screening.load(profile=profile) for profile in screening.PROFILES)
    return next((book for book in shipped if book.version == name), None)


def content_in_force(site: Site) -> Mapping[str, Any]:
    """What the files of the rulebook in force say."""
    name = site.rulebook_in_force
    return screening.content_of() if name is None else content(name)


def content(name: str) -> Mapping[str, Any]:
    """What the files of a kept version say; NotFound if nothing is kept of it."""
    row = db.session.get(RulebookContent, name)
    if row is None:
        raise NotFound(f"The rulebook version {name} is not kept here.")
    return _unpacked(row.content)


def keep(
    rulebook: screening.Rulebook, said: Mapping[str, Any], *, now: datetime
) -> None:
    """Store what *rulebook* says, if it is not stored yet.

    Never commits.
    """
    if db.session.get(RulebookContent, rulebook.version) is None:
        packed = zlib.compress(json.dumps(said, ensure_ascii=False).encode(), 9)
        db.session.add(
            RulebookContent(
                version=rulebook.version,
                profile=rulebook.profile,
                content=packed,
                kept_at=now,
            )
        )


def keep_shipped(*, now: datetime) -> int:
    """Keep the shipped rulebook that sites without a version of their own decide by.

    The files change with the next release; how many were kept anew.
    """
    sites = db.session.scalars(select(Site)).all()
    profiles = {s.device_profile for s in sites if s.rulebook_in_force is None}
    books = [screening.load(profile=profile) for profile in sorted(profiles)]
    known = select(RulebookContent.version).where(
        RulebookContent.version.in_([book.version for book in books])
    )
    kept = set(db.session.scalars(known))
    new = [book for book in books if book.version not in kept]
    if new:
        begin_write()
        for book in new:
            keep(book, screening.content_of(), now=now)
        db.session.commit()
    return len(new)


def _unpacked(packed: bytes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(zlib.decompress(packed))
    return found
