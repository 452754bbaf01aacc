"""Field encryption with a key ring, and blind indexes for look-up without plaintext."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, MultiFernet


def new_key() -> str:
    """A fresh field key (URL-safe base64, 32 bytes)."""
    return Fernet.generate_key().decode()


def new_token() -> str:
    """An unguessable token of 192 bits; a command line never takes it for an option."""
    while (token := secrets.token_urlsafe(24)).startswith("-"):
        pass
    return token


def digest(token: str) -> str:
    """What is stored of a token, so that a copy of the database opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class KeyRing:
    """The first field key encrypts; every field key decrypts.

    `index_key` and `signing_key` never rotate with them.
    """

    field_keys: tuple[str, ...]
    index_key: str
    signing_key: str

    @property
    def fernet(self) -> MultiFernet:
        return _fernet(self.field_keys)

    def seal(self, value: Any) -> bytes:
        return self.fernet.encrypt(json.dumps(value, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        return json.loads(self.fernet.decrypt(sealed))

    def rotate(self, sealed: bytes) -> bytes:
        """The same value under the first key."""
        return self.fernet.rotate(sealed)

    def blind(self, *parts: str) -> str:
        """A keyed hash by which equal values can be found."""
        text = "\x1f".join(parts)
        return hmac.new(
            self.index_key.encode(), text.encode(), hashlib.sha256
        ).hexdigest()


_rings: dict[tuple[str, ...], MultiFernet] = {}


def _fernet(keys: Sequence[str]) -> MultiFernet:
    ring = _rings.get(tuple(keys))
    if ring is None:
        ring = _rings[tuple(keys)] = MultiFernet([Fernet(key) for key in keys])
    return ring
