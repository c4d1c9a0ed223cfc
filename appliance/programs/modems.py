# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch's lines with a modem: what is asked of them on the control socket, and what they tell there."""

import asyncio
import logging
from pathlib import Path

from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.calls.texts import Sms
from appliance.control import modems as told
from appliance.control.board import Board
from appliance.control.messages import Refused
from appliance.control.server import Server
from appliance.lines.lines import LineRefused, Lines
from appliance.lines.sound import Sound
from appliance.settings.lines import ModemLine
from appliance.settings.models import Settings
from appliance.settings.outgoing import Asked, by_price, read
from appliance.settings.outgoing import told as as_told
from appliance.settings.passwords import Secrets
from appliance.store.journal import Journal
from appliance.store.reader import Reader, Unreadable

log = logging.getLogger("switch")

LISTED = 100  # text messages in one answer


class Modems:
    """Satisfies lines.lines.Told."""

    def __init__(
        self, control: CallControl, journal: Journal, board: Board, server: Server, state: Path, sound: Sound
    ) -> None:
        self._control, self._journal, self._board, self._server, self._state = control, journal, board, server, state
        self.lines = Lines(control, sound, journal, self, state, now_ms)
        board.modem = self.seen

    def start(self, settings: Settings, secrets: Secrets) -> None:
        reader = Reader(self._state / "journal.db")
        try:
            self.lines.learn(reader.sms_parts(), reader.sms_waiting(), reader.sms_newest())
        except Unreadable as fault:
            log.error("which text messages came before is not known: %s", fault)
        self.lines.configure(settings, secrets)

    def seen(self, line: str) -> told.Modem | None:
        known = self.lines.seen(line)
        return told.Modem(**vars(known)) if known else None

    def line_changed(self, line: str) -> None:
        self._board.line_changed(line)

    def sms(self, sms: Sms) -> None:
        detail: dict[str, object] = {"sms": sms.id, "line": sms.line, "state": sms.state, "number": sms.number}
        self._journal.event(0, now_ms(), "sms", detail)
        self._server.tell(told.Texted, sms=as_seen(sms))

    # ---- requests ---------------------------------------------------------------------------------------------------

    async def answer(self, asked: told.OfModems) -> object:
        """Raises Refused."""
        try:
            match asked:
                case told.Texts(after=after):
                    found = await asyncio.to_thread(Reader(self._state / "journal.db").sms, after, LISTED)
                    return tuple(map(as_seen, found))
                case told.SendText(to=to, text=text, line=line, report=report):
                    return as_seen(await self._send(to, text, line, report))
                case told.Code(line=line, code=code):
                    return await self.lines.code(line, code)
                case told.Plugged():
                    return tuple(told.Socket(usb=one.usb, family=one.family) for one in await self.lines.nobodys())
        except LineRefused as fault:
            raise Refused(fault.id, str(fault)) from None
        except Unreadable as fault:
            raise Refused("disk", str(fault)) from None

    async def _send(self, to: str, text: str, line: str, report: bool) -> Sms:
        """By the line asked for, or the cheapest one that is ready; to whom programs may call."""
        settings = self._control.rules.settings
        lines = [name for name, table in settings.line.items() if isinstance(table, ModemLine)]
        if line and line not in lines:
            raise LineRefused("unknown", f"line {line} is none with a modem; known are {', '.join(lines) or 'none'}")
        number = read(_mobile(settings, to), settings.office.country)
        if number.kind == "emergency":
            raise LineRefused("number-refused", "text messages are not for emergencies")
        if why := self._control.outgoing.why_not(settings, Asked(number, "")):
            raise LineRefused("number-refused", f"telephones that belong to nobody may not call it: {why}")
        ready = [name for name in by_price(settings, [line] if line else lines, number.e164) if self._is_ready(name)]
        if not ready:
            raise LineRefused("no-line", "no line that can send text messages is ready")
        return await self.lines.send(ready[0], as_told(settings, ready[0], number), text, report)

    def _is_ready(self, line: str) -> bool:
        known = self.lines.seen(line)
        return known is not None and known.standing == "ready"


def _mobile(settings: Settings, to: str) -> str:
    """The number meant: that of the mobile of `person.NAME`, or `to` itself."""
    kind, _, name = to.partition(".")
    if kind != "person" or not name:
        return to
    if name not in settings.person:
        raise LineRefused("unknown", f"person {name} is not known")
    if not (mobile := settings.person[name].mobile):
        raise LineRefused("unreachable", f"{name} has no mobile")
    return mobile


def as_seen(sms: Sms) -> told.Sms:
    return told.Sms(
        id=sms.id,
        line=sms.line,
        state=sms.state,  # type: ignore[arg-type]
        at=sms.at,
        number=sms.number,
        text=sms.text,
        sent_at=sms.sent_at,
        whole=sms.whole,
    )
