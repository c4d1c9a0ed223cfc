# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/control.md and docs/journal.md say what the programs do."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from appliance.control import messages as m
from appliance.store.migrate import migrate

DOCS = Path(__file__).parents[2] / "docs"
CONTROL = (DOCS / "control.md").read_text()


def _examples() -> Iterator[str]:
    for block in re.findall(r"```json\n(.*?)```", CONTROL, re.DOTALL):
        yield from block.splitlines()


def _kinds(union: object) -> dict[str, type]:
    return {kind.__struct_config__.tag: kind for kind in get_args(union)}


@pytest.mark.parametrize(("word", "union"), [("do", m.Request), ("event", m.Event)])
def test_every_message_has_an_example_with_every_field_and_a_row(word: str, union: object) -> None:
    seen = set()
    for line in _examples():
        said = json.loads(line)
        if word in said:
            kind = _kinds(union)[said[word]]
            message = msgspec.json.decode(line, type=kind)
            assert json.loads(msgspec.json.encode(message)) == said
            seen.add(said[word])
    assert seen == set(_kinds(union))
    assert seen <= set(re.findall(r"^\| `([a-z-]+)` \|", CONTROL, re.MULTILINE))


def test_the_examples_of_answers_are_answers() -> None:
    answers = [msgspec.json.decode(line, type=m.Answer) for line in _examples() if '"ok"' in line or '"error"' in line]
    assert len(answers) == 4


def test_every_refusal_of_the_socket_itself_is_explained() -> None:
    server = (DOCS.parent / "appliance/control/server.py").read_text()
    ids = set(re.findall(r'_refuse\([^"]*?"([a-z0-9-]+)"', server)) | {"socket-in-use"}
    assert len(ids) >= 7
    assert {id for id in ids if f"`{id}`" not in CONTROL} == set()


def test_every_table_and_column_of_the_journal_is_explained() -> None:
    said = (DOCS / "journal.md").read_text()
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, "journal")
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        assert f"**{table}**" in said
        for column in db.execute(f"PRAGMA table_info({table})").fetchall() if table != "back" else []:
            assert f"`{column[1]}`" in said, (table, column[1])
    db.close()


def test_every_trouble_of_the_journal_is_explained() -> None:
    said = (DOCS / "journal.md").read_text()
    source = "".join((DOCS.parent / "appliance/store" / name).read_text() for name in ("journal.py", "migrate.py"))
    ids = set(re.findall(r'"(journal-[a-z]+)"', source))
    assert len(ids) >= 8
    assert {id for id in ids if f"`{id}`" not in said} == set()
