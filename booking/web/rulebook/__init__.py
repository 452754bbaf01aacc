"""The rulebook in the clinic's hands: read it, draft, sign, publish, compare."""

from __future__ import annotations

from flask import Flask

from booking.web.rulebook import changing, drafts, reading, versions
from booking.web.rulebook.blueprint import bp

__all__ = ["changing", "drafts", "init", "reading", "versions"]


def init(app: Flask) -> None:
    """Register the pages; the guard of the desk is before them."""
    app.register_blueprint(bp)
