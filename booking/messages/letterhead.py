"""Binds the messages to the application: its address, its sender, its templates."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from jinja2 import Environment


@dataclass(frozen=True)
class Letterhead:
    """`base_url` has no slash at its end; `sender` is every mail's From."""

    base_url: str
    sender: str
    templates: Environment


def current() -> Letterhead:
    """That of the running application."""
    config = current_app.config
    # Its environment and not render_template, whose context processors want a request.
    return Letterhead(config["BASE_URL"], config["MAIL_FROM"], current_app.jinja_env)
