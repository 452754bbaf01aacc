"""What the environment may say, and what is refused at the start."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
from flask import request

from booking import settings

KEY = "b25seSBmb3IgdGVzdHM6IDMyIGJ5dGVzIG9mIGtleS4="
ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path):
    return {
        "CLEARSLOT_DATA": str(tmp_path),
        "CLEARSLOT_SECRET_KEY": "a secret with spaces in it, long enough",
        "CLEARSLOT_INDEX_KEY": "another one with spaces, long enough too",
        "CLEARSLOT_FIELD_KEYS": KEY,
    }


def test_everything_but_the_secrets_has_a_default(environment, tmp_path):
    found = settings.read(environment)

    assert found == {
        "DATA": tmp_path,
        "PORT": 5000,
        "DATABASE_URL": f"sqlite:///{tmp_path}/clearslot.db",
        "MAIL_URL": None,
        "MAIL_FROM": "appointments@clinic.example",
        "BASE_URL": "http://127.0.0.1:5000",
        "RATE_LIMITS": "on",
        "PROXIES": 0,
        "METRICS_TOKEN": None,
        "DEMO": False,
        "SECRET_KEY": "a secret with spaces in it, long enough",
        "INDEX_KEY": "another one with spaces, long enough too",
        "FIELD_KEYS": (KEY,),
    }
    assert tuple(found) == settings.CONFIG


@pytest.mark.parametrize(
    ("name", "value", "key", "expected"),
    [
        ("PORT", "8080", "BASE_URL", "http://127.0.0.1:8080"),
        ("BASE_URL", "https://clinic.example/", "BASE_URL", "https://clinic.example"),
        (
            "DATABASE_URL",
            "postgres://me:a secret@db/clinic",
            "DATABASE_URL",
            "postgresql+psycopg://me:a secret@db/clinic",
        ),
        ("DATABASE_URL", "sqlite:////srv/x.db", "DATABASE_URL", "sqlite:////srv/x.db"),
        (
            "MAIL_URL",
            "smtp://me:a secret@mail.example:587",
            "MAIL_URL",
            "smtp://me:a secret@mail.example:587",
        ),
        ("MAIL_FROM", "desk@clinic.example", "MAIL_FROM", "desk@clinic.example"),
        ("RATE_LIMITS", "off", "RATE_LIMITS", "off"),
        ("PROXIES", "1", "PROXIES", 1),
        ("METRICS_TOKEN", "a token", "METRICS_TOKEN", "a token"),
        ("FIELD_KEYS", f"{KEY}, {KEY}", "FIELD_KEYS", (KEY, KEY)),
    ],
)
def test_a_setting_is_taken_from_the_environment(
    environment, name, value, key, expected
):
    found = settings.read(environment | {f"CLEARSLOT_{name}": value})

    assert found[key] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "five thousand"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("DATABASE_URL", "mysql://db/clinic"),
        ("MAIL_URL", "mail.example"),
        ("MAIL_URL", "http://mail.example"),
        ("MAIL_URL", "smtp://mail.example:port"),
        ("MAIL_FROM", "The Desk <desk@clinic.example>"),
        ("MAIL_FROM", "desk"),
        ("BASE_URL", "clinic.example"),
        ("RATE_LIMITS", "no"),
        ("PROXIES", "many"),
        ("PROXIES", "12"),
        ("SECRET_KEY", "changeme"),
        ("INDEX_KEY", "changeme"),
        ("FIELD_KEYS", "not a key"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(environment, name, value):
    with pytest.raises(settings.SettingsError, match=f"CLEARSLOT_{name}"):
        settings.read(environment | {f"CLEARSLOT_{name}": value})


@pytest.mark.parametrize("name", ["SECRET_KEY", "INDEX_KEY", "FIELD_KEYS"])
def test_nothing_starts_without_a_secret(environment, name):
    del environment[f"CLEARSLOT_{name}"]

    with pytest.raises(settings.SecretsMissing, match=f"CLEARSLOT_{name} is not set"):
        settings.read(environment)


@pytest.mark.parametrize(
    ("proxies", "address"), [(0, "127.0.0.1"), (1, "9.9.9.9"), (2, "8.8.8.8")]
)
def test_only_as_many_proxies_are_believed_as_there_are(make_app, proxies, address):
    app = make_app(PROXIES=proxies)

    @app.before_request
    def answer():
        return request.remote_addr

    said = {"X-Forwarded-For": "7.7.7.7, 8.8.8.8, 9.9.9.9"}
    assert app.test_client().get("/", headers=said).text == address


def test_secrets_are_made_once_for_the_owner_only(tmp_path):
    data = tmp_path / "deep" / "data"
    environment = {"CLEARSLOT_DATA": str(data)}

    assert settings.make_keys(data, environment)
    first = settings.read(environment)
    assert not settings.make_keys(data, environment)

    assert settings.read(environment) == first
    assert stat.S_IMODE((data / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_secrets_of_the_environment_are_not_doubled_in_a_file(environment, tmp_path):
    assert not settings.make_keys(tmp_path, environment)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_damaged_keys_file_is_named(tmp_path, content):
    (tmp_path / "keys.json").write_text(content)

    with pytest.raises(settings.SettingsError, match="keys.json"):
        settings.read({"CLEARSLOT_DATA": str(tmp_path)})


def test_an_unfinished_keys_file_does_not_count(tmp_path):
    settings.save_keys(tmp_path, {"secret_key": "old"})
    (tmp_path / "keys.json.new").write_text("{half")

    settings.save_keys(tmp_path, {"secret_key": "new"})

    assert json.loads((tmp_path / "keys.json").read_text()) == {"secret_key": "new"}
    assert not (tmp_path / "keys.json.new").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(settings.SettingsError, match="CLEARSLOT_DATA"):
        settings.make_keys(tmp_path / "file" / "data", {})


def test_the_demo_password_is_made_once_and_marks_the_folder(tmp_path):
    assert not settings.is_demo(tmp_path)

    made = settings.demo_password(tmp_path, {})

    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", made)
    assert settings.demo_password(tmp_path, {}) == made
    assert settings.is_demo(tmp_path)
    assert stat.S_IMODE((tmp_path / "demo").stat().st_mode) == 0o600


def test_the_demo_password_may_be_given_and_hold_spaces(tmp_path):
    made = settings.demo_password(tmp_path, {})
    given = {"CLEARSLOT_DEMO_PASSWORD": " two words "}

    assert settings.demo_password(tmp_path, given) == " two words "
    assert settings.demo_password(tmp_path, {}) == made


def test_a_misspelt_setting_is_found():
    environment = {"CLEARSLOT_DATABSE_URL": "x", "CLEARSLOT_DATA": "x", "HOME": "x"}

    assert settings.unknown(environment) == ["CLEARSLOT_DATABSE_URL"]


def test_the_code_reads_only_the_settings_that_are_listed():
    sources = [ROOT / "app.py", *(ROOT / "booking").rglob("*.py")]
    named = {
        name
        for source in sources
        for name in re.findall(
            r"\bCLEARSLOT_[A-Z]+(?:_[A-Z]+)*\b", source.read_text(encoding="utf-8")
        )
    }

    assert named <= set(settings.NAMES)
