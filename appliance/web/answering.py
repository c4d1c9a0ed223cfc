# SPDX-License-Identifier: GPL-2.0-or-later
"""Who answers, as the first steps ask it: who is rung, a menu that is spoken, words for when it is closed. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from appliance.settings import edits
from appliance.settings.edits import MISSING, Values
from appliance.settings.places import Path

HOURS, SCENARIO, QUEUE, WELCOME, CLOSED = "office", "main", "office", "welcome", "closed"  # what these steps make
MESSAGE = "mailbox.office"
KEYS = "123456789"


def tables(document: Values, kind: str) -> dict[str, Any]:
    """All that a document has of a kind; none where a draft has something else there."""
    found = document.get(kind)
    return found if isinstance(found, dict) else {}


class Answering(NamedTuple):
    """people: rung together; keys: whom a key of the menu reaches; welcome, closed: what is said, "" nothing."""

    people: tuple[str, ...]
    keys: Mapping[str, str] = MappingProxyType({})
    welcome: str = ""
    closed: str = ""

    @classmethod
    def of(cls, document: Values) -> Self | None:
        """As a document has it, everybody where it says nothing; None when it leads calls some way that was made elsewhere."""
        people = edits.at(document, ("queue", QUEUE, "people"))
        keys = edits.at(document, ("scenario", SCENARIO, "step", "menu", "keys"))
        said = {name: edits.at(document, ("prompt", name, "text")) for name in (WELCOME, CLOSED)}
        named = edits.at(document, ("scenario", SCENARIO, "step"))
        steps = named if isinstance(named, dict) else {}
        found = cls(
            tuple(map(str, people)) if isinstance(people, list) else (),
            {str(key): str(to).removeprefix("person.") for key, to in keys.items()} if isinstance(keys, dict) else {},
            str(said[WELCOME]) if isinstance(said[WELCOME], str) and {"menu", "greeting"} & set(steps) else "",
            str(said[CLOSED]) if isinstance(said[CLOSED], str) and CLOSED in steps else "",
        )
        scenarios = tables(document, "scenario")
        if scenarios:
            return found if scenarios == {SCENARIO: found._scenario()} else None
        if QUEUE in tables(document, "queue"):
            return None
        return cls(tuple(map(str, tables(document, "person"))))

    def edits(self, now: Values) -> list[tuple[Path, Any]]:
        """What makes a document say so."""
        before = self.of(now)
        said = {WELCOME: self.welcome, CLOSED: self.closed}
        was = {WELCOME: before.welcome, CLOSED: before.closed} if before else {}
        made: list[tuple[Path, Any]] = [(("prompt", name, "text"), words) for name, words in said.items() if words]
        made += [(("prompt", name), MISSING) for name, words in was.items() if words and not said[name]]
        made.append((("queue", QUEUE, "people"), list(self.people)) if self.people else (("queue", QUEUE), MISSING))
        if edits.at(now, ("scenario", SCENARIO)) != self._scenario():
            made.append((("scenario", SCENARIO), self._scenario()))
        return made

    def _scenario(self) -> Values:
        open_ = f"queue.{QUEUE}" if self.people else MESSAGE
        if not self.welcome and not self.keys and not self.closed:
            return {"hours": HOURS, "open": open_, "closed": MESSAGE, "unanswered": MESSAGE}
        steps: Values = {}
        if self.keys:
            keys = {key: f"person.{person}" for key, person in sorted(self.keys.items())}
            steps["menu"] = {"do": "menu", "prompt": WELCOME, "keys": keys, "otherwise": open_}
        elif self.welcome:
            steps["greeting"] = {"do": "say", "prompt": WELCOME, "next": open_}
        if self.closed:
            steps["closed"] = {"do": "say", "prompt": CLOSED, "next": MESSAGE}
        first = next((name for name in ("menu", "greeting") if name in steps), open_)
        asked = {"do": "hours", "hours": HOURS, "open": first, "closed": CLOSED if self.closed else MESSAGE}
        return {"start": "hours", "step": {"hours": asked, **steps}}
