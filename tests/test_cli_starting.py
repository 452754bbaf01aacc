"""The commands that prepare a clinic: what they make, and what they refuse."""

from __future__ import annotations

import re
from importlib import import_module

import click
import pytest
from flask import Flask

from booking import cli, settings
from booking.cli.starting import PREPARING
from booking.db import db
from booking.demo.clinic import FOLDER
from tests.running import free_port

MANAGER = (
    "--email=mia@clinic.example",
    "--name=Mia",
    "--clinic=Elm",
    "--timezone=Europe/Paris",
    "--password=a few words with spaces",
)


@pytest.fixture
def create_app():
    """Makes applications as app.py does, and closes their databases afterwards."""
    made = []

    def create(overrides=None):
        made.append(import_module("app").create_app(overrides))
        return made[-1]

    yield create
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def run(tmp_path, create_app):
    """Runs a command as in an application that has no secrets yet."""
    bare = Flask("bare")
    bare.extensions["clearslot_factory"] = create_app
    for command in PREPARING:
        bare.cli.add_command(command)
    data = {"CLEARSLOT_DATA": str(tmp_path / "data")}

    def invoke(*arguments, **environment):
        result = bare.test_cli_runner().invoke(
            args=arguments, env=data | environment, catch_exceptions=False
        )
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def prepared(create_app, tmp_path):
    """Makes the application of a data folder that was prepared."""
    environment = {"CLEARSLOT_DATA": str(tmp_path / "data")}
    return lambda: create_app(settings.read(environment))


def test_a_clinic_of_ones_own_begins_with_its_manager(run, prepared, tmp_path):
    made = run("init", *MANAGER)
    again = run("init", *MANAGER)

    assert made == (0, "Elm is ready. Start the web server and the worker.\n")
    assert again == (1, "Error: This database already has a clinic.\n")
    assert not settings.is_demo(tmp_path / "data")
    token = prepared().test_cli_runner().invoke(args=["token", "mia@clinic.example"])
    assert re.fullmatch(r"[\w-]{32}\n", token.output)


def test_a_clinic_of_ones_own_can_come_from_a_plan(run, prepared):
    made = run("init", *MANAGER, f"--plan={FOLDER / 'clinic.toml'}")

    assert made[0] == 0
    (site,) = prepared().test_client().get("/api/v1/sites").get_json()
    assert site == {"id": 1, "name": "Elm", "timezone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("--password=short", "Use at least 12 characters; a few words are fine."),
        ("--timezone=Mars/Base", "timezone: Give one like Europe/London."),
        (
            "--email=mia",
            "email: Give an e-mail address like name@clinic.example.",
        ),
    ],
)
def test_a_wrong_first_answer_is_named(run, change, words):
    assert run("init", *MANAGER, change) == (1, f"Error: {words}\n")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("[site", "Expected"),
        ("[site]", "site: 'hours' is missing"),
        ("[[rooms]]\nname = 'Birch'", "rooms 1: 'capabilities' is missing"),
        ("hours = [{ days = [7], times = ['09:00-17:00'] }]", "Elm: hours are rows"),
        ("hours = [{ days = [0], times = ['17:00-09:00'] }]", "Elm: hours are rows"),
        ("hours = [{ days = [0], times = ['nine'] }]", "Elm: hours are rows"),
    ],
)
def test_a_wrong_plan_is_named(run, tmp_path, plan, words):
    site = "address = ''\nphone = ''\nemail = 'x@clinic.example'\n"
    head = f"[site]\nname = 'Elm'\ntimezone = 'UTC'\n{site}"
    text = plan if plan.startswith("[site") else head + plan
    (tmp_path / "plan.toml").write_text(text)

    code, output = run("init", *MANAGER, f"--plan={tmp_path / 'plan.toml'}")

    assert code == 1
    assert words in output
    assert not (tmp_path / "data").exists()


def test_a_demo_is_not_poured_over_a_clinic(run):
    run("init", *MANAGER)

    assert run("demo") == (
        1,
        "Error: This database already has a clinic; the demo needs an empty one.\n",
    )


def test_an_unreachable_database_is_one_plain_line(run):
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/clinic"

    code, output = run("demo", CLEARSLOT_DATABASE_URL=url)

    assert code == 1
    assert output.startswith("Error: The database does not answer as it should: ")
    assert output.count("\n") == 1


def test_a_wrong_setting_is_one_plain_line():
    wrong = settings.SettingsError("CLEARSLOT_PORT is 'five'.")

    with pytest.raises(click.ClickException, match="^CLEARSLOT_PORT is 'five'.$"):
        cli.init_unprepared(Flask("bare"), wrong)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--app app up", True),
        ("--app app init --name x", True),
        ("demo", True),
        ("--app app --help", True),
        ("--app app run", False),
        ("--app app db upgrade", False),
        ("token demo@clinic.example", False),
        ("", False),
    ],
)
def test_only_preparing_commands_go_without_secrets(arguments, expected):
    assert cli.is_preparing(arguments.split()) is expected
