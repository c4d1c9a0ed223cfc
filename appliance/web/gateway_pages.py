# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways as a page: found on the network and made a line with one click, what each is told, and what is entered by hand."""

import asyncio
import re
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from appliance.control.messages import Line as Live
from appliance.control.messages import Refused
from appliance.control.provisioning import Known, PhonePassword, ProvisioningSecret, Reboot, Registers
from appliance.settings import edits
from appliance.settings.edits import Values
from appliance.settings.lines import GatewayLine, account
from appliance.settings.phones import bare
from appliance.settings.places import Path
from appliance.web import phone_files
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.accounts import when
from appliance.web.answering import tables
from appliance.web.around import places
from appliance.web.box import Box
from appliance.web.provisioning import gateway
from appliance.web.settings_pages import link
from appliance.web.tongue import marked as _

DONE = {
    "applied": _("It is in force."),
    "draft": _("It is in your draft."),
    "reboot": _("The gateway is asked to start anew."),
}
NOT_IN_FORCE = "It is not in force yet: put your draft in force first."


class Listed(NamedTuple):
    """A gateway as the page lists it."""

    name: str
    title: str
    mac: str
    live: Live | None


class GatewayPages:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("POST", "/gateways/bind", SETTERS, self.bind),
            Row("GET", "/gateways/{line}", SETTERS, self.one),
            Row("POST", "/gateways/{line}/password", SETTERS, self.password),
            Row("POST", "/gateways/{line}/address", SETTERS, self.address),
            Row("POST", "/gateways/{line}/reboot", SETTERS, self.reboot),
        )

    async def bind(self, asked: Visit) -> Response:
        """An HT813 that is about becomes a line, a new one or one that waits for it."""
        mac, line = bare(asked.text("mac")), asked.text("line")
        work = await self._box.drafts.work(asked)
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
        became = await self._box.drafts.change(asked, work, document, f"gateway {name}")
        return asked.to(f"/gateways/{quote(name)}?done={became}")

    async def one(
        self, asked: Visit, known: tuple[str, str] | None = None, registers: Registers | None = None
    ) -> Response:
        work = await self._box.drafts.work(asked)
        name = str(asked.request.path_params["line"])
        row = next((one for one in listed(work.values, self._lines()) if one.name == name), None)
        if row is None:
            raise Refusal(404, "There is no such line.")
        settings = (await self._box.known.names()).settings
        line = settings.line.get(name)
        line = line if isinstance(line, GatewayLine) else None
        host = settings.provisioning.server if settings.provisioning else None
        host = host or phone_files.reached(asked.request, "")[0]
        entered = []
        if line and line.mac:
            entered = gateway.by_hand(settings, name, line, host)
        elif line and (registers or not line.registers_here):
            entered = gateway.of_any(settings, name, line, host, registers)
        return asked.page(
            "gateway.html", row=row, line=line, work=work, link=link, when=when, known=known, entered=entered,
            from_=places, told=registers is not None, gives=settings.provisioning is not None,
            done=DONE.get(asked.request.query_params.get("done", ""), ""),
        )  # fmt: skip

    async def password(self, asked: Visit) -> Response:
        """What is put by hand into a gateway that registers. It is in the audit log."""
        name = self._named(asked)
        registers: Registers = await self._ask(PhonePassword(0, account(name), asked.name), NOT_IN_FORCE)
        asked.note("line-password-shown", name)
        return await self.one(asked, registers=registers)

    async def address(self, asked: Visit) -> Response:
        """Where an HT813 finds its settings, for whoever puts that into it by hand. It is in the audit log."""
        name = self._named(asked)
        words = "It has no settings to fetch: they are not in force, or its address is not known."
        found: Known = await self._ask(ProvisioningSecret(0, account(name), asked.name), words)
        asked.note("line-address-shown", name)
        return await self.one(asked, known=(phone_files.reached(asked.request, found.secret)[1], found.admin))

    async def reboot(self, asked: Visit) -> Response:
        """It starts anew, and fetches its settings."""
        name = self._named(asked)
        await self._ask(Reboot(0, account(name), asked.name), NOT_IN_FORCE)
        asked.note("line-reboot", name)
        return asked.to(f"/gateways/{quote(name)}?done=reboot")

    # ---- parts

    async def _ask(self, request: PhonePassword | ProvisioningSecret | Reboot, otherwise: str) -> Any:
        try:
            return await self._box.drafts.ask(request)
        except Refused:
            raise Refusal(409, otherwise) from None

    def _lines(self) -> dict[str, Live]:
        live = self._box.screen.live
        return dict(live.lines) if live else {}

    @staticmethod
    def _named(asked: Visit) -> str:
        return str(asked.request.path_params["line"])


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
