"""The examples in the folder's README are run."""

from __future__ import annotations

import doctest
from pathlib import Path

import screening

README = Path(screening.__file__).parent / "README.md"


def test_the_examples_of_the_readme_are_true():
    found = doctest.testfile(str(README), module_relative=False)

    assert found.attempted > 10
    assert found.failed == 0


def test_everything_public_is_named_and_explained():
    for name in screening.__all__:
        assert getattr(screening, name) is not None
    assert screening.clearance.__doc__
    assert screening.check_answers.__doc__
