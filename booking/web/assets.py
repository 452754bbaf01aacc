"""Our own stylesheets and scripts: kept by the browser until their content changes."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from flask import Flask

A_YEAR = 31_536_000


def init(app: Flask) -> None:
    """Put the content's hash into every address of a static file."""
    folder = Path(app.static_folder or "")
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None if app.debug else A_YEAR

    @app.url_defaults
    def _version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            values["v"] = _hash(folder / values["filename"])


@functools.cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
