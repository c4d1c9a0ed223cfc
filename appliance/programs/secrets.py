# SPDX-License-Identifier: GPL-2.0-or-later
"""secrets.toml on the control socket: the switch keeps what is given, and tells each program what it uses."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.calls.clock import now_ms
from appliance.control.client import ControlLost, connect
from appliance.control.messages import Done, Refused
from appliance.control.secrets import BridgeSecrets, DropSecret, KeepSecret, Kept, MailSecrets, OfSecrets, SecretKept
from appliance.control.server import Server
from appliance.settings import given
from appliance.settings.passwords import FILE, Secrets, over, read_secrets, told
from appliance.store.journal import Journal

log = logging.getLogger("secrets")

BRIDGES = ("mqtt", "broker", "proof", "hashing")
MAILS = ("mail",)
WITHIN = 5.0  # seconds


class Keeper:
    """The switch's part. applying: held while other settings come into force; used: takes up what the file has then."""

    def __init__(
        self, document: Path, journal: Journal, server: Server, applying: asyncio.Lock, used: Callable[[Secrets], None]
    ) -> None:
        self._file, self._journal, self._server = document.with_name(FILE), journal, server
        self._applying, self._used = applying, used

    async def answer(self, known: Secrets, asked: OfSecrets) -> Done | Kept:
        match asked:
            case BridgeSecrets():
                return Kept(told(known, BRIDGES))
            case MailSecrets():
                return Kept(told(known, MAILS))
            case KeepSecret() | DropSecret():
                return await self._change(asked)

    async def _change(self, asked: KeepSecret | DropSecret) -> Done:
        """Kept or dropped, and used so at once; told is which, never what."""
        async with self._applying:
            self._used(await asyncio.to_thread(self._written, asked))
        which = {"table": asked.table, "name": asked.name}
        kind = "secret-kept" if isinstance(asked, KeepSecret) else "secret-dropped"
        self._journal.event(0, now_ms(), kind, {**which, "by": asked.by})
        self._server.tell(SecretKept, **which)
        return Done()

    def _written(self, asked: KeepSecret | DropSecret) -> Secrets:
        if isinstance(asked, KeepSecret):
            given.keep(self._file, asked.table, asked.name, asked.values)
        else:
            given.drop(self._file, asked.table, asked.name)
        return read_secrets(self._file)


class Told:
    """What another program knows: its own file, and before that what the switch keeps for it."""

    def __init__(self, own: Path, socket: Path, request: BridgeSecrets | MailSecrets) -> None:
        self._own, self._socket, self._request = own, socket, request
        self._tables: Mapping[str, Any] = {}

    async def ask(self) -> Secrets:
        """As they are now; while the switch is away, what it said last. Raises SettingsFaults, OSError."""
        try:
            async with asyncio.timeout(WITHIN), await connect(self._socket) as switch:
                self._tables = (await switch.request(self._request)).tables
        except (ControlLost, Refused, TimeoutError) as fault:
            log.debug("what the switch keeps for us is as it was: %s", fault)
        return self.known()

    def known(self) -> Secrets:
        """As far as the switch said. Raises SettingsFaults, OSError."""
        return over(read_secrets(self._own), self._tables)
