# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways: lines of an exchange that telephones' files and addresses are like; which there are, and what is done with them."""

import asyncio
import re
from typing import Any, NamedTuple

from appliance.control.messages import Line as Live
from appliance.control.messages import Refused
from appliance.control.provisioning import PhonePassword, ProvisioningSecret, Reboot, Registers
from appliance.settings import edits
from appliance.settings.edits import Values
from appliance.settings.lines import account
from appliance.settings.phones import bare
from appliance.settings.places import Path
from appliance.web.access import Doer, Refusal
from appliance.web.answering import tables
from appliance.web.drafts import Drafts
from appliance.web.provisioning.where import Address, reached

NOT_IN_FORCE = "It is not in force yet: put your draft in force first."
NOTHING = "It has no settings to fetch: they are not in force, or its address is not known."


class Listed(NamedTuple):
    """A gateway as the page lists it."""

    name: str
    title: str
    mac: str
    live: Live | None


class Gateways:
    """What is done with them; what is shown of one is in the audit log. Every method raises Refusal."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

    async def bind(self, asked: Doer, mac: str, line: str) -> tuple[str, str]:
        """An HT813 that is about becomes a line, a new one ("") or one that waits: its name, `applied` or `draft`."""
        work = await self._drafts.work(asked)
        waiting = {one.name for one in listed(work.values, {}) if not one.mac}
        if not mac or (line and line not in waiting):
            raise Refusal(404, "There is no such line.")
        if mac in addresses(work.values):
            raise Refusal(409, "That gateway is a line's already.")
        taken = tables(work.values, "line")
        name = line or next(
            one for n in range(1, 1001) if (one := "landline" if n == 1 else f"landline-{n}") not in taken
        )
        made: list[tuple[Path, Any]] = [(("line", name, "mac"), ":".join(re.findall("..", mac)))]
        if not line:
            made.insert(0, (("line", name, "kind"), "gateway"))
        document = await asyncio.to_thread(edits.put, work.document, made)
        return name, await self._drafts.change(asked, work, document, f"gateway {name}")

    async def password(self, asked: Doer, name: str) -> Registers:
        """What one registers with."""
        registers: Registers = await self._ask(PhonePassword(0, account(name), asked.by), NOT_IN_FORCE)
        asked.note("line-password-shown", name)
        return registers

    async def address(self, asked: Doer, name: str) -> Address:
        """Where it finds its settings."""
        found = await self._ask(ProvisioningSecret(0, account(name), asked.by), NOTHING)
        asked.note("line-address-shown", name)
        return Address(reached(asked.request, found.secret)[1], found.admin)

    async def reboot(self, asked: Doer, name: str) -> None:
        """It starts anew, and fetches its settings."""
        await self._ask(Reboot(0, account(name), asked.by), NOT_IN_FORCE)
        asked.note("line-reboot", name)

    async def _ask(self, request: PhonePassword | ProvisioningSecret | Reboot, otherwise: str) -> Any:
        try:
            return await self._drafts.ask(request)
        except Refused:
            raise Refusal(409, otherwise) from None


def listed(document: Values, live: dict[str, Live]) -> list[Listed]:
    """The gateways of a document, which may be any draft."""
    return [
        Listed(name, str(one.get("name") or name), bare(str(one.get("mac", ""))), live.get(name))
        for name, one in tables(document, "line").items()
        if isinstance(one, dict) and one.get("kind") == "gateway"
    ]


def addresses(document: Values) -> set[str]:
    """Of telephones and gateways, on the network."""
    phones = (bare(str(one.get("mac", ""))) for one in tables(document, "phone").values() if isinstance(one, dict))
    return {one for one in (*phones, *(gate.mac for gate in listed(document, {}))) if one}
