"""What the README and the papers beside it promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from booking import settings
from booking.cli.staff import STAFF
from booking.cli.starting import PREPARING, worker
from booking.cli.upkeep import UPKEEP

ROOT = Path(__file__).parent.parent
PAPERS = [
    "README.md",
    "CHANGELOG.md",
    *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_readme_lists_every_setting_and_no_other():
    table = re.findall(
        r"^\| `(CLEARSLOT_[A-Z_]+)` \|", _text("README.md"), re.MULTILINE
    )

    assert sorted(table) == sorted(settings.NAMES)


@pytest.mark.parametrize("paper", PAPERS)
def test_no_link_between_papers_is_broken(paper):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", _text(paper))

    folder = (ROOT / paper).parent
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_every_command_in_a_paper_exists(paper):
    known = {command.name for command in (*PREPARING, worker, *STAFF, *UPKEEP)} | {"db"}
    named = re.findall(r"(?:`|/)flask ([a-z]+)", _text(paper))

    assert set(named) <= known


@pytest.mark.parametrize("paper", PAPERS)
def test_every_make_word_in_a_paper_exists(paper):
    made = re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE)
    named = re.findall(r"^make ([a-z]+)|`make ([a-z]+)", _text(paper), re.MULTILINE)

    assert {first or second for first, second in named} <= set(made)


@pytest.mark.parametrize("paper", PAPERS)
def test_no_paper_names_a_setting_that_does_not_exist(paper):
    named = re.findall(r"\bCLEARSLOT_[A-Z]+(?:_[A-Z]+)*\b", _text(paper))

    assert set(named) <= set(settings.NAMES)


def test_an_operator_finds_every_command():
    papers = _text("docs/operating.md") + _text("README.md") + _text("docs/rulebook.md")

    unnamed = [
        command.name
        for command in (*PREPARING, worker, *STAFF, *UPKEEP)
        if f"flask {command.name}" not in papers and command.name != "up"
    ]
    assert unnamed == []
