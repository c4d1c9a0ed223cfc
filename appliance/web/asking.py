# SPDX-License-Identifier: GPL-2.0-or-later
"""Listens to telephones that ask the network for their settings, where the settings say so; see pnp.py and docs/phones.md."""

import asyncio
import ipaddress
import logging
import time

from appliance.control.messages import Refused
from appliance.control.provisioning import ProvisioningSecret
from appliance.settings.lines import account
from appliance.settings.models import Settings
from appliance.settings.phones import bare
from appliance.settings.provisioning import gateways
from appliance.web import pnp
from appliance.web.access import Refusal
from appliance.web.api.pace import Buckets
from appliance.web.around import Neighbour
from appliance.web.box import Box
from appliance.web.multicast import bound, hears, ours_to
from appliance.web.provisioning import files
from appliance.web.provisioning.gateway import MAKER
from appliance.web.provisioning.where import ROOT

log = logging.getLogger("pnp")

GROUP, PORT = "224.0.1.75", 5060
EACH_SECOND, AT_ONCE = 0.1, 5.0  # questions of one address
ALL_EACH_SECOND, ALL_AT_ONCE = 5.0, 50.0  # of all
LONGEST = 4096  # bytes of a question
AT_A_TIME = 16  # being answered; more are dropped, a telephone asks again


class Asking(asyncio.DatagramProtocol):
    """Answers a question only where the kernel's table of neighbours says that it comes from the telephone it names."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._each = Buckets(EACH_SECOND, AT_ONCE, time.monotonic)
        self._all = Buckets(ALL_EACH_SECOND, ALL_AT_ONCE, time.monotonic)
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def run(self, port: int = PORT) -> None:
        """Until cancelled; at once, with a word in the log, when the port is taken."""
        try:
            sock = bound(GROUP, port)
        except OSError as fault:
            log.error("telephones that ask the network are not heard: %s:%d: %s", GROUP, port, fault.strerror)
            return
        try:
            await hears(self, sock, GROUP)
        finally:
            for task in self._tasks:
                task.cancel()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def error_received(self, exc: Exception) -> None:
        log.debug("%s", exc)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self._tasks) >= AT_A_TIME or len(data) > LONGEST or self._each.wait(addr[0]) > 0:
            return
        self._each.take(addr[0])
        if (one := pnp.asked(data)) and self._all.wait("") <= 0:
            self._all.take("")
            task = asyncio.create_task(self._answer(one, addr))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, one: pnp.Asked, addr: tuple[str, int]) -> None:
        ip, port = addr[:2]
        here = await asyncio.to_thread(self._box.around.mac_at, ip)
        if here != one.mac:
            log.info("%s asks for the settings of the telephone %s and is %s", ip, one.mac, here or "not known")
            return
        self._box.around.heard(Neighbour(one.mac, ip, one.maker, one.model, "PnP"))
        try:
            settings = (await self._box.known.names()).settings
            kinds = {id: phone.kind for id, phone in settings.phone.items() if phone.bare == one.mac and phone.kind}
            kinds |= {account(id): MAKER for id, line in gateways(settings).items() if bare(line.mac or "") == one.mac}
            name = next(iter(kinds), "")
            if not (name and settings.provisioning and settings.provisioning.pnp):
                return
            known = await self._box.drafts.ask(ProvisioningSecret(0, name, f"PnP {ip}"))
        except (Refusal, Refused) as refused:
            log.warning("%s is not told where its settings are: %s", one.mac, refused)
            return
        try:
            ours = ours_to(ip)
        except OSError as fault:  # the way there is gone
            log.warning("%s is not told where its settings are: %s", one.mac, fault.strerror)
            return
        address = where(settings, ours, known.secret) + files.FIRST[kinds[name]]
        if self._transport:
            for message in pnp.answers(one, f"{ours}:{PORT}", f"{ip}:{port}", address):
                self._transport.sendto(message, (ip, port))


def where(settings: Settings, ours: str, secret: str) -> str:
    """The address of a telephone's files; by plain HTTP where the settings say that telephones need that."""
    web, listen = settings.web, ipaddress.ip_address(settings.web.listen)
    host = ours if listen.is_unspecified else str(listen)
    host = f"[{host}]" if ":" in host else host
    plain = not web.https or (settings.provisioning is not None and settings.provisioning.http)
    return f"http://{host}:{web.port}{ROOT}/{secret}/" if plain else f"https://{host}:{web.https_port}{ROOT}/{secret}/"
