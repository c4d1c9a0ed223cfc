# SPDX-License-Identifier: GPL-2.0-or-later
"""A fault's place is right however the document is written."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings.places import Path, Places, scan

WRITTEN = '''\
title = "one"                          # a comment with = and [brackets]
a.b."c.d".'e' = 1
list = [ 1, [2, 3],  # comment ]
   "four, ]", {x = 5, y.z = [6]},
]
when = 1979-05-27 07:32:00             # a date with a space
long = """
[not.a.table]
x = "no" \\""" still """""
raw = \'\'\'it's''\'\'\'
after = true
[table.sub]
k = "v"
  [ "quoted key" . sub ]
"k\\u0065y" = { in = { deep = "#}" } }
[[many]]
n = 1
[[many]]
n = 2
[many.sub]
n = 3
[[many.inner]]
n = 4
[[many.inner]]
n = 5
[table]
late = 7
'''


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("title",), 1, 9),
        (("a", "b", "c.d", "e"), 2, 17),
        (("list",), 3, 8),
        (("list", 0), 3, 10),
        (("list", 1), 3, 13),
        (("list", 1, 1), 3, 17),
        (("list", 2), 4, 4),
        (("list", 3, "x"), 4, 20),
        (("list", 3, "y", "z", 0), 4, 30),
        (("when",), 6, 8),
        (("long",), 7, 8),
        (("raw",), 10, 7),
        (("after",), 11, 9),
        (("table", "sub", "k"), 13, 5),
        (("quoted key", "sub", "key", "in", "deep"), 15, 30),
        (("many", 0, "n"), 17, 5),
        (("many", 1, "n"), 19, 5),
        (("many", 1, "sub", "n"), 21, 5),
        (("many", 1, "inner", 0, "n"), 23, 5),
        (("many", 1, "inner", 1, "n"), 25, 5),
        (("table", "late"), 27, 8),
    ],
)
def test_the_place_of_a_value_is_where_it_begins(path: Path, line: int, column: int) -> None:
    assert scan(WRITTEN).of_value(path) == (line, column)
    assert scan(WRITTEN.replace("\n", "\r\n")).of_value(path) == (line, column)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("a", "b"), 2, 3),
        (("a", "b", "c.d", "e"), 2, 11),
        (("list", 3, "y"), 4, 23),
        (("table",), 26, 2),
        (("table", "sub"), 12, 8),
        (("quoted key",), 14, 5),
        (("quoted key", "sub", "missing"), 14, 20),
        (("many", 1), 18, 3),
        (("nowhere",), 1, 1),
    ],
)
def test_the_place_of_a_key_is_the_key_or_what_it_would_belong_to(path: Path, line: int, column: int) -> None:
    assert scan(WRITTEN).of_key(path) == (line, column)


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Every path in a parsed document."""
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [p for key, each in value.items() for p in paths(each, (*path, key))]
    if isinstance(value, list):
        return found + [p for i, each in enumerate(value) for p in paths(each, (*path, i))]
    return found


def known(places: Places, path: Path) -> bool:
    """A list of tables has no place of its own: each of its tables has."""
    return path in places.keys or path in places.values or (*path, 0) in places.keys


def test_everything_the_parser_finds_has_a_place() -> None:
    places = scan(WRITTEN)
    assert [path for path in paths(tomllib.loads(WRITTEN)) if not known(places, path)] == []


KEY = st.sampled_from(["a", "b-1", '"q k"', "'l.k'", '"\\t"', "3"])
VALUE = st.recursive(
    st.sampled_from(["1", '"x"', "'y]'", "true", "1.5e3", "2026-01-01", '"""m\nn"""', "'''o\np'''", '"\\""']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n ".join(items) + "]")
        | st.dictionaries(KEY, inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{k} = {v}" for k, v in table.items()) + "}"
        )
    ),
    max_leaves=6,
)
LINE = st.one_of(
    st.tuples(st.lists(KEY, min_size=1, max_size=3).map(".".join), VALUE).map(" = ".join),
    st.lists(KEY, min_size=1, max_size=3).map(lambda parts: f"[{'.'.join(parts)}]"),
    st.lists(KEY, min_size=1, max_size=2).map(lambda parts: f"[[{'.'.join(parts)}]]"),
    st.just("# [comment] = 1"),
)


@given(st.lists(LINE, max_size=8).map("\n".join))
def test_every_sound_document_is_read_to_its_end(text: str) -> None:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        scan(text)
        return
    places = scan(text)
    assert [path for path in paths(table) if not known(places, path)] == []
    assert places.twice == []
