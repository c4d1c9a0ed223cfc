# SPDX-License-Identifier: GPL-2.0-or-later
"""The modems of the settings as lines: found by socket, IMEI or port, each kept in use, their messages kept once."""

import asyncio
import glob
import logging
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from appliance.calls.ports import Leg, Listener
from appliance.calls.texts import Sms
from appliance.lines import inbox
from appliance.lines.at.families import Rung, Way
from appliance.lines.at.gains import Gain
from appliance.lines.at.pdu import BadPdu, Report
from appliance.lines.inbox import Inbox
from appliance.lines.line import CANNOT, NOTHING_READ, Known, Line
from appliance.lines.modems.messages import Came
from appliance.lines.modems.modem import Modem
from appliance.lines.modems.network import Network
from appliance.lines.pins import RefusedPins
from appliance.lines.reset import SYSFS, put_back, reset
from appliance.lines.sound import Sound, Speech
from appliance.lines.usb import Plugged, Watch
from appliance.settings.lines import ModemLine
from appliance.settings.models import Settings
from appliance.settings.passwords import LineSecret, Secrets

log = logging.getLogger("lines")

STALLS = ("", NOTHING_READ, "nothing-taken", "gone")  # as the bridge counts them
PORTS_MOST = 64  # that one pattern finds


