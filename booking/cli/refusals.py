"""What every command has in common: a refusal is one plain line, not a traceback."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError

from booking.errors import BookingError, InvalidRequest
from booking.settings import SettingsError


class Command(click.Command):
    """A command in an application context, whose refusals are told in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        if not current_app:
            app = ctx.ensure_object(ScriptInfo).load_app()
            ctx.with_resource(app.app_context())
        try:
            return super().invoke(ctx)
        except InvalidRequest as refusal:
            words = (f"{p.field}: {p.message}" for p in refusal.problems)
            raise click.ClickException("; ".join(words)) from None
        except BookingError as refusal:
            raise click.ClickException(refusal.sentence) from None
        except SettingsError as refusal:
            raise click.ClickException(str(refusal)) from None
        except DBAPIError as failure:
            raise click.ClickException(_no_database(failure)) from None


def _no_database(failure: DBAPIError) -> str:
    said = (str(failure.orig).strip().splitlines() or ["no reason given"])[0]
    return (
        f"The database does not answer as it should: {said}. "
        "Check CLEARSLOT_DATABASE_URL; 'flask init' and 'make run' prepare a new one, "
        "'flask db upgrade' an older one."
    )
