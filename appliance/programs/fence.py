# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper fence`: what the switch bans, the firewall of the box drops. The one program that may change the firewall."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from appliance.control.client import follow
from appliance.control.guard import Ban, Banned, Lifted
from appliance.control.messages import Event, Office
from appliance.host import nftables
from appliance.host.nftables import NoFirewall, Source
from appliance.programs import arguments, notify
from appliance.settings.models import Settings

log = logging.getLogger("fence")

AGAIN_AFTER = 60.0  # seconds after nft failed before it is tried again, unless something changes


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT; 0 at once when the settings do not want it."""
    args = arguments.parse(arguments.parser("fence", "Have the firewall (nftables) drop what the switch bans."), argv)

    def settings() -> Settings:
        return arguments.settings(args.settings, args.state)

    if settings().guard.mode != "nftables":
        notify.ready("the settings do not want it")
        return 0
    asyncio.run(notify.until_told(Fence(settings).run(args.socket)))
    return 0


class Fence:
    """The bans of the switch in the kernel's table."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._wanted: dict[Source, int] = {}  # until, ms UTC
        self._known: dict[Source, int] = {}  # what the table has
        self._ports: tuple[int, ...] = ()  # none: no table
        self._whole = True  # the table is to be made anew
        self._changed = asyncio.Event()
        self._failed = False

    async def run(self, socket: Path) -> None:
        """Until cancelled; the table goes then."""
        notify.ready()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follow(socket, self._on_office, self._on_event))
                tasks.create_task(self._keep())
        finally:
            with suppress(NoFirewall):
                await asyncio.shield(nftables.run(nftables.GONE))

    def _on_office(self, office: Office) -> None:
        settings = self._settings()
        sip, wanted = settings.sip, settings.guard.mode == "nftables"
        self._ports = (sip.port, *((sip.tls_port,) if sip.tls else ())) if wanted else ()
        self._wanted = {nftables.source(ban.address): ban.until for ban in office.bans}
        self._whole = True
        self._changed.set()

    def _on_event(self, event: Event) -> None:
        match event:
            case Banned(ban=Ban(address=address, until=until)):
                self._wanted[nftables.source(address)] = until
                self._changed.set()
            case Lifted(address=address):
                self._wanted.pop(nftables.source(address), None)
                self._changed.set()

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(AGAIN_AFTER if self._failed else None):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            wanted = dict(self._wanted)
            try:
                await self._tell(wanted)
                self._helps()
            except NoFirewall as fault:
                self._helps(fault)
            self._known, self._whole = wanted, self._failed

    def _scripts(self, wanted: dict[Source, int]) -> list[str]:
        now = time.time_ns() // 1_000_000
        if not self._ports:
            return [nftables.GONE]
        if self._whole:
            return nftables.anew(self._ports, {one: _seconds(until, now) for one, until in wanted.items()})
        new = {one: _seconds(until, now) for one, until in wanted.items() if self._known.get(one) != until}
        return nftables.changed(new, self._known.keys() - wanted.keys())

    async def _tell(self, wanted: dict[Source, int]) -> None:
        """Raises NoFirewall when the table cannot be made either, as where somebody took it away."""
        try:
            await nftables.run(*self._scripts(wanted))
        except NoFirewall:
            if self._whole:
                raise
            self._whole = True
            await nftables.run(*self._scripts(wanted))

    def _helps(self, fault: NoFirewall | None = None) -> None:
        """Told when it changes."""
        if fault and not self._failed:
            log.error("the firewall does not help, the switch goes on alone: %s", fault)
        elif self._failed and not fault:
            log.info("the firewall helps again")
        self._failed = fault is not None


def _seconds(until: int, now: int) -> int:
    return max(1, (until - now + 999) // 1000)
