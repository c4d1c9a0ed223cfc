# SPDX-License-Identifier: GPL-2.0-or-later
"""Where in a TOML document each key and value stands.

A scanner of its own, run before the parser: it takes every sound document, stops without a word at the first thing it
cannot read (the parser then says what is wrong there), and bounds nesting, which the parser does not.
"""

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

DEPTH = 16  # nested tables and lists, parts of a dotted key; ours need 5

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'")
_LONG_TEXT = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}", re.DOTALL)
_OTHER = re.compile(r"[^,\]}#\n]+")  # numbers, booleans, dates; a date may hold a space


class Place(NamedTuple):
    """A place in a document, both from 1, the column in characters."""

    line: int
    column: int


class Deep(Exception):
    """Nested deeper than DEPTH, at this place."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


class _Lost(Exception):
    """Not TOML from here on."""


@dataclass
class Places:
    """Offsets of all keys and values by path; list items and arrays of tables count from 0."""

    lines: list[int]
    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    twice: list[tuple[Path, int, int]] = field(default_factory=list)  # path, offset, offset of the first

    def place(self, offset: int) -> Place:
        line = bisect_right(self.lines, offset)
        return Place(line, offset - self.lines[line - 1] + 1)

    def of_key(self, path: Path) -> Place:
        """Where a key stands; when it is not there, what it would belong to."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.place(self.keys.get(path, 0))

    def of_value(self, path: Path) -> Place:
        """Where a value begins; for a table its header; when it is not there, what it would belong to."""
        return self.place(self.values[path]) if path in self.values else self.of_key(path)

    def short(self, path: Path) -> Path:
        """A path to where a key of a menu leads: that of the key, when it is written as its target alone."""
        alone = path[-1:] == ("to",) and path not in self.keys and path[:-1] in self.values
        return path[:-1] if alone else path


def scan(text: str) -> Places:
    """Places of everything in a document, as far as it is TOML. Raises Deep."""
    text = text.replace("\r\n", "\n")
    places = Places([0, *(found.end() for found in re.finditer("\n", text))])
    with suppress(_Lost):
        _Scanner(text, places).document()
    return places


class _Scanner:
    def __init__(self, text: str, places: Places) -> None:
        self.text = text
        self.at = 0
        self.places = places
        self.given: dict[Path, int] = {}  # tables and values written out, to find those given twice
        self.lengths: dict[Path, int] = {}  # arrays of tables

    def document(self) -> None:
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table, 0)
            self.take(_REST_OF_LINE)
            self.skip(_BLANK)

    def header(self) -> Path:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        parts = self.key()
        self.expect("]" * brackets)
        path: Path = ()
        for i, (part, offset) in enumerate(parts):
            path += (part,)
            self.places.keys.setdefault(path, offset)
            if path in self.lengths and (i < len(parts) - 1):
                path += (self.lengths[path] - 1,)
        if brackets == 2:
            self.lengths[path] = self.lengths.get(path, 0) + 1
            path += (self.lengths[path] - 1,)
        self.places.keys[path] = parts[-1][1]
        self.once(path, parts[-1][1])
        return path

    def pair(self, table: Path, depth: int) -> None:
        path = table
        parts = self.key()
        for part, offset in parts:
            path += (part,)
            self.places.keys.setdefault(path, offset)
        self.once(path, parts[-1][1])
        self.expect("=")
        self.skip(_SPACE)
        self.value(path, depth + 1)

    def key(self) -> list[tuple[str, int]]:
        """The parts of a key and where each begins."""
        parts = []
        while True:
            self.skip(_SPACE)
            start = self.at
            if start < len(self.text) and self.text[start] in "\"'":
                parts.append((_plain(self.take(_TEXT)), start))
            else:
                parts.append((self.take(_BARE_KEY), start))
            if len(parts) > DEPTH:
                raise Deep(self.places.place(start))
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def value(self, path: Path, depth: int) -> None:
        self.places.values.setdefault(path, self.at)
        if depth > DEPTH:
            raise Deep(self.places.place(self.at))
        first = self.text[self.at : self.at + 1]
        if first == "[":
            self.items(path, depth)
        elif first == "{":
            self.inline(path, depth)
        elif self.text.startswith(('"""', "'''"), self.at):
            self.take(_LONG_TEXT)
        elif first in ('"', "'"):
            self.take(_TEXT)
        else:
            self.take(_OTHER)

    def items(self, path: Path, depth: int) -> None:
        self.at += 1
        self.skip(_BLANK)
        count = 0
        while not self.text.startswith("]", self.at):
            self.places.keys[(*path, count)] = self.at
            self.value((*path, count), depth + 1)
            count += 1
            self.skip(_BLANK)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
            self.skip(_BLANK)
        self.expect("]")

    def inline(self, path: Path, depth: int) -> None:
        self.at += 1
        self.skip(_BLANK)  # newer TOML lets an inline table run over lines; the parser decides
        while not self.text.startswith("}", self.at):
            self.pair(path, depth)
            self.skip(_BLANK)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
            self.skip(_BLANK)
        self.expect("}")

    def once(self, path: Path, offset: int) -> None:
        first = self.given.setdefault(path, offset)
        if first != offset:
            self.places.twice.append((path, offset, first))

    def skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, what: re.Pattern[str]) -> str:
        found = what.match(self.text, self.at)
        if found is None:
            raise _Lost
        self.at = found.end()
        return found.group()

    def expect(self, what: str) -> None:
        self.skip(_SPACE)
        if not self.text.startswith(what, self.at):
            raise _Lost
        self.at += len(what)


def _plain(quoted: str) -> str:
    """The text a quoted key stands for."""
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        return str(tomllib.loads(f"text = {quoted}")["text"])
    except tomllib.TOMLDecodeError:
        raise _Lost from None
