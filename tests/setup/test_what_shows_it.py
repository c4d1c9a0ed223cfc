# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages that say which test shows what name tests and pages that there are."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEST = re.compile(r"`(?:([a-z]+)/([a-z_.]+))?::([a-z0-9_]+)`")
PAGES = pytest.mark.parametrize(("page", "least"), [("call-control", 150), ("every-line", 60), ("complaints", 35)])


def tables(page: str) -> str:
    return (ROOT / f"docs/{page}.md").read_text().partition("\n## ")[2]


def named(page: str) -> Iterator[tuple[Path, str]]:
    """Each test with its file; one without is in the file of the one before."""
    file = ROOT
    for folder, name, test in TEST.findall(tables(page)):
        if folder:
            known = (ROOT / "tests" / folder / each for each in (f"test_{name}.py", f"{name}.py", name))
            file = next((path for path in known if path.exists()), ROOT / "tests" / folder / name)
        yield file, f"test_{test}"


@PAGES
def test_every_test_it_names_is_there(page: str, least: int) -> None:
    every = list(named(page))
    assert len(every) > least
    missing = [
        f"{file.relative_to(ROOT)}: {test}"
        for file, test in every
        if not file.is_file() or f"def {test}(" not in file.read_text()
    ]
    assert missing == []


@PAGES
def test_every_page_it_names_is_there(page: str, least: int) -> None:
    pages = re.findall(r"\]\(([a-z_./-]+\.md)\)", tables(page))
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []


def test_every_story_it_names_is_there() -> None:
    stories = re.findall(r"`([a-z0-9_]+\.call)`", tables("complaints"))
    assert len(stories) > 12
    assert [name for name in stories if not (ROOT / "tests/scenarios" / name).is_file()] == []
