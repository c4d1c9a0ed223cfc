# SPDX-License-Identifier: GPL-2.0-or-later
"""The page about settings tells of every setting there is."""

import re
from pathlib import Path

from appliance.settings.models import Settings
from appliance.settings.reference import reference
from tests.settings.documents import settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text().endswith(reference()), "run: python -m appliance.settings.reference docs/settings.md"


def test_every_table_and_field_is_in_it() -> None:
    text = reference()
    for table in Settings.model_fields:
        assert f"### `[{table}" in text or f"### `[[{table}" in text
    for field in ("registers", "class_"):
        assert f"`{field}`" not in text
    assert "| `register` | true or false | `false` |" in text


def test_the_smallest_document_of_the_page_is_sound() -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    assert list(settings(found[1]).person) == ["anna", "boris"]
