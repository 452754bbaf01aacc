"""Commands. Each says what it did, or why not, in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import click
from flask import Flask

from booking import settings
from booking.cli.staff import STAFF
from booking.cli.starting import PREPARING, worker
from booking.cli.upkeep import UPKEEP


def init(app: Flask) -> None:
    """Register every command."""
    _add(app, (*PREPARING, worker, *STAFF, *UPKEEP))


def init_unprepared(app: Flask, missing: settings.SettingsError) -> None:
    """Register only the commands that prepare a data folder without secrets.

    For any other command, the refusal becomes its one line of output.
    """
    is_first = isinstance(missing, settings.SecretsMissing)
    if not (is_first and is_preparing(sys.argv[1:])):
        raise click.ClickException(str(missing))
    _add(app, PREPARING)


def is_preparing(arguments: Sequence[str]) -> bool:
    """Whether `flask` was called to make the secrets, or to say what it can do."""
    preparing = {command.name for command in PREPARING} | {"--help"}
    return not preparing.isdisjoint(arguments)


def _add(app: Flask, commands: Iterable[click.Command]) -> None:
    for command in commands:
        app.cli.add_command(command)
