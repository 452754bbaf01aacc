"""What a form at the desk chooses: a practitioner, and a release at once."""

from __future__ import annotations

from flask import request

from booking.errors import InvalidRequest
from booking.overrides import ReleaseNote
from booking.web import edge
from booking.web.desk import releases


def asked_release() -> ReleaseNote | None:
    """The release in the posted form, if "release" is what was chosen there."""
    if request.form.get("how") != releases.RELEASE:
        return None
    return releases.release_note(request.form)


def practitioner_of(text: str) -> int | None:
    """A resource id, None for any, InvalidRequest for anything else."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise InvalidRequest.of("practitioner", "Choose one of the practitioners.")
    return int(text)


def resource_of(practitioner: int | None) -> str:
    """The name of a practitioner of this site."""
    names = {resource.id: resource.name for resource in edge.site().resources}
    if practitioner is None:
        return "Anybody who is free"
    if practitioner not in names:
        raise InvalidRequest.of("practitioner", "Choose one of the practitioners.")
    return names[practitioner]
