"""Which rulebook a site decides by."""

from __future__ import annotations

import functools

import screening
from booking.models.clinic import Site


def current(site: Site) -> screening.Rulebook:
    """The rulebook in force at *site*, for its device profile."""
    return _loaded(site.device_profile)


@functools.cache
def _loaded(profile: str) -> screening.Rulebook:
    return screening.load(profile=profile)
