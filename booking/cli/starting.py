"""Commands that prepare a clinic and run it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import flask_migrate
from flask import Flask, current_app

from booking import accounts, demo, jobs, keyring, lockfile, running, settings
from booking.cli.refusals import Command


def _application() -> Flask:
    """The application, made anew from the settings as they are now."""
    app: Flask = current_app.extensions["clearslot_factory"]()
    return app


def _prepared() -> Flask:
    """The application once its secrets exist and its database is up to date."""
    data = settings.data_folder(os.environ)
    made_keys = settings.make_keys(data, os.environ)
    if "clearslot_keys" in current_app.extensions:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    else:
        app = _application()
    with app.app_context():
        flask_migrate.upgrade()
        try:
            keyring.check()
        except keyring.WrongKeys:
            if made_keys:
                settings.forget_keys(data)
            raise
    return app


def _now() -> Any:
    return current_app.config["CLOCK"]()


@click.command("init", cls=Command)
@click.option("--email", prompt="E-mail of the first manager")
@click.option("--name", prompt="Their name")
@click.option("--clinic", prompt="Name of the clinic")
@click.option("--timezone", prompt="Its time zone", default="Europe/London")
@click.option(
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Hours, people, rooms and devices: a file like booking/demo/clinic.toml.",
)
@click.password_option()
def first_steps(plan: Path | None, password: str, **given: str) -> None:
    """Make the database, the secrets, the clinic and its first manager."""
    if problem := accounts.password_problem(password):
        raise click.ClickException(problem)
    clinic, zone, address = given["clinic"], given["timezone"], given["email"]
    wanted = demo.read_plan(plan) if plan else demo.bare_plan(clinic, zone, address)
    wanted["site"] |= {"name": clinic, "timezone": zone}
    demo.check_plan(wanted)
    app = _prepared()
    with app.app_context():
        if not demo.is_empty():
            raise click.ClickException("This database already has a clinic.")
        accounts.create_staff(
            address, given["name"], ["manager", "reception"], password, now=_now()
        )
        demo.add_clinic(wanted)
    click.echo(f"{clinic} is ready. Start the web server and the worker.")


@click.command("demo", cls=Command)
def demo_clinic() -> None:
    """Fill an empty database with the demo clinic; refuses on any other."""
    app = _prepared()
    with app.app_context():
        if not demo.is_empty():
            raise click.ClickException(
                "This database already has a clinic; the demo needs an empty one."
            )
        demo.seed(app.config["DATA"], os.environ, now=_now())
    click.echo("The demo clinic is ready.")


@click.command("up", cls=Command)
def up() -> None:
    """Prepare what is missing, then run web server and worker until Ctrl-C."""
    running.stop_on_signals()
    taken = running.take_port(settings.port_of(os.environ))
    _note_unknown_settings()
    app = _prepared()
    data: Path = app.config["DATA"]
    lockfile.mark(data)
    with app.app_context():
        is_new = demo.is_empty()
        if is_new:
            click.echo("Setting up the demo clinic (once, some seconds) ...")
            demo.seed(data, os.environ, now=_now())
    if is_new:
        # Now it knows that it is the demo.
        app = _application()
    if app.config["DEMO"]:
        with app.app_context():
            _show_demo(app)
    running.serve(app, taken, say=click.echo)


def _show_demo(app: Flask) -> None:
    password = demo.renew_staff(app.config["DATA"], os.environ, now=_now())
    base = app.config["BASE_URL"]
    click.echo(f"Patients book at  {base}/")
    click.echo(f"Staff sign in at  {base}/login  with the password  {password}")
    for email, _, roles in demo.STAFF:
        click.echo(f"                  {email:<28} ({', '.join(roles)})")
    click.echo(f"Mail is read at   {_mail_place(app)}")


def _mail_place(app: Flask) -> str:
    if app.config["MAIL_URL"]:
        host = urlsplit(app.config["MAIL_URL"]).hostname
        return f"your mail server ({host})"
    return f"{app.config['BASE_URL']}/dev/mailbox"


@click.command("worker", cls=Command)
@click.option("--stop-with-stdin", is_flag=True, hidden=True)
def worker(stop_with_stdin: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Send what is due and tidy up, until stopped."""
    lockfile.mark(current_app.config["DATA"])
    if stop_with_stdin:
        running.stop_with_stdin()
    else:
        _note_unknown_settings()
    jobs.run_worker(current_app._get_current_object())  # type: ignore[attr-defined]


def _note_unknown_settings() -> None:
    for name in settings.unknown(os.environ):
        click.echo(f"Note: {name} is not a setting of Clearslot.", err=True)


PREPARING = (first_steps, demo_clinic, up)
