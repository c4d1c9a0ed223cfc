# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings in force as the pages use them: what things are called, whose what is, the time zone."""

import asyncio
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.languages.why import Words
from appliance.settings import documents, people
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings
from appliance.settings.numbers import normalise
from appliance.store.calls import Who
from appliance.store.office import User
from appliance.web import moments, powers
from appliance.web.access import LIMITED, Doer, Refusal
from appliance.web.powers import Powers

REFUSED = "refused"  # a list of callers that is made when it is not there: they hear busy
NUMBER = re.compile(r"\+[0-9]{4,15}")


class Known:
    """The document of an office, read again when it has changed; while it has faults, as it was."""

    def __init__(self, document: Path) -> None:
        self.document = document
        self._of: tuple[int, int] | None = None
        self._names: Names | None = None

    async def names(self) -> "Names":
        """Raises Refusal."""
        return await asyncio.to_thread(self._read)

    async def powers(self, asked: Doer) -> Powers | None:
        """What whoever asks is limited to; None: nothing. Raises Refusal."""
        if asked.role != LIMITED or asked.user is None:
            return None
        return powers.of((await self.names()).settings, asked.user)

    async def when(self) -> Callable[[int], str]:
        """A moment (ms UTC) as date and time where the office is, as whoever is there reads it from the wall."""
        try:
            zone = (await self.names()).zone
        except Refusal:  # a log can be read and a session ended all the same
            zone = None
        return lambda at: moments.moment(at, zone)

    def _read(self) -> "Names":
        try:
            status = self.document.stat()
            if (of := (status.st_mtime_ns, status.st_size)) != self._of or self._names is None:
                text = documents.load(self.document)[0]
                self._names, self._of = Names(documents.check(Settings, text, self.document.name)[0]), of
        except (SettingsFaults, OSError, tomllib.TOMLDecodeError):
            if self._names is None:
                raise Refusal(503, "The settings in force cannot be read.") from None
        return self._names


class Listed(NamedTuple):
    """A list of callers, whether somebody is on it by his own number, and whether it keeps its callers out."""

    name: str
    on: bool
    refuses: bool


class Names(NamedTuple):
    """Settings, without the long lists of numbers."""

    settings: Settings

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.office.time_zone)

    def title(self, kind: str, name: str) -> str:
        """What people call something, "" for what has no name of its own or is gone."""
        return self.settings.title(kind, name)

    def called(self, kind: str, name: str) -> str:
        return self.title(kind, name) or name

    def listed(self, kind: str) -> list[tuple[str, str]]:
        """Every one of a kind, and what it is called; by that."""
        every = [(name, self.called(kind, name)) for name in getattr(self.settings, kind)]
        return sorted(every, key=lambda one: one[1].casefold())

    def words(self, language: str) -> Words:
        """For the why of a call."""
        return Words(language, self.zone, self.title)

    def who(self, person: str) -> Who:
        """Somebody and his telephones."""
        table = self.settings.person.get(person)
        return Who(person, table.phones if table else ())

    def himself(self, user: User | None) -> Who:
        """The person a user is; nobody when he is none of the settings."""
        return self.who(user.person if user and user.person in self.settings.person else "")

    def mailboxes(self, user: User | None) -> frozenset[str]:
        """Those that are a user's."""
        person = user.person if user else ""
        return frozenset(people.mailboxes(self.settings, person) if person in self.settings.person else ())

    def setting_off(self) -> set[str | None]:
        """Lists whose callers may set off actions on the premises, such as a gate."""
        return {action.callers for action in self.settings.action.values()}

    def lists(self, number: str) -> list[Listed]:
        """Every list of callers, also the one there could be; none for a caller without a number."""
        if not NUMBER.fullmatch(number):
            return []
        country, known = self.settings.office.country, self.settings.callers
        lists = [
            Listed(name, any(normalise(one, country) == number for one in table.numbers), table.refuse is not None)
            for name, table in known.items()
        ]
        return lists if REFUSED in known else [*lists, Listed(REFUSED, False, True)]
