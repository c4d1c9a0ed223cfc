# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways as a page: found on the network and made a line with one click, what each is told, and what is entered by hand."""

from urllib.parse import quote

from starlette.responses import Response

from appliance.control.messages import Line as Live
from appliance.control.provisioning import Registers
from appliance.settings.lines import GatewayLine
from appliance.settings.phones import bare
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.around import places
from appliance.web.box import Box
from appliance.web.gateways import listed
from appliance.web.provisioning import gateway
from appliance.web.provisioning.where import Address, reached
from appliance.web.settings_pages import link
from appliance.web.tongue import marked as _

DONE = {
    "applied": _("It is in force."),
    "draft": _("It is in your draft."),
    "reboot": _("The gateway is asked to start anew."),
}


class GatewayPages:
    def __init__(self, box: Box) -> None:
        self._box, self._gateways = box, box.gateways

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
        name, became = await self._gateways.bind(asked, bare(asked.text("mac")), asked.text("line"))
        return asked.to(f"/gateways/{quote(name)}?done={became}")

    async def one(self, asked: Visit, known: Address | None = None, registers: Registers | None = None) -> Response:
        work = await self._box.drafts.work(asked)
        name = str(asked.request.path_params["line"])
        row = next((one for one in listed(work.values, self._lines()) if one.name == name), None)
        if row is None:
            raise Refusal(404, "There is no such line.")
        settings = (await self._box.known.names()).settings
        line = settings.line.get(name)
        line = line if isinstance(line, GatewayLine) else None
        host = settings.provisioning.server if settings.provisioning else None
        host = host or reached(asked.request, "")[0]
        entered = []
        if line and line.mac:
            entered = gateway.by_hand(settings, name, line, host)
        elif line and (registers or not line.registers_here):
            entered = gateway.of_any(settings, name, line, host, registers)
        return asked.page(
            "gateway.html", row=row, line=line, work=work, link=link,
            when=await self._box.known.when(), known=known, entered=entered,
            from_=places, told=registers is not None, gives=settings.provisioning is not None,
            dials=name in (*settings.outside.lines, *settings.outside.emergency_lines),
            done=DONE.get(asked.request.query_params.get("done", ""), ""),
        )  # fmt: skip

    async def password(self, asked: Visit) -> Response:
        """What is put by hand into a gateway that registers."""
        return await self.one(asked, registers=await self._gateways.password(asked, self._named(asked)))

    async def address(self, asked: Visit) -> Response:
        """Where an HT813 finds its settings, for whoever puts that into it by hand."""
        return await self.one(asked, known=await self._gateways.address(asked, self._named(asked)))

    async def reboot(self, asked: Visit) -> Response:
        """It starts anew, and fetches its settings."""
        name = self._named(asked)
        await self._gateways.reboot(asked, name)
        return asked.to(f"/gateways/{quote(name)}?done=reboot")

    # ---- parts

    def _lines(self) -> dict[str, Live]:
        live = self._box.screen.live
        return dict(live.lines) if live else {}

    @staticmethod
    def _named(asked: Visit) -> str:
        return str(asked.request.path_params["line"])
