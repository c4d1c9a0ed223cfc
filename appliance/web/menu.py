# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages as the navigation orders them. Whether there is a page, and for whom, is said by its row alone."""

from collections.abc import Iterable
from typing import NamedTuple

from appliance.web.view import _


class Entry(NamedTuple):
    """A page of the navigation; icon: the name of a drawing in static/icons.svg."""

    path: str
    words: str
    icon: str


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        _("Now"),
        (
            Entry("/", _("Live"), "live"),
            Entry("/calls", _("Calls"), "calls"),
            Entry("/messages", _("Messages"), "messages"),
            Entry("/texts", _("Text messages"), "texts"),
            Entry("/recordings", _("Recordings"), "recordings"),
        ),
    ),
    (
        _("Planning"),
        (
            Entry("/hours", _("Hours"), "hours"),
            Entry("/organisation", _("Organisation"), "organisation"),
            Entry("/what-if", _("What if"), "what-if"),
            Entry("/reports", _("Reports"), "reports"),
        ),
    ),
    (
        _("The office"),
        (
            Entry("/begin", _("First steps"), "begin"),
            Entry("/scenarios", _("Scenarios"), "scenarios"),
            Entry("/prompts", _("Prompts"), "prompts"),
            Entry("/phones", _("Phones"), "phones"),
            Entry("/settings", _("Settings"), "settings"),
            Entry("/codes", _("Codes"), "codes"),
        ),
    ),
    (
        _("This box"),
        (
            Entry("/status", _("Health"), "health"),
            Entry("/users", _("Users"), "users"),
            Entry("/tokens", _("API and tokens"), "tokens"),
            Entry("/webhooks", _("Webhooks"), "webhooks"),
            Entry("/authority", _("Secure connection"), "authority"),
            Entry("/backups", _("Backups"), "backups"),
            Entry("/audit", _("Audit log"), "audit"),
        ),
    ),
)
ENTRIES = tuple(entry for _words, entries in GROUPS for entry in entries)


class Menu:
    """Who may open which page, from (path, who may) of every page there is."""

    def __init__(self, pages: Iterable[tuple[str, frozenset[str]]]) -> None:
        self._who = dict(pages)

    def of(self, role: str) -> list[tuple[str, list[Entry]]]:
        """The groups and their pages for a role; a group without one is left out."""
        groups = [(words, [one for one in entries if role in self._who.get(one.path, ())]) for words, entries in GROUPS]
        return [(words, entries) for words, entries in groups if entries]
