"""What a page reads at its edge: the clock, the site, and the site's calendar day."""

from __future__ import annotations

from datetime import date, datetime

from flask import current_app, g
from sqlalchemy import select

from booking.clock import local_day
from booking.db import db
from booking.errors import NotFound
from booking.models.clinic import Site


def now() -> datetime:
    """The present instant, read once per request so that a page agrees with itself."""
    if "now" not in g:
        g.now = current_app.config["CLOCK"]()
    instant: datetime = g.now
    return instant


def site() -> Site:
    """The clinic's first site; NotFound before `flask init`."""
    if not is_set_up():
        raise NotFound("This clinic has not been set up yet.")
    found: Site = g.site
    return found


def is_set_up() -> bool:
    """Whether there is a site at all."""
    if "site" not in g:
        g.site = db.session.scalar(select(Site).order_by(Site.id).limit(1))
    return g.site is not None


def today() -> date:
    """The calendar day at the site."""
    return local_day(now(), site().timezone)
