"""What docs and habits promise about the shape of the code, read off its files."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EDGES = tuple(f"booking.{edge}" for edge in ("web", "api", "cli", "jobs", "running"))
# They bind Flask for the core: storage, who is signed in, how mail is written.
BINDINGS = (
    "booking.db",
    "booking.accounts",
    "booking.models.account",
    "booking.messages.letterhead",
)
FRAMEWORKS = re.compile(
    r"(flask|werkzeug|wtforms|click|apscheduler|waitress)(_\w+)?(\.|$)"
)
IMPURE = {"logging", "os", "random", "secrets", "socket", "subprocess", "time"}
CLOCKS = {"now", "utcnow", "today"}


def test_imports_are_read_right():
    # Guards the guard: an empty list of files would keep every other promise.
    assert "booking.models" in _imports(ROOT / "migrations" / "env.py")
    assert len(_sources("booking")) > 20
    assert len(_sources("screening")) > 4


def test_screening_needs_only_the_standard_library():
    allowed = sys.stdlib_module_names | {"screening"}

    assert _imported("screening", lambda name: name.split(".")[0] not in allowed) == []


def test_screening_cannot_ask_the_machine_anything():
    assert _imported("screening", lambda name: name.split(".")[0] in IMPURE) == []


def test_only_the_clock_reads_the_clock():
    readers = {
        _module(path)
        for path in [*_sources("screening"), *_sources("booking"), ROOT / "app.py"]
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCKS
        and ast.unparse(node.value).split(".")[-1] in ("datetime", "date")
    }

    assert readers == {"booking.clock"}


def test_the_core_does_not_know_its_edges():
    assert _imported("booking", _is_edge, outside=EDGES) == []


def test_the_core_does_not_know_the_frameworks():
    found = _imported("booking", FRAMEWORKS.match, outside=(*EDGES, *BINDINGS))

    assert found == []


def test_nothing_imports_the_composition_root():
    assert _imported("booking", lambda name: name == "app") == []


def test_no_module_waits_for_itself():
    """Follow every import in the core and the edges: none leads back to its start."""
    modules = _modules("booking")
    wanted = {
        name: {
            found
            for found in _imports(path) & modules.keys()
            if not _holds(found, name)
        }
        for name, path in modules.items()
    }

    circles = [name for name in modules if name in _reachable(name, wanted)]

    assert circles == []


def test_no_drawer_for_odds_and_ends():
    vague = {"utils", "util", "helpers", "common", "misc", "services", "managers"}

    found = [path for path in _written() if vague & {path.stem, *path.parent.parts}]

    assert found == []


@pytest.mark.parametrize(("folder", "most"), [("product", 300), ("tests", 450)])
def test_files_are_short_enough_to_read(folder, most):
    long = [
        f"{path}: {lines} lines"
        for path in _written()
        if path.suffix == ".py"
        and (path.parts[0] == "tests") == (folder == "tests")
        and (lines := len((ROOT / path).read_text().splitlines())) > most
    ]

    assert long == []


def test_functions_fit_on_a_screen():
    long = [
        f"{path}:{node.lineno} {node.name}: {lines} lines"
        for path in _written()
        if path.suffix == ".py"
        for node in ast.walk(_tree(ROOT / path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > 45
    ]

    assert long == []


LOADS = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio|embed|object|use|form)\b[^>]*
        \b(?:src|srcset|href|data|action)\s*=\s*["']?(?:https?:)?//
      | url\(\s*["']?(?:https?:)?//
      | @import\s+["'](?:https?:)?//
      | \b(?:from|import|fetch\(|import\()\s*["'](?:https?:)?//
    """,
    re.VERBOSE | re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ('<script defer src="https://cdn.example/x.js">', True),
        ("<link rel=stylesheet href=//cdn.example/x.css>", True),
        ("background: url(https://cdn.example/x.png)", True),
        ('import x from "https://cdn.example/x.js"', True),
        ('<a href="https://source.example/paper">the paper</a>', False),
        ('<img src="/static/logo.svg">', False),
    ],
)
def test_loading_from_another_host_is_recognised(text, loads):
    assert bool(LOADS.search(text)) == loads


def test_no_page_loads_from_another_host():
    pages = [
        path for path in _written() if path.suffix in (".html", ".css", ".js", ".svg")
    ]

    assert [path for path in pages if LOADS.search((ROOT / path).read_text())] == []


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_no_lock_names_a_host(name):
    lock = (ROOT / "requirements" / name).read_text()

    assert (
        re.findall(r"://|@ |^--.*|/(?:home|root|opt|tmp)\b", lock, re.MULTILINE) == []
    )


def test_what_runs_is_locked_as_it_is_tested():
    run, dev = (
        set(
            re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / name).read_text(), re.M)
        )
        for name in ("run.txt", "dev.txt")
    )

    assert run
    assert run - dev == set()


def _holds(package: str, name: str) -> bool:
    # `from booking.web import dates` names the package only to reach the part.
    return f"{name}.".startswith(f"{package}.")


def _is_edge(name: str) -> bool:
    return any(_holds(edge, name) for edge in EDGES)


def _imported(package: str, unwanted, *, outside: tuple[str, ...] = ()) -> list[str]:
    """Who in *package* imports what is unwanted, as `module: import`."""
    return sorted(
        f"{module}: {name}"
        for module, path in _modules(package).items()
        if not any(_holds(exempt, module) for exempt in outside)
        for name in _imports(path)
        if unwanted(name)
    )


@cache
def _sources(package: str) -> tuple[Path, ...]:
    return tuple(sorted((ROOT / package).rglob("*.py")))


def _modules(package: str) -> dict[str, Path]:
    return {_module(path): path for path in _sources(package)}


@cache
def _written() -> tuple[Path, ...]:
    """Every file of ours, relative to the root; not what migrations generated."""
    folders = (
        "app.py",
        *("screening", "booking", "bench", "tools", "templates", "static", "tests"),
    )
    found = [
        path
        for folder in folders
        for path in ([ROOT / folder] if "." in folder else (ROOT / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return tuple(sorted(path.relative_to(ROOT) for path in found))


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imports(path: Path) -> set[str]:
    return set(_names(path))


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from booking import gate` may name a module or a thing in one: say both.
            yield node.module or "."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _reachable(start: str, wanted: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(wanted[start])
    while ahead:
        if (name := ahead.pop()) not in seen:
            seen.add(name)
            ahead += wanted[name]
    return seen
