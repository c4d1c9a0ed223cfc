# SPDX-License-Identifier: GPL-2.0-or-later
"""An office of the real core, settings and journal whose telephones, lines and look-ups do as the test says."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance import sounds
from appliance.calls.call import Call, Person
from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.calls.hours import Override
from appliance.calls.messages import Message
from appliance.calls.ports import Audience
from appliance.calls.rules import Rules
from appliance.calls.voicemail import LeftBy
from appliance.settings.compile import compile
from appliance.settings.load import parse
from appliance.store.journal import Journal
from appliance.store.reader import Leg, Reader
from tests.calls.lines import Puppets

OFFICE = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[mqtt]
[phone.desk1]
[phone.desk2]
[phone.cordless]
[person.anna]
extension = "101"
phones = ["desk1", "cordless"]
[person.boris]
extension = "102"
phones = ["desk2"]
[line.city]
kind = "sip"
host = "192.0.2.7"
[queue.sales]
people = ["anna", "boris"]
[callers.regulars]
numbers = { "+37060000001" = "Mr Kazlauskas" }
[scenario.main]
open = "sales"
[outside]
prefix = "0"
lines = ["city"]
[action.lamp]
callers = "regulars"
lines = ["city"]
topic = "home/lamp"
payload = "ON"
"""
CALLER = 1  # the leg of whoever calls in


class Witness:
    """Satisfies calls.ports.Audience."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.actions: list[str] = []
        self.requests: list[str] = []  # of actions that a call waits for
        self.hours: list[str] = []
        self.slots: dict[str, str] = {}  # of parking, and who is in each

    def call_changed(self, call: int) -> None: ...
    def line_changed(self, line: str) -> None: ...
    def queue_changed(self, queue: str) -> None: ...
    def person_changed(self, person: str) -> None: ...
    def hours_changed(self, hours: str) -> None:
        self.hours.append(hours)

    def phone_changed(self, phone: str) -> None: ...
    def slot_changed(self, slot: str, call: Call | None) -> None:
        self.slots[slot] = call.caller if call else ""

    def mailbox_changed(self, mailbox: str) -> None: ...

    def happened(self, kind: str, call: Call, person: str = "", detail: str = "") -> None:
        self.seen.append((kind, person or detail))

    def action_due(self, action: str, call: int, request: str, asked: bool) -> None:
        self.actions.append(action)
        if asked:
            self.requests.append(request)


class Questions:
    """Satisfies calls.ports.Lookups; `asked` are the addresses and who is to be told, oldest first."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[str | None, str], None]]] = []

    def ask(self, url: str, field: str | None, timeout: float, told: Callable[[str | None, str], None]) -> None:
        self.asked.append((url, told))


class Office:
    def __init__(
        self,
        folder: Path,
        document: str = OFFICE,
        people: Mapping[str, Person] = {},
        overrides: Mapping[str, Override] = {},
        messages: Sequence[Message] = (),
        left_by: LeftBy = lambda call: None,
        before: Callable[[Audience, CallControl, Puppets], Audience] = lambda witness, *_: witness,
        **how: Any,
    ) -> None:
        """people, overrides, messages: as known before a restart; left_by: what the journal knows of a call; before: makes
        what stands before the witness; how: more for CallControl."""
        settings = parse(document, folder / "office.toml")
        self.lines, self.witness, self.path = Puppets(), Witness(), folder / "journal.db"
        self.journal = Journal(self.path, lambda id, said: pytest.fail(said), delay=0.01)
        rules = Rules(settings, *compile(settings, now_ms()))
        self.questions = Questions()
        self.control = CallControl(
            rules,
            None,
            journal=self.journal,
            voicemail=folder / "voicemail",
            sounds=sounds.path,
            lookups=self.questions,
            **how,
        )
        self.control.start(
            self.lines, before(self.witness, self.control, self.lines), people, overrides, None, messages, left_by
        )
        self.control.line("city", True, "")
        self.lines.usable.add("city")
        for phone in ("desk1", "desk2"):
            self.register(phone, 1)

    def apply(self, document: str) -> None:
        settings = parse(document, self.path.with_name("office.toml"))
        self.control.apply(Rules(settings, *compile(settings, now_ms())))

    def register(self, phone: str, contacts: int) -> None:
        self.lines.registered[phone] = contacts
        self.control.phone(phone, [f"sip:{phone}@192.0.2.{number}" for number in range(contacts)], "", None)

    def call_in(self, number: str = "+37060000001", leg: int = CALLER, **more: Any) -> None:
        self.control.incoming(leg, "city", False, number, "", "052000000", **more)

    def asked(self, what: str, leg: int) -> list[int]:
        """The causes (or 0) with which something was asked for a leg."""
        return [cause for asked, which, cause in self.lines.asked if (asked, which) == (what, leg)]

    def leg(self, phone: str) -> int:
        return self.lines.legs[phone][-1]

    @property
    def call(self) -> Call:
        """The one under way."""
        [call] = self.control.calls.values()
        return call

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Of this kind, of any call or none, as the journal has them."""
        await self.journal.durable()
        reader = Reader(self.path)
        calls = [0, *(call.id for call in reader.calls())]
        return [event.detail for call in calls for event in reader.events(call) if event.kind == kind]

    def legs(self) -> list[Leg]:
        """Of the call under way, as the journal has them."""
        return Reader(self.path).legs(self.call.id)

    async def kept(self) -> None:
        """Until the messages taken are put away."""
        while not self.control.put_away:
            await asyncio.sleep(0.01)

    def close(self) -> None:
        self.control.close()
        self.journal.close()

    async def outcome(self) -> str | None:
        await self.journal.durable()
        return Reader(self.path).calls()[0].outcome
