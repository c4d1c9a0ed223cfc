# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/call-control.md names tests and pages that there are."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/call-control.md").read_text().partition("\n## ")[2]
TEST = re.compile(r"`(?:([a-z]+)/([a-z_]+))?::([a-z0-9_]+)`")


def named() -> Iterator[tuple[Path, str]]:
    """Each test with its file; one without is in the file of the one before."""
    file = ROOT
    for folder, name, test in TEST.findall(PAGE):
        if folder:
            known = (ROOT / "tests" / folder / f"{each}.py" for each in (f"test_{name}", name))
            file = next((path for path in known if path.exists()), ROOT / "tests" / folder / name)
        yield file, f"test_{test}"


def test_every_test_it_names_is_there() -> None:
    every = list(named())
    assert len(every) > 150
    missing = [
        f"{file.relative_to(ROOT)}: {test}"
        for file, test in every
        if not file.is_file() or f"def {test}(" not in file.read_text()
    ]
    assert missing == []


def test_every_page_it_names_is_there() -> None:
    pages = re.findall(r"\]\(([a-z_./-]+\.md)\)", PAGE)
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []
