# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells the lines of the call monitor to all who connect. It reads nothing of what they send, and waits for nobody."""

import asyncio
import ipaddress
import logging
from collections.abc import Sequence

from appliance.control.live import Live
from appliance.control.messages import CallChanged, Event, Office
from appliance.monitor.lines import Lines

log = logging.getLogger("monitor")

CLIENTS = 20  # at a time
BACKLOG = 65_536  # bytes unsent to one before it is dropped


class Monitor:
    """on_office and on_event bring what the switch tells; run() serves until it is cancelled."""

    def __init__(self, listen: str, port: int, allow: Sequence[str] = (), lines: Lines | None = None) -> None:
        self._listen, self.port = listen, port
        self._allow = [ipaddress.ip_network(each) for each in allow]
        self._lines = lines or Lines()
        self._live: Live | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    def on_office(self, office: Office) -> None:
        self._live = Live(office)
        self._lines.known(office.calls)

    def on_event(self, event: Event) -> None:
        if self._live is None or event.seq <= self._live.seq:
            return
        self._live.apply(event)
        if isinstance(event, CallChanged):
            person = self._live.people.get(event.call.person)
            for line in self._lines.of(event.call, event.at, person.extension if person else ""):
                self._tell(f"{line}\r\n".encode())

    async def run(self) -> None:
        """Raises OSError when it cannot listen."""
        server = await asyncio.start_server(self._welcome, self._listen, self.port, limit=1024)
        self.port = server.sockets[0].getsockname()[1]
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()
            for client in tuple(self._clients):
                client.transport.abort()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= CLIENTS or not self._may(writer.get_extra_info("peername")):
            writer.transport.abort()
            return
        self._clients.add(writer)
        try:
            while await reader.read(1024):
                pass
        except OSError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    def _may(self, peer: tuple[object, ...] | None) -> bool:
        if not self._allow:
            return True
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0]) if peer else None
        mapped = getattr(address, "ipv4_mapped", None) or address
        return mapped is not None and any(mapped in each for each in self._allow)

    def _tell(self, line: bytes) -> None:
        for client in tuple(self._clients):
            client.write(line)
            if client.transport.get_write_buffer_size() > BACKLOG:
                log.warning("a program reads the call monitor too slowly: dropped")
                self._clients.discard(client)
                client.transport.abort()
