"""Commands for the accounts of staff."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app
from sqlalchemy import select

from booking import accounts
from booking.cli.refusals import Command
from booking.db import db
from booking.models.account import User


@click.group("staff")
def staff() -> None:
    """The accounts of staff."""


@staff.command("add", cls=Command)
@click.argument("email")
@click.option("--name", prompt="Full name")
@click.option(
    "--role",
    "roles",
    type=click.Choice(list(accounts.ROLES)),
    multiple=True,
    required=True,
    help="May be given more than once.",
)
@click.password_option()
def add(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Make an account for EMAIL."""
    _check(password)
    accounts.create_staff(email, name, roles, password, now=_now())
    click.echo(f"{email} can sign in.")


@staff.command("password", cls=Command)
@click.argument("email")
@click.password_option()
def password_of(email: str, password: str) -> None:
    """Give EMAIL another password, and end what they are signed in to."""
    _check(password)
    address = email.strip().lower()
    if db.session.scalar(select(User.id).where(User.email == address)) is None:
        raise click.ClickException(f"There is no account {email}.")
    accounts.set_password([address], password)
    click.echo(f"{email} has a new password.")


@staff.command("close", cls=Command)
@click.argument("email")
def close(email: str) -> None:
    """Lock out somebody who has left."""
    accounts.close_account(email, now=_now())
    click.echo(f"{email} can no longer sign in.")


@click.command("token", cls=Command)
@click.argument("email")
def token(email: str) -> None:
    """Print a bearer token for a staff account."""
    click.echo(accounts.mint_token(email, now=_now()))


def _check(password: str) -> None:
    if problem := accounts.password_problem(password):
        raise click.ClickException(problem)


def _now() -> Any:
    return current_app.config["CLOCK"]()


STAFF = (staff, token)
