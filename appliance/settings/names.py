# SPDX-License-Identifier: GPL-2.0-or-later
"""The core knows things by number; people know them by name. This is the one register of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.settings.actions import Action
from appliance.settings.models import Lookup
from appliance.settings.prompts import Prompt
from appliance.settings.sentence import Sentence


class SameId(Exception):
    """Two things of one document come to the same id: one must be renamed (one document in millions)."""

    id = "same-id"

    def __init__(self, kind: str, name: str, other: tuple[str, str]) -> None:
        both = (f"{kind}.{name}", ".".join(other))
        self.said = Sentence("{} and {} come to one id; accepted: another name for one", *both)
        super().__init__(self.said)
        self.kind, self.name = kind, name


@dataclass
class Names:
    """Ids and names of everything in a plan; kinds are those of the document's tables, `step` and `attribute`."""

    callers: Mapping[str, str] = field(default_factory=dict)  # normalised number: name for screens
    inside: frozenset[str] = frozenset()  # numbers that telephones dial within the office
    actions: dict[int, Action] = field(default_factory=dict)
    prompts: dict[int, Prompt] = field(default_factory=dict)
    lookups: dict[int, Lookup] = field(default_factory=dict)
    _named: dict[int, tuple[str, str]] = field(default_factory=dict)
    _titles: dict[int, str] = field(default_factory=dict)

    def id(self, kind: str, name: str) -> int:
        """The id of something in the plan. Raises KeyError when it is not in it."""
        id = fnv1a(f"{kind}:{name}")
        if self._named.get(id) != (kind, name):
            raise KeyError((kind, name))
        return id

    def named(self, id: int) -> tuple[str, str] | None:
        """Kind and name of an id; None when the plan does not know it (0: nobody)."""
        return self._named.get(id)

    def name(self, id: int) -> str:
        """The name alone; "" when the plan does not know the id."""
        return self._named.get(id, ("", ""))[1]

    def title(self, id: int) -> str:
        """What people call it; "" when the plan does not know the id."""
        return self._titles.get(id, "")

    def title_of(self, kind: str, name: str) -> str:
        """What people call something; "" when the plan does not know it."""
        id = fnv1a(f"{kind}:{name}")
        return self._titles[id] if self._named.get(id) == (kind, name) else ""

    def caller(self, number: str) -> str:
        """The name of a caller, by his normalised number with or without +; "" when he is not listed by name."""
        return self.callers.get(number) or self.callers.get(f"+{number}", "")

    def add(self, kind: str, name: str, title: str = "") -> int:
        """Enter something; its id. Raises SameId."""
        id = fnv1a(f"{kind}:{name}")
        if id == 0 or self._named.setdefault(id, (kind, name)) != (kind, name):
            raise SameId(kind, name, self._named.get(id, ("nobody", "0")))
        self._titles[id] = title or name
        return id


def fnv1a(text: str) -> int:
    """FNV-1a, 32 bits."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