class LineRefused(Exception):
    """A message or code is not sent. `id`: unknown, no-line, bad-text, not-sent."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(message)
        self.id = id


class Kept(inbox.Kept, Protocol):
    """Where messages are kept."""

    def sms(self, sms: Sms) -> None: ...
    def sms_became(self, id: int, state: str, parts: str) -> None: ...


class Told(Protocol):
    """Who is told what lines know and what comes on them."""

    def line_changed(self, line: str) -> None: ...
    def sms(self, sms: Sms) -> None:
        """One came, or became something else."""


class Lines:
    """Satisfies line.Office. Its legs are dialled, answered and hung up as those of a trunk."""

    def __init__(
        self,
        listener: Listener,
        sound: Sound,
        kept: Kept,
        told: Told,
        state: Path,
        now: Callable[[], int],
        watch: Watch | None = None,
        sysfs: Path = SYSFS,
    ) -> None:
        """now: ms UTC."""
        self._sysfs = sysfs
        self._listener, self._sound, self._kept, self._told, self._now = listener, sound, kept, told, now
        self._pins = RefusedPins(state / "refused-pins.json")
        self._watch = watch or Watch()
        self._working: list[asyncio.Task[None]] = []
        self._lines: dict[str, Line] = {}
        self._tables: dict[str, tuple[ModemLine, LineSecret | None]] = {}
        self._inbox = Inbox(kept, told.sms, self._id, now)
        self._out: dict[int, Sms] = {}  # of ours whose reports are waited for
        self._last_id = 0
        self._closing: set[asyncio.Task[None]] = set()

    def learn(self, parts: list[Sms], waiting: list[Sms], last_id: int) -> None:
        """What is kept from before a restart: parts of long messages, those whose reports are waited for, the highest id."""
        self._inbox.learn(parts)
        self._last_id = last_id
        self._out = {one.id: one for one in waiting}

    def configure(self, settings: Settings, secrets: Secrets) -> None:
        """The modems the settings have now; one that stayed the same is not touched."""
        tables = {
            name: (line, secrets.line.get(name)) for name, line in settings.line.items() if isinstance(line, ModemLine)
        }
        for name in list(self._lines):
            if tables.get(name) != self._tables.get(name):
                self._let_go(self._lines.pop(name))
        self._tables = tables
        if tables and not self._working:
            self._working = [
                asyncio.create_task(self._watch.run(), name="usb"),
                asyncio.create_task(self._inbox.run(), name="texts"),
                asyncio.create_task(self._put_back(), name="put back"),
            ]
        for name, (table, secret) in tables.items():
            if name not in self._lines:
                self._lines[name] = line = Line(name, table.number or "", self._listener, self._sound, self)
                modem = self._modem(name, table, secret, line)
                line.start(modem, Speech(self._sound, modem, partial(self._place, table)))

    def _modem(self, name: str, table: ModemLine, secret: LineSecret | None, line: Line) -> Modem:
        network = Network(
            divert_check=table.divert_check,
            balance_code=table.balance_code or "",
            balance_rule=table.balance_rule,
            balance_every=table.balance_every * 3600.0,
        )
        return Modem(
            lambda: self._places(table),
            line,
            pin=secret.pin.get_secret_value() if secret and secret.pin else "",
            refused_pins=self._pins.of(name),
            imei=table.imei or "",
            roaming=table.roaming,
            clip_wait=table.clip_wait,
            levels={side: level for side, level in table.levels.items() if level is not None},
            network=network,
            reset=partial(self._reset, table),
        )

    async def _put_back(self) -> None:
        """At the start: modems in the sockets that are named, which a box that was killed had just taken off."""
        for socket in {table.usb for table, _ in self._tables.values() if table.usb}:
            await asyncio.to_thread(put_back, socket, self._sysfs)

    async def _reset(self, table: ModemLine, at: str, rung: Rung) -> None:
        """For a modem that is silent at a port. One that is not on USB, or in a socket that is not known, gets nothing."""
        node = os.path.realpath(at)
        found = next((each.usb for each in self._watch.plugged.values() if node in each.ports.values()), table.usb)
        if found:
            await reset(found, rung, self._sysfs)

    def _places(self, table: ModemLine) -> list[str]:
        """The ports where a modem may be."""
        if table.port:
            if not re.search(r"[*?]", table.port):
                return [table.port]
            return sorted(glob.glob(table.port.replace("[", "[[]")))[:PORTS_MOST]
        plugged = self._watch.plugged
        if table.usb:
            return plugged[table.usb].at() if table.usb in plugged else []
        sockets = {each.usb for each, _ in self._tables.values() if each.usb}
        return [port for device in plugged.values() if device.usb not in sockets for port in device.at()]

    async def nobodys(self) -> list[Plugged]:
        """Modems on USB that are no line's, now."""
        await self._watch.look()
        named = {table.usb for table, _ in self._tables.values()}
        used = {os.path.realpath(line.modem.path) for line in self._lines.values() if line.modem.path}
        return [
            each for each in self._watch.plugged.values()
            if each.at() and each.usb not in named and not used & set(each.ports.values())
        ]  # fmt: skip

    def _place(self, table: ModemLine, way: Way, at: str) -> str:
        """The tty or the sound card of the modem that takes commands at a port, "" when it has none that is known."""
        if table.audio_port and way == "tty":
            return str(table.audio_port)
        node = os.path.realpath(at)
        device = next((each for each in self._watch.plugged.values() if node in each.ports.values()), None)
        if not device:
            return ""
        return device.sound if way == "uac" else device.audio(node)

    def _let_go(self, line: Line) -> None:
        task = asyncio.create_task(line.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        for line in self._lines.values():
            self._let_go(line)
        self._lines = {}
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._closing, *self._working, return_exceptions=True)

    # ---- calls ------------------------------------------------------------------------------------------------------

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def of(self, leg: Leg) -> Line | None:
        """The line of a leg, None when it is none of ours."""
        return next((line for line in self._lines.values() if leg in line), None)

    def dial(self, name: str, number: str, withheld: bool, anyway: bool) -> Leg:
        return self._lines[name].dial(number, withheld, anyway)

    def sounds(self, leg: Leg, code: int, ms: int, why: str) -> None:
        """How the sound of a leg stands: 0 it flows again, 1 nothing is read, 2 nothing is taken, 3 its port is gone."""
        line = self.of(leg)
        if not line:
            return
        log.log(
            logging.WARNING if code else logging.INFO, "line %s: sound %s %s", line.name, STALLS[code] or "again", why
        )
        if code == len(STALLS) - 1:
            line.device_over(leg)
        else:
            line.stalls(leg, STALLS[code])

    # ---- what is known ----------------------------------------------------------------------------------------------

    def seen(self, name: str) -> Known | None:
        """What is known of a line's modem; None: it is no modem's."""
        line = self._lines.get(name)
        return line.known if line else None

    def known(self, line: str) -> None:
        self._told.line_changed(line)

    # ---- messages ---------------------------------------------------------------------------------------------------

    async def message(self, line: str, came: Came) -> bool:
        return await self._inbox.message(line, came)

    def deleted(self, line: str, came: Came) -> None:
        self._inbox.deleted(line, came)

    async def report(self, line: str, report: Report) -> None:
        for sms in list(self._out.values()):
            waiting = [each for each in sms.parts.split() if each]
            if sms.line == line and str(report.reference) in waiting and report.final:
                waiting.remove(str(report.reference))
                state = "failed" if not report.delivered else "sent" if waiting else "delivered"
                self._become(sms._replace(state=state, parts="" if state == "failed" else " ".join(waiting)))
                return

    async def send(self, name: str, to: str, text: str, report: bool = True) -> Sms:
        """Send a text; LineRefused."""
        line = self._named(name)
        sms = Sms(0, name, "sent", self._now(), 0, to, text, True, "")
        try:
            references = await line.send(to, text, report)
        except BadPdu as wrong:
            raise LineRefused("bad-text", str(wrong)) from None
        except CANNOT as wrong:
            self._kept.sms(sms._replace(id=self._id(), state="failed"))
            raise LineRefused("not-sent", f"line {name}: {wrong}") from None
        # whoever reads on after the last id he knows misses none: it is given when it is kept, a minute later perhaps
        sms = sms._replace(id=self._id(), parts=" ".join(map(str, references)) if report else "")
        self._kept.sms(sms)
        if report:
            self._out[sms.id] = sms
        self._told.sms(sms)
        return sms

    def _become(self, sms: Sms) -> None:
        self._out.pop(sms.id)
        if sms.parts:
            self._out[sms.id] = sms
        self._kept.sms_became(sms.id, sms.state, sms.parts)
        if sms.state != "sent":
            self._told.sms(sms)

    async def gains(self, name: str) -> list[Gain]:
        """How loud the calls of a line's modem are; [] when it does not say, or it is none."""
        if name not in self._lines:
            return []
        try:
            return await self._lines[name].modem.gains()
        except CANNOT:
            return []

    async def code(self, name: str, code: str) -> str:
        """What the network says to a code; LineRefused."""
        try:
            return await self._named(name).code(code)
        except (*CANNOT, ValueError) as wrong:
            raise LineRefused("not-sent", f"line {name}: {wrong}") from None

    def _named(self, name: str) -> Line:
        if name not in self._lines:
            raise LineRefused("unknown", f"line {name} is none with a modem")
        return self._lines[name]

    def _id(self) -> int:
        self._last_id = max(self._last_id + 1, self._now() << 10)
        return self._last_id
