"""Who uses a data folder: shown by a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from booking.errors import WrongState
from booking.settings import SettingsError

NAME = "running.lock"
_held: list[IO[bytes]] = []


def mark(data: Path) -> None:
    """Show that this process uses the data folder, until it ends."""
    file = _lock_file(data)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SettingsError("The keys are being renewed. Try again then.") from None
    _held.append(file)


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Keep the data folder to ourselves, or raise WrongState if it is in use."""
    with _lock_file(data) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongState(
                "Clearslot is running on this data folder. Stop it and try again."
            ) from None
        yield


def _lock_file(data: Path) -> IO[bytes]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (data / NAME).open("ab")
