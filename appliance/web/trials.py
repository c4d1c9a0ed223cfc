# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls to try a document with: each goes through the core as examples of the document do."""

import asyncio
from typing import NamedTuple

from appliance.settings import edits, golden
from appliance.settings.sentence import Sentence
from appliance.web import forms
from appliance.web.drafts import Drafts

ASKED = ("line", "from", "to", "when", "keys", "answers")  # of a call to try, named as in an example
LONGEST = 80  # characters of each of them


class Tried(NamedTuple):
    """A call that was tried: how it went, or by field what is wrong; neither while the draft has faults elsewhere."""

    walk: golden.Walk | None
    wrong: dict[str, list[Sentence]]


class Trials:
    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._turn = asyncio.Lock()  # one core at a time

    async def of(self, document: str, given: dict[str, str], language: str) -> Tried:
        """given: by ASKED."""
        async with self._turn:
            return await asyncio.to_thread(_try, self._drafts, document, given, language)


def _try(drafts: Drafts, document: str, given: dict[str, str], language: str) -> Tried:
    """The call as an example of the document, which is checked and carried through the core as examples are."""
    asked = example(given) | {"name": "-", "expect": "refused"}
    document = edits.put(document, [(("golden",), [asked])])
    found = drafts.faults(document)
    wrong = {key: faults for key in ASKED if (faults := forms.faults_of(found, ("golden", 0, key)))}
    settings = drafts.settings(document) if not found else None
    return Tried(golden.walk(settings, 0, language) if settings else None, wrong)


def example(given: dict[str, str]) -> dict[str, str]:
    """The same as an example writes it."""
    return {key: value for key, value in given.items() if value} | {"when": given["when"].replace("T", " ")}
