"""Commands that look after what is stored."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask, current_app
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

import screening
from booking import audit, keyring, lockfile, relocation, rulebooks, settings
from booking.cli.refusals import Command
from booking.db import db
from booking.models.audit import AuditEvent
from booking.models.clinic import Site
from booking.models.rulebook import RulebookContent
from booking.patients import portability
from booking.rulebooks import impact, replay

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("rekey", cls=Command)
def rekey() -> None:
    """Put a new field key first and seal everything with it."""
    changed = keyring.rekey(current_app.config["DATA"], os.environ)
    click.echo(f"{changed} values are sealed with the first key.")


@click.command("relocate", cls=Command)
@click.argument("url")
def relocate(url: str) -> None:
    """Copy all that is stored into the empty database at URL."""
    config = current_app.config
    # Whatever else is set stays as it is: above all the keys.
    given = {name: config[name] for name in settings.CONFIG}
    given["DATABASE_URL"] = settings.database_url(url, config["DATA"])
    target: Flask = current_app.extensions["clearslot_factory"](given)
    with lockfile.alone(config["DATA"]):
        source_engine = db.engine
        with target.app_context():
            flask_migrate.upgrade()
            try:
                copied = relocation.copy(source_engine, db.engine)
            finally:
                db.engine.dispose()
    click.echo(f"{copied} rows are copied. Now set CLEARSLOT_DATABASE_URL to it.")


@click.group("audit")
def audit_commands() -> None:
    """The audit trail."""


@audit_commands.command("verify", cls=Command)
def audit_verify() -> None:
    """Check the chain of the audit trail from its first row."""
    problems = audit.verify()
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.ClickException("The audit trail was altered.")
    last = db.session.scalar(select(func.max(AuditEvent.position))) or 0
    click.echo(f"The audit trail is whole: {last} events are sealed.")


@click.group("rulebook")
def rulebook() -> None:
    """The rulebook."""


@rulebook.command("check", cls=Command)
@click.argument("folder", required=False, type=_FOLDER)
def rulebook_check(folder: Path | None) -> None:
    """Load a folder of rulebook files and say what is wrong with it."""
    found = _rulebook(folder, None)
    if folder is None:
        _check_kept()
    click.echo(
        f"Version {found.version}: {len(found.rules)} rules, "
        f"{len(found.questions)} questions, {len(found.treatments)} treatments."
    )


@rulebook.command("impact", cls=Command)
@click.argument("folder", type=_FOLDER)
def rulebook_impact(folder: Path) -> None:
    """List the booked visits that another rulebook would decide otherwise."""
    changed = booked = decisions = decided = 0
    for site in db.session.scalars(select(Site).order_by(Site.id)):
        found = impact.whole(_rulebook(folder, site), site, now=_now())
        for change in found.visits:
            click.echo(str(change))
        for rule, (visits, lately) in found.by_rule.items():
            click.echo(f"{rule}: {visits} visits, {lately} decisions")
        changed += len(found.visits)
        booked += len(impact.upcoming(site, now=_now()))
        decisions += found.decisions
        decided += impact.decided_lately(site, now=_now())
    click.echo(f"{changed} of {booked} visits to come would change.")
    click.echo(f"{decisions} of {decided} decisions of the last 90 days would.")


@rulebook.command("replay", cls=Command)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 36500))
def rulebook_replay(days: int) -> None:
    """Decide stored decisions again, by the versions that made them."""
    counted: Counter[replay.Outcome] = Counter()
    failed: list[tuple[int, replay.Outcome]] = []
    for site in db.session.scalars(select(Site).order_by(Site.id)).all():
        first = _now() - timedelta(days=days)
        counted += replay.since(site, first, failed=failed)
    for outcome in replay.Outcome:
        click.echo(f"{outcome}: {counted[outcome]}")
    if failed:
        numbers = ", ".join(str(number) for number, _ in failed[:20])
        raise click.ClickException(f"Not explained: screenings {numbers}.")


def _check_kept() -> None:
    """Every version that ever decided must still load."""
    try:
        names = db.session.scalars(select(RulebookContent.version)).all()
    except DBAPIError:
        # The files can be checked before there is a database.
        db.session.rollback()
        return
    for name in names:
        try:
            rulebooks.version(name)
        except screening.RulebookError as error:
            raise click.ClickException(f"Kept version {name}: {error}") from None


def _rulebook(folder: Path | None, site: Site | None) -> screening.Rulebook:
    # A folder is read for the device that the site has.
    profile = {"profile": site.device_profile} if site else {}
    try:
        return screening.load(folder, **profile)
    except screening.RulebookError as error:
        raise click.ClickException(str(error)) from None


@click.command("export", cls=Command)
@click.argument("patient")
def export(patient: str) -> None:
    """Print all that is stored about PATIENT (their id or e-mail) as JSON."""
    click.echo(portability.export(patient, now=_now()))


@click.command("erase", cls=Command)
@click.argument("patient")
@click.option("--yes", is_flag=True, help="Do it; without this only say what would go.")
def erase(patient: str, yes: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Erase name, contacts and answers of PATIENT (their id or e-mail)."""
    config = current_app.config
    click.echo(
        portability.erase(patient, now=_now(), config=config)
        if yes
        else portability.would_erase(patient, now=_now())
    )


def _now() -> Any:
    return current_app.config["CLOCK"]()


UPKEEP = (rekey, relocate, audit_commands, rulebook, export, erase)
