# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/pages.md says by which test each thing of the pages is shown: all of these are there, and every page is."""

import re
from pathlib import Path

from appliance.web.menu import GROUPS

ROOT = Path(__file__).parents[2]


def test_every_test_the_page_about_the_pages_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/pages.md").read_text())
    assert len(named) > 50
    gone = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert gone == []


def test_every_page_of_the_menu_is_shown_by_some_test() -> None:
    table = (ROOT / "docs/pages.md").read_text().partition("| what | page | test |")[2]
    named = {
        path
        for row in table.splitlines()
        if row.count("|") == 4
        for path in re.findall(r"`([^`]+)`", row.split("|")[2])
    }
    assert named >= {entry.path for _, entries in GROUPS for entry in entries}
