"""Composition root: settings, extensions, blueprints, error pages, commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from booking import accounts, api, cli, clock, db, jobs, settings, web
from booking.crypto import KeyRing
from booking.web import errors, security

ROOT = Path(__file__).parent


def create_app(overrides: Mapping[str, object] | None = None) -> Flask:
    """The application, configured from the environment; *overrides* win (tests pass
    them)."""
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.extensions["clearslot_factory"] = create_app
    app.config.update(_defaults())
    try:
        app.config.update(_configured(overrides or {}))
    except settings.SettingsError as missing:
        if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
            raise
        # Only the commands that make the secrets can run without them.
        cli.init_unprepared(app, missing)
        return app
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]
    if proxies := app.config.get("PROXIES"):
        fixed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)
        app.wsgi_app = fixed  # type: ignore[method-assign]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["clearslot_keys"] = KeyRing(
        field_keys=app.config["FIELD_KEYS"],
        index_key=app.config["INDEX_KEY"],
        signing_key=app.config["SECRET_KEY"],
    )

    db.init(app)
    accounts.init(app)
    security.init(app)
    web.init(app)
    api.init(app)
    errors.init(app)
    cli.init(app)
    jobs.init(app)
    return app


def _defaults() -> dict[str, Any]:
    return {
        "CLOCK": clock.utc_now,
        "MIGRATIONS": str(ROOT / "migrations"),
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # An error's text must not carry what was written: it may end in a log.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
    }


def _configured(overrides: Mapping[str, object]) -> dict[str, Any]:
    if "FIELD_KEYS" in overrides:
        return dict(overrides)
    return settings.read(os.environ) | dict(overrides)
