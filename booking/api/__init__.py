"""The JSON API, version 1, with its OpenAPI document; and the probes."""

from __future__ import annotations

from threading import Lock
from typing import Any

from flask import Flask, Response
from flask_smorest import Api

from booking.api import (
    appointments,
    catalogue,
    clearances,
    edge,
    health,
    holds,
    problems,
    slots,
    symptoms,
)

_DOCUMENT: dict[str, Any] = {
    "API_TITLE": "Clearslot",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": edge.PREFIX,
    "OPENAPI_JSON_PATH": "openapi.json",
}


class _Api(Api):
    """Writes its document when that is first asked for: most processes never are."""

    # Every call names its own problems; the usual one is of another form.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._to_describe: list[edge.Calls] = []
        self._describing = Lock()
        super().__init__(app)

    def register_blueprint(self, calls: edge.Calls, **options: Any) -> None:
        self._app.register_blueprint(calls, **options)
        self._to_describe.append(calls)

    def _openapi_json(self) -> Response:
        with self._describing:
            for calls in self._to_describe:
                calls.register_views_in_doc(
                    self, self._app, self.spec, name=calls.name, parameters=None
                )
                self.spec.tag({"name": calls.name, "description": calls.description})
            self._to_describe.clear()
        return super()._openapi_json()

    def _register_error_handlers(self) -> None:
        """None: booking.web.errors handles every error, for pages and programs."""


def init(app: Flask) -> None:
    """Register every call below /api/v1, its OpenAPI document, and the probes."""
    app.config.update(_DOCUMENT)
    problems.init(app)
    api = _Api(app)
    api.spec.components.security_scheme("staff", {"type": "http", "scheme": "bearer"})
    for part in (catalogue, clearances, slots, appointments, symptoms, holds):
        api.register_blueprint(part.calls, url_prefix=edge.PREFIX)
    health.init(app)
