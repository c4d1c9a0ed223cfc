# SPDX-License-Identifier: GPL-2.0-or-later
"""What people see, and screen readers say, of a page; and the English in it."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

from appliance.settings.words import CALLED, CALLER, PROOF
from appliance.web import forms

UNREAD = {"script", "style", "code", "pre", "textarea", "bdi", "audio"}  # names, the file's own words, and files
SPOKEN = {"aria-label", "placeholder", "title", "alt"}
VOID = {"input", "br", "img", "meta", "link", "hr", "source", "wbr"}
TERMS = (  # the same in every language, keys of a keyboard, and what is typed into a console
    r"Home Assistant|Linekeeper|linekeeper [a-z]+(?: --[a-z-]+)*(?: NAME| FILE)?|systemctl status [a-z-]+|multicast DNS|"
    "Piper|Prometheus|Grandstream|Yealink|Snom|Fanvil|FRITZ!Box|Homie|openHAB|OpenAPI|STIR/SHAKEN|verstat|A-law|Ogg|MiB|"
    "Diversion|History-Info|Linux|Windows|Android|Firefox|Shift|Enter|Tab"
)
FILE = re.compile(  # queue.sales, ring-all, [line.NAME], /metrics, .mp3, "prices"
    r'\S*[A-Za-z0-9](?:[._/=:*]\S+|-[a-z0-9]\S*)|\[[a-z.]+(?:NAME)?\]|/[a-z]\S*|\.[a-z0-9]+|"[^" ]+"'
)
WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][a-z'’]+(?![A-Za-z0-9])")


class Reader(HTMLParser):
    """Texts of a page that are meant for people, each alone."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        elsewhere = tag in UNREAD or given.get("lang") == "en"
        if not elsewhere:
            self.texts += [str(value) for key, value in attrs if key in SPOKEN and value]
        if tag not in VOID:
            self._within.append(elsewhere)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._within:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(self._within):
            self.texts.append(" ".join(data.split()))


@cache
def of_file() -> frozenset[str]:
    """The words a settings document is written in: keys, values of a choice, what is usual."""
    words = _words([forms.ROOT["properties"], forms.ROOT["$defs"]])
    return frozenset(words) | {"true", "false", CALLER, CALLED, PROOF}


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("properties", {})
        yield from (str(one) for one in node.get("enum", ()))
        yield from (str(node[key]) for key in ("const", "default") if key in node)
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _words(each)


def english(page: str, names: Collection[str]) -> list[str]:
    """The texts of a page with English in them, without names of the document, terms, and words of the file alone."""
    reader, own = Reader(), frozenset(names)
    reader.feed(page)
    return [text for text in dict.fromkeys(reader.texts) if WORD.search(text) and _has_english(text, own)]


@cache
def _has_english(text: str, names: frozenset[str]) -> bool:
    left = _pattern(names).sub("§", FILE.sub("§", re.sub(rf"(?<!\w)(?:{TERMS})(?!\w)", "§", text)))
    words = [word for word in WORD.findall(left) if len(word) > 2]
    return re.search(rf"{WORD.pattern} {WORD.pattern}", left) is not None or not of_file().issuperset(words)


@cache
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    longest = sorted(names, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest) or "(?!)")
