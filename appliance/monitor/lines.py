# SPDX-License-Identifier: GPL-2.0-or-later
"""What the call monitor says of each change of a call. Pure; times are ms UTC."""

import re
from collections import OrderedDict
from datetime import datetime, tzinfo

from appliance.control.messages import Call

CONNECTIONS = 100  # numbers of calls under way, from 0; past them the lowest are used again
ANSWERING_MACHINE = "40"  # the extension that stands for voicemail
SAFE = re.compile(r"[^0-9A-Za-z+*#._@-]")


class Told:
    """Of one call: its number in the monitor, and when somebody answered (0: nobody)."""

    def __init__(self, number: int) -> None:
        self.number, self.connected = number, 0


class Lines:
    """RING and CALL when a call begins, CONNECT when somebody talks or a message is left, DISCONNECT at its end."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._calls: OrderedDict[int, Told] = OrderedDict()

    def known(self, calls: tuple[Call, ...]) -> None:
        """The calls there are, now that the switch is followed (again): none is told as new."""
        held = self._calls
        self._calls = OrderedDict()
        for call in calls:
            if call.state != "over" and call.direction != "internal":
                self._calls[call.id] = held.get(call.id) or self._new()

    def of(self, call: Call, at: int, extension: str = "") -> list[str]:
        """Lines, each without its end; extension is that of the person who talks."""
        if call.direction == "internal":
            return []
        made = []
        told = self._calls.get(call.id)
        if told is None:
            if call.state == "over":
                return []
            told = self._calls[call.id] = self._new()
            made.append(self._begins(call, at, told.number))
        if not told.connected and call.state in ("talking", "voicemail"):
            told.connected = at
            where = ANSWERING_MACHINE if call.state == "voicemail" else safe(extension)
            other = call.caller if call.direction == "in" else call.called
            made.append(f"{self._time(at)};CONNECT;{told.number};{where};{safe(other)};")
        if call.state == "over":
            del self._calls[call.id]
            talked = max(0, at - told.connected) // 1000 if told.connected else 0
            made.append(f"{self._time(at)};DISCONNECT;{told.number};{talked};")
        return made

    def _begins(self, call: Call, at: int, number: int) -> str:
        line = safe(call.line)
        if call.direction == "in":
            return f"{self._time(at)};RING;{number};{safe(call.caller)};{safe(call.called)};{line};"
        return f"{self._time(at)};CALL;{number};;{safe(call.caller)};{safe(call.called)};{line};"

    def _new(self) -> Told:
        taken = {told.number for told in self._calls.values()}
        if len(self._calls) >= CONNECTIONS:
            self._calls.popitem(last=False)
            return self._new()
        return Told(next(number for number in range(CONNECTIONS) if number not in taken))

    def _time(self, at: int) -> str:
        return datetime.fromtimestamp(at / 1000, self._zone).strftime("%d.%m.%y %H:%M:%S")


def safe(text: str) -> str:
    """A number or a name as a field: what would end a field or a line is left out."""
    return SAFE.sub("", text)[:60]
