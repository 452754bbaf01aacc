"""Whose public holidays close the clinic."""

from __future__ import annotations

from datetime import datetime

import holidays

from booking.actors import Actor
from booking.errors import InvalidRequest
from booking.models.clinic import Site
from booking.opening import changing
from booking.opening.changing import Agreed


def stamp(site: Site) -> str:
    """Which holidays are kept, as one word."""
    return changing.stamp(site.holiday_country, site.holiday_subdivision)


def change(  # noqa: PLR0913 - what, by whom and when
    site: Site,
    country: str,
    region: str,
    *,
    seen: str,
    agreed: Agreed,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep the holidays of a country, or of a region of it, or none; how many visits
    became tasks. InvalidRequest names the field."""
    begun = changing.begin(site, actor=actor, now=now)
    site = begun.site
    changing.check_seen(seen, stamp(site))
    country, region = country.strip().upper(), region.strip().upper()
    _check(country, region)
    before = [site.holiday_country, site.holiday_subdivision]
    site.holiday_country, site.holiday_subdivision = country or None, region or None
    after = [site.holiday_country, site.holiday_subdivision]
    detail = {"before": before, "after": after}
    return changing.finish(begun, "hours.holidays", site, detail, agreed)


def _check(country: str, region: str) -> None:
    known = holidays.list_supported_countries(include_aliases=False)
    if country and country not in known:
        raise InvalidRequest.of(
            "country", "We do not know this country. Use two letters, such as GB."
        )
    if region and region not in known.get(country, ()):
        some = ", ".join(list(known.get(country, ()))[:8])
        raise InvalidRequest.of(
            "region",
            f"We do not know this region. {country} has {some}, for example."
            if some
            else "Leave the region empty.",
        )
