"""What the rulebook's pages share: the blueprint, what is read, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request

import screening
from booking import rulebooks
from booking.errors import NotFound
from booking.models.account import CLINICIAN, MANAGER
from booking.models.rulebook import RulebookVersion, VersionState
from booking.rulebooks import drafts
from booking.web import access, edge
from booking.web.desk import blueprint as desk
from booking.web.rulebook import phrases
from screening import EditError

bp = Blueprint("rulebook", __name__, url_prefix="/desk/rulebook")

readers = access.only(MANAGER, CLINICIAN)
managers = access.only(MANAGER)
clinicians = access.only(CLINICIAN)


@dataclass(frozen=True)
class Read:
    """The rulebook that a page shows: what is in force, or a draft."""

    content: Mapping[str, Any]
    profile: str
    draft: RulebookVersion | None = None

    @property
    def draft_id(self) -> int | None:
        return self.draft.id if self.draft else None


def page(template: str, **values: Any) -> str:
    """A page of the rulebook, in the frame of the desk."""
    shared = {
        "phrases": phrases.Phrases(rulebooks.current(edge.site())),
        "is_manager": "manager" in access.actor().authorities,
        "is_clinician": access.is_clinician(),
        "stamp": drafts.stamp,
    }
    return desk.page(f"rulebook/{template}", **(shared | values))


def shown() -> Read:
    """What is in force, or the draft that the query names."""
    number = request.args.get("draft", "")
    if number.isdecimal():
        return of_draft(open_draft(int(number)))
    site = edge.site()
    return Read(rulebooks.content_in_force(site), rulebooks.current(site).profile)


def of_draft(draft: RulebookVersion) -> Read:
    """What a draft says; as it is shipped where a release made a change impossible."""
    try:
        content = screening.content_of(draft.edits)
    except EditError:
        content = screening.content_of()
    return Read(content, draft.profile, draft)


def open_draft(draft_id: int) -> RulebookVersion:
    """A draft of this site that is still open, or NotFound."""
    draft = drafts.get(draft_id, edge.site())
    if draft.state != VersionState.DRAFT:
        raise NotFound("This draft has been published or withdrawn already.")
    return draft
