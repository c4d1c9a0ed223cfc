# SPDX-License-Identifier: GPL-2.0-or-later
"""The ports of DAHDI cards that the settings name: lines and telephones, each used as soon as the driver has it."""

import asyncio
import logging

from appliance.calls.ports import Leg, Listener
from appliance.lines.dahdi.card import Channel, Kernel, Linux, Missing, Watch
from appliance.lines.exchange import ExchangeLine
from appliance.lines.extension import Extension
from appliance.lines.sound import Sound
from appliance.settings.countries import country_of
from appliance.settings.lines import FxoLine
from appliance.settings.models import Settings

log = logging.getLogger("lines")

LOOK_EVERY = 2.0  # s: whether a port that is missing is there now
WAITING = "Messages-Waiting: yes"  # RFC 3842
GONE = 3  # how the sound of a leg stands, as the bridge counts it


class Cards:
    """Legs are answered and hung up as those of a trunk or a telephone."""

    def __init__(self, listener: Listener, sound: Sound, kernel: Kernel | None = None) -> None:
        self._listener, self._sound, self._kernel = listener, sound, kernel or Linux()
        self._lines: dict[str, ExchangeLine] = {}
        self._phones: dict[str, Extension] = {}
        self._tables: dict[tuple[str, str], object] = {}  # what was set of each
        self._channels: dict[tuple[str, str], int] = {}
        self._watch: Watch | None = None
        self._looking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._waiting: set[str] = set()  # telephones with messages

    def configure(self, settings: Settings) -> None:
        """The ports the settings have now; what stayed the same is not touched."""
        office = settings.office.country
        tables: dict[tuple[str, str], tuple[FxoLine | int, str | None]] = {
            **{("line", name): (line, None) for name, line in settings.line.items() if isinstance(line, FxoLine)},
            **{
                ("phone", name): (phone.channel, phone.tones)
                for name, phone in settings.phone.items()
                if phone.channel is not None
            },
        }
        for key in self._tables.keys() - {key for key in tables if tables[key] == self._tables.get(key)}:
            self._let_go(key)
        for key, (table, tones) in tables.items():
            if key not in self._tables:
                if isinstance(table, FxoLine):
                    country = country_of(table.tones, table.country, office)
                    self._lines[key[1]] = ExchangeLine(key[1], table, country, self._listener, self._sound)
                    self._channels[key] = table.channel
                else:
                    country = country_of(tones, office)
                    self._phones[key[1]] = phone = Extension(key[1], table, country, self._listener, self._sound)
                    phone.messages(key[1] in self._waiting)
                    self._channels[key] = table
        self._tables = dict(tables)
        if tables and not self._looking:
            self._watch = Watch()
            self._looking = asyncio.create_task(self._look(self._watch), name="cards")

    def _let_go(self, key: tuple[str, str]) -> None:
        del self._tables[key], self._channels[key]
        port = self._lines.pop(key[1]) if key[0] == "line" else self._phones.pop(key[1])
        task = asyncio.create_task(port.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _look(self, watch: Watch) -> None:
        """A card that is plugged in is used within moments; a fault of ours in one port is none of the others."""
        while True:
            if self._closing:  # a channel has to be closed before it can be another's
                await asyncio.gather(*self._closing, return_exceptions=True)
            for key, number in list(self._channels.items()):
                port = self._lines.get(key[1]) if key[0] == "line" else self._phones.get(key[1])
                if port and not port.is_open:
                    try:
                        await port.open(watch, self._channel(number))
                    except Exception:
                        log.exception("%s %s: a fault in the program itself", *key)
            await asyncio.sleep(LOOK_EVERY)

    def _channel(self, number: int) -> Channel | Missing:
        try:
            return Channel(number, self._kernel)
        except Missing as missing:
            return missing

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for key in list(self._tables):
            self._let_go(key)
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._watch:
            self._watch.close()

    # ---- calls ------------------------------------------------------------------------------------------------------

    def is_line(self, name: str) -> bool:
        return name in self._lines

    def is_phone(self, name: str) -> bool:
        return name in self._phones

    def of(self, leg: Leg) -> ExchangeLine | Extension | None:
        """Whose a leg is; None: none of ours."""
        return next((port for port in (*self._lines.values(), *self._phones.values()) if leg in port), None)

    def dial(self, name: str, number: str, withheld: bool, anyway: bool) -> Leg:
        return self._lines[name].dial(number, withheld, anyway)

    def ring_phone(self, name: str, number: str, screen: str) -> list[Leg]:
        return self._phones[name].ring(number, screen)

    def referred(self, leg: Leg, status: int) -> bool:
        """Whether it is one of ours."""
        port = self.of(leg)
        if isinstance(port, Extension):
            port.referred(status)
        return port is not None

    def publish(self, package: str, phone: str, body: str) -> None:
        """The lamps of our telephones are those of messages."""
        if package != "message-summary":
            return
        waiting = WAITING in body
        (self._waiting.add if waiting else self._waiting.discard)(phone)
        if phone in self._phones:
            self._phones[phone].messages(waiting)

    def sounds(self, leg: Leg, code: int, why: str) -> None:
        """How the sound of a leg stands; see Lines.sounds."""
        port = self.of(leg)
        if port and code:
            log.warning("%s: sound %d %s", port.name, code, why)
        if port and code == GONE:
            port.device_over(leg)
