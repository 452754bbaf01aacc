"""What every test may ask for: a clock, a migrated database, the application, a client.

Whatever asks for `database_url` (and so for `app`, `client` or `session`) runs twice,
on SQLite and on PostgreSQL. Tests that ask for none of them run once.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import gc
import importlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient, FlaskCliRunner
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import event

from tests import postgres
from tests.clock import NOW, Clock

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
LOOPBACK = ("127.0.0.1", "::1", "localhost")

settings.register_profile(
    "clearslot",
    deadline=None,  # two busy cores make any single example slow now and then
    derandomize=IN_CI,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],  # for the same reason
)
settings.load_profile("clearslot")

# Looking for garbage in the few hundred megabytes that all tests share takes a tenth of
# the run and finds little: look less often.
gc.set_threshold(50_000, 20, 100)


def _stay_on_this_machine(event: str, arguments: tuple) -> None:
    """Refuse to look up or call another host: no test may depend on one."""
    if not event.startswith("socket."):
        return
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host and host not in LOOPBACK:
        raise RuntimeError(f"a test reached for {host}")


sys.addaudithook(_stay_on_this_machine)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    return _refuse_skip(report, expected=hasattr(report, "wasxfail"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    report = yield
    return _refuse_skip(report, expected=False)


def _refuse_skip(report, *, expected):
    """In CI a skipped test is a failed one: nobody reads the reasons there."""
    if IN_CI and report.skipped and not expected:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr[2]}"
    return report


class _Compiled(BytecodeCache):
    """Each template compiled once for all applications of this process."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


@dataclass(frozen=True)
class Database:
    url: str
    empty: Callable[[], None]


class Client(FlaskClient):
    """Sends each request as a server would: in a context of its own.

    Otherwise a test that also uses `session` would lend its application context to the
    request, and a view that forgot to commit would pass. What the test wrote is
    committed first, and what it reads afterwards is read anew.
    """

    def open(self, *arguments, **options):
        if has_app_context():
            _database().session.commit()
            _database().session.expire_all()
        return contextvars.Context().run(super().open, *arguments, **options)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine_name(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.throwaway() as server:
        yield server


@pytest.fixture(scope="session")
def databases(request, tmp_path_factory) -> Iterator[Callable[[str], Database]]:
    """The database of an engine: made when first asked for, kept to the end."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def of(engine: str) -> Database:
            folder = tmp_path_factory.mktemp("database")
            if engine == "sqlite":
                path = folder / "clearslot.db"
                _migrate(f"sqlite:///{path}", folder)
                migrated = shutil.copyfile(path, folder / "migrated.db")
                return Database(f"sqlite:///{path}", lambda: _restore(path, migrated))
            server = request.getfixturevalue("postgres_server")
            url = server.create("clearslot")
            _migrate(url, folder)
            broom = postgres.Broom(server, "clearslot")
            return Database(url, stack.enter_context(contextlib.closing(broom)).sweep)

        yield of


@pytest.fixture(scope="session")
def database(engine_name, databases) -> Database:
    """Migrated once, then emptied for each test; `database_url` does that."""
    return databases(engine_name)


@pytest.fixture
def database_url(database) -> str:
    """A database that is migrated and empty."""
    database.empty()
    return database.url


@pytest.fixture
def blank_database_url(request, engine_name, tmp_path) -> Iterator[str]:
    """A database without a schema, for the tests of the migrations themselves."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    yield server.create("blank")
    server.drop("blank")


@pytest.fixture(scope="session")
def apps(tmp_path_factory) -> Iterator[Callable[..., Flask]]:
    """The application on a database: built when first asked for, kept to the end."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def on(url: str, **overrides: object) -> Flask:
            app = _create_app(url, tmp_path_factory.mktemp("data"), overrides)
            stack.callback(_let_go, app)
            return app

        yield on


@pytest.fixture(scope="session")
def shared_app(database, apps) -> Flask:
    return apps(database.url)


@pytest.fixture
def app(shared_app, database_url, tmp_path, clock) -> Iterator[Flask]:
    """The application, with this test's own database, data folder and clock.

    It is built once and lent to each test in turn, because building it and compiling
    its queries anew would take most of the run. Settings and extensions go back to
    what they were; who wants more of it (`before_request`) asks for `make_app`.
    """
    config, extensions = dict(shared_app.config), dict(shared_app.extensions)
    shared_app.config.update(CLOCK=clock, DATA=tmp_path)
    yield shared_app
    if shared_app.config["DATABASE_URL"].startswith("sqlite"):
        _let_go(shared_app)  # PostgreSQL's connections serve the next test too
    for lent, before in (
        (shared_app.config, config),
        (shared_app.extensions, extensions),
    ):
        lent.clear()
        lent.update(before)


@pytest.fixture
def make_app(database_url, tmp_path, clock) -> Iterator[Callable[..., Flask]]:
    """Builds an application of this test's own: `make_app(RATE_LIMITS="on")`."""
    made: list[Flask] = []

    def make(**overrides: object) -> Flask:
        app = _create_app(database_url, tmp_path, {"CLOCK": clock} | overrides)
        made.append(app)
        return app

    yield make
    for app in made:
        _let_go(app)


@pytest.fixture
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def session(app):
    """The database session; the only fixture that holds an application context."""
    with app.app_context():
        yield _database().session


def _create_app(url: str, folder: Path, overrides: Mapping[str, object]) -> Flask:
    # Imported when asked for: the pure tests neither need the application nor wait.
    environment = {
        "CLEARSLOT_DATA": str(folder),
        "CLEARSLOT_DATABASE_URL": url,
        "CLEARSLOT_RATE_LIMITS": "off",
        "CLEARSLOT_SECRET_KEY": "only for tests: " + "s" * 32,
        "CLEARSLOT_INDEX_KEY": "only for tests: " + "i" * 32,
        "CLEARSLOT_FIELD_KEYS": "b25seSBmb3IgdGVzdHM6IDMyIGJ5dGVzIG9mIGtleS4=",
    }
    configuration = importlib.import_module("booking.settings").read(environment)
    configuration |= {
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        # The real cost of argon2, 0.1 s for each hash, is not what these tests test.
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__memory_cost": 8,
            "argon2__parallelism": 1,
            "argon2__rounds": 1,
        },
    }
    app = importlib.import_module("app").create_app(configuration | dict(overrides))
    app.test_client_class = Client
    app.jinja_env.bytecode_cache = COMPILED
    with app.app_context():
        engine = _database().engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry)
    return app


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    """Nothing here has to survive a power cut; where processes are killed, the ones
    that are keep the real setting."""
    connection.execute("PRAGMA synchronous=OFF")


def _restore(path: Path, migrated: Path) -> None:
    for leftover in (path.with_name(f"{path.name}-{part}") for part in ("wal", "shm")):
        leftover.unlink(missing_ok=True)
    shutil.copyfile(migrated, path)


def _migrate(url: str, folder: Path) -> None:
    app = _create_app(url, folder, {})
    with app.app_context():
        flask_migrate.upgrade()
    _let_go(app)


def _let_go(app: Flask) -> None:
    with app.app_context():
        for engine in _database().engines.values():
            engine.dispose()


def _database() -> SQLAlchemy:
    return importlib.import_module("booking.db").db
