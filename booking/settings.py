"""Settings: environment variables with the prefix CLEARSLOT_, checked at start.

Secrets come from the environment or from `keys.json` in the data folder (made by
`flask init`, `flask demo` and `make run`, readable by its owner only). Without either
nothing starts.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from booking.crypto import KeyRing, new_key

NAMES = (
    "CLEARSLOT_BASE_URL",
    "CLEARSLOT_DATA",
    "CLEARSLOT_DATABASE_URL",
    "CLEARSLOT_DEMO_PASSWORD",
    "CLEARSLOT_FIELD_KEYS",
    "CLEARSLOT_INDEX_KEY",
    "CLEARSLOT_MAIL_FROM",
    "CLEARSLOT_MAIL_URL",
    "CLEARSLOT_METRICS_TOKEN",
    "CLEARSLOT_PORT",
    "CLEARSLOT_PROXIES",
    "CLEARSLOT_RATE_LIMITS",
    "CLEARSLOT_SECRET_KEY",
)
CONFIG = (
    "DATA",
    "PORT",
    "DATABASE_URL",
    "MAIL_URL",
    "MAIL_FROM",
    "BASE_URL",
    "RATE_LIMITS",
    "PROXIES",
    "METRICS_TOKEN",
    "DEMO",
    "SECRET_KEY",
    "INDEX_KEY",
    "FIELD_KEYS",
)
"""What `read` puts into the application's configuration."""
KEYS_FILE = "keys.json"
DEMO_MARK = "demo"
LEAST_SECRET = 32
_SECRETS = ("CLEARSLOT_SECRET_KEY", "CLEARSLOT_INDEX_KEY", "CLEARSLOT_FIELD_KEYS")
# Without letters and digits that look alike: people read it off a screen.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


class SettingsError(Exception):
    """A setting is missing or wrong; the text names it and says what to do."""


class SecretsMissing(SettingsError):
    """There are no secrets yet: nothing may start but the commands that make them."""


def read(environment: Mapping[str, str]) -> dict[str, Any]:
    """The application's configuration, or SettingsError."""
    data = data_folder(environment)
    port = port_of(environment)
    found = {
        "DATA": data,
        "PORT": port,
        "DATABASE_URL": database_url(environment.get("CLEARSLOT_DATABASE_URL"), data),
        "MAIL_URL": _mail_url(environment.get("CLEARSLOT_MAIL_URL")),
        "MAIL_FROM": _mail_from(environment.get("CLEARSLOT_MAIL_FROM")),
        "BASE_URL": _base_url(environment.get("CLEARSLOT_BASE_URL"), port),
        "RATE_LIMITS": _one_of(environment, "CLEARSLOT_RATE_LIMITS", ("on", "off")),
        "PROXIES": _proxies(environment.get("CLEARSLOT_PROXIES")),
        "METRICS_TOKEN": environment.get("CLEARSLOT_METRICS_TOKEN") or None,
        "DEMO": is_demo(data),
    }
    return found | _secrets(environment, data)


def unknown(environment: Mapping[str, str]) -> list[str]:
    """The CLEARSLOT_ variables that are no setting: most likely misspelt."""
    return sorted(
        name
        for name in environment
        if name.startswith("CLEARSLOT_") and name not in NAMES
    )


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where the SQLite file, the keys and the local mail are."""
    return Path(environment.get("CLEARSLOT_DATA") or "data").expanduser().absolute()


def port_of(environment: Mapping[str, str]) -> int:
    """The port of `make run`."""
    text = environment.get("CLEARSLOT_PORT") or "5000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError(
            f"CLEARSLOT_PORT is {text!r}: give a number from 1 to 65535."
        )
    return int(text)


def make_keys(data: Path, environment: Mapping[str, str]) -> bool:
    """Write fresh secrets into the data folder; whether it was done.

    Not if the folder has some, or if the environment brings all of them.
    """
    if (data / KEYS_FILE).exists() or all(environment.get(name) for name in _SECRETS):
        return False
    fresh = {
        "secret_key": secrets.token_urlsafe(48),
        "field_keys": [new_key()],
        "index_key": secrets.token_urlsafe(48),
    }
    save_keys(data, fresh)
    return True


def forget_keys(data: Path) -> None:
    """Take back what `make_keys` wrote."""
    (data / KEYS_FILE).unlink()


def load_keys(data: Path) -> dict[str, Any]:
    """What the keys file holds; empty if there is none."""
    path = data / KEYS_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} cannot be read ({error}). Put it back from a backup."
        ) from None
    if not isinstance(found, dict):
        raise SettingsError(f"{path} is damaged. Put it back from a backup.")
    return found


def save_keys(data: Path, keys: Mapping[str, Any]) -> None:
    """Replace the keys file; a crash leaves the old one or the new one."""
    _write_private(data / KEYS_FILE, json.dumps(keys))


def is_demo(data: Path) -> bool:
    """Whether the data folder carries the mark of the demo clinic."""
    return (data / DEMO_MARK).exists()


def demo_password(data: Path, environment: Mapping[str, str]) -> str:
    """The demo staff's password, which marks the data folder as a demo.

    The environment's, or one that is made once and kept in the mark.
    """
    path = data / DEMO_MARK
    kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if not kept:
        groups = ("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in "1234")
        kept = "-".join(groups)
        _write_private(path, kept + "\n")
    return environment.get("CLEARSLOT_DEMO_PASSWORD") or kept


def forget_demo(data: Path) -> None:
    """Take back the mark of `demo_password`."""
    (data / DEMO_MARK).unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner's eyes only."""
    unfinished = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror}). CLEARSLOT_DATA must name a "
            "folder that belongs to you."
        ) from None


