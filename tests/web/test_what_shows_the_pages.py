# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/pages.md says by which test each thing of the pages is shown: all of these are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_the_page_about_the_pages_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/pages.md").read_text())
    assert len(named) > 50
    gone = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert gone == []
