"""Reading a release from a form, with the clinician who stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from booking import accounts
from booking.actors import Actor
from booking.errors import Problems
from booking.models.clinic import Site
from booking.overrides import DECLINE_REASONS, RELEASE_REASONS, ReleaseNote
from booking.web import edge, words
from booking.web.desk.blueprint import text_of
from screening import Authority, Verdict, Window

HOW = {
    "in_person": "in person",
    "by_phone": "by phone",
    "in_writing": "in writing",
}
NO, REQUEST, RELEASE, ATTEST = "no", "request", "release", "attest"


def choices() -> dict[str, Any]:
    """What the release and decline forms offer."""
    return {
        "release_reasons": RELEASE_REASONS,
        "decline_reasons": DECLINE_REASONS,
        "clinicians": [user.full_name for user in accounts.clinicians()],
        "how": HOW,
        "local_now": words.local(edge.now()).strftime("%Y-%m-%dT%H:%M"),
    }


def way(windows: Iterable[Window], actor: Actor, site: Site, *, booked: bool) -> str:
    """How *actor* can get past these windows: release, attest, request, or not at all.

    *booked*: they belong to a visit that has its slot. A refused day is booked into
    only by a clinician in person.
    """
    windows = tuple(windows)
    owner = max(
        (window.release_by for window in windows), key=lambda by: by.rank, default=None
    )
    refused = any(window.verdict is Verdict.REFUSE for window in windows)
    if owner is None or owner in (Authority.NOBODY, Authority.ANSWER):
        return NO if owner is Authority.NOBODY or refused else REQUEST
    if owner in actor.authorities and (
        booked or not refused or Authority.CLINICIAN in actor.authorities
    ):
        return RELEASE
    if refused and not booked:
        return NO
    return ATTEST if site.attestation_allowed else REQUEST


def release_note(form: Mapping[str, str]) -> ReleaseNote:
    """The release that a form asks for; InvalidRequest if half attested."""
    return ReleaseNote(
        reason=form.get("reason", ""),
        note=text_of(form, "note"),
        attested_by=attested_by(form),
    )


def attested_by(form: Mapping[str, str]) -> str | None:
    """Which clinician stands behind it, when and how; InvalidRequest if half said."""
    who = form.get("attested_who", "").strip()
    if not who:
        return None
    problems = Problems()
    if who not in {user.full_name for user in accounts.clinicians()}:
        problems.add("attested_who", "Choose a clinician of this clinic.")
    how = HOW.get(form.get("attested_how", ""))
    if how is None:
        problems.add("attested_how", "Say how they told you.")
    when = _local_time(form.get("attested_when", ""))
    if when is None:
        problems.add("attested_when", "Give the day and the time.")
    problems.raise_if_any()
    return f"{who}, {when:%Y-%m-%d %H:%M}, {how}"


def _local_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