def _secrets(environment: Mapping[str, str], data: Path) -> dict[str, Any]:
    stored = load_keys(data)
    given = environment.get("CLEARSLOT_FIELD_KEYS")
    found: dict[str, Any] = {
        "SECRET_KEY": environment.get("CLEARSLOT_SECRET_KEY")
        or stored.get("secret_key"),
        "INDEX_KEY": environment.get("CLEARSLOT_INDEX_KEY") or stored.get("index_key"),
        "FIELD_KEYS": _keys_in(given) if given else tuple(stored.get("field_keys", ())),
    }
    for name, value in found.items():
        if not value:
            raise SecretsMissing(
                f"CLEARSLOT_{name} is not set and {data / KEYS_FILE} has none. Set it, "
                "or run 'flask init' (your own clinic) or 'flask demo' (a made-up one)."
            )
    for name in ("SECRET_KEY", "INDEX_KEY"):
        if len(found[name]) < LEAST_SECRET:
            raise SettingsError(
                f"CLEARSLOT_{name} is too short: use {LEAST_SECRET} characters or more."
            )
    _check_field_keys(found)
    return found


def _keys_in(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def _check_field_keys(found: Mapping[str, Any]) -> None:
    ring = KeyRing(found["FIELD_KEYS"], found["INDEX_KEY"], found["SECRET_KEY"])
    try:
        ring.seal("")
    except ValueError:
        raise SettingsError(
            "CLEARSLOT_FIELD_KEYS holds something that is no key: each is 32 bytes in "
            "URL-safe base64 (44 characters), several are separated by commas."
        ) from None


def database_url(url: str | None, data: Path) -> str:
    """The address of a database as SQLAlchemy wants it, or SettingsError."""
    if not url:
        return f"sqlite:///{data / 'clearslot.db'}"
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    if url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return url
    raise SettingsError(
        "CLEARSLOT_DATABASE_URL must begin with sqlite:/// or postgresql://."
    )


def _mail_url(url: str | None) -> str | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("smtp", "smtps") and parts.hostname
        parts.port  # noqa: B018 - raises if it is no port
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            "CLEARSLOT_MAIL_URL must look like smtp://user:password@host:port."
        )
    return url


def _mail_from(address: str | None) -> str:
    if not address:
        return "appointments@clinic.example"
    before, at, host = address.rpartition("@")
    if not (before and at and host) or any(c.isspace() or c in "<>," for c in address):
        raise SettingsError(
            "CLEARSLOT_MAIL_FROM must be one plain address such as desk@clinic.example."
        )
    return address


def _base_url(url: str | None, port: int) -> str:
    if not url:
        return f"http://127.0.0.1:{port}"
    if not url.startswith(("http://", "https://")) or any(c.isspace() for c in url):
        raise SettingsError(
            "CLEARSLOT_BASE_URL must begin with https:// (or http:// on this machine)."
        )
    return url.rstrip("/")


def _proxies(text: str | None) -> int:
    """How many proxies stand in front and say for whom they ask."""
    if not text:
        return 0
    if len(text) > 1 or not text.isdecimal():
        raise SettingsError(f"CLEARSLOT_PROXIES is {text!r}: give a number up to 9.")
    return int(text)


def _one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = environment.get(name) or allowed[0]
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}: use {' or '.join(allowed)}.")
    return value
