# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody holds against the hours as written, and the midnight at which counts begin anew."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from appliance.calls.clock import now_ms
from appliance.calls.routing import Routing
from appliance.core.names import Fact
from appliance.core.names import Override as Held

Mode = Literal["open", "closed", "as-written"]

LOOK_EVERY = 60.0  # seconds; a clock that was set is noticed by then
MODES = {"open": Held.HELD_OPEN, "closed": Held.HELD_CLOSED, "as-written": Held.AS_WRITTEN}


@dataclass(slots=True)
class Override:
    """Hours held open or closed; until is ms UTC, None: till told otherwise."""

    mode: Literal["open", "closed"]
    until: int | None = None
    source: str = ""  # who said so: page, phone, mqtt or api; "" nobody knows
    since: int = field(default=0, compare=False)  # ms UTC


class Overrides:
    """Hours that are not as written, by name. `changed` is told of each that begins or ends."""

    def __init__(self, routing: Routing, changed: Callable[[str], None]) -> None:
        self.held: dict[str, Override] = {}
        self._routing, self._changed = routing, changed
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def start(self, known: Mapping[str, Override]) -> None:
        """known: as before a restart."""
        for name, one in known.items():
            if name in self._routing.rules.settings.hours and (one.until is None or one.until > self._routing.now()):
                self.hold(name, one.mode, one.until, one.source, one.since)

    def hold(self, hours: str, mode: Mode, until: int | None, source: str = "", since: int | None = None) -> None:
        """KeyError when there are no such hours; a time that is past ends it at once. since: left out, now."""
        if hours not in self._routing.rules.settings.hours:
            raise KeyError(hours)
        if until is not None and until <= self._routing.now():
            mode = "as-written"
        if mode == "as-written":
            until = None
        what = self._routing.id("hours", hours)
        self._routing.tell(Fact.OVERRIDE, what=what, value=MODES[mode], until=until or 0)
        if timer := self._timers.pop(hours, None):
            timer.cancel()
        self.held.pop(hours, None)
        if mode != "as-written":
            self.held[hours] = Override(mode, until, source, self._routing.now() if since is None else since)
            self._watch(hours)
        self._changed(hours)

    def forget(self) -> None:
        """Those whose hours are no longer in the settings."""
        for name in self.held.keys() - self._routing.rules.settings.hours.keys():
            del self.held[name]
            if timer := self._timers.pop(name, None):
                timer.cancel()

    def _watch(self, hours: str) -> None:
        """The core ends it by itself; those who look on are to know."""
        self._timers.pop(hours, None)
        until = self.held[hours].until
        if until is None:
            return
        left = (until - self._routing.now()) / 1000
        if left <= 0:
            del self.held[hours]
            self._changed(hours)
        else:
            loop = asyncio.get_running_loop()
            self._timers[hours] = loop.call_later(min(left, LOOK_EVERY), self._watch, hours)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()


class Midnight:
    """Tells `passed` when a day of the office has ended, also one that ended while we were not running."""

    def __init__(self, zone: Callable[[], ZoneInfo], passed: Callable[[], None]) -> None:
        self._zone, self._passed = zone, passed
        self._timer: asyncio.TimerHandle | None = None
        self._today = 0

    def start(self, last: int | None) -> None:
        """last: when we ran last, ms UTC."""
        self._today = self._day(now_ms() if last is None else last)
        self._look()

    def _day(self, at: int) -> int:
        return datetime.fromtimestamp(at / 1000, self._zone()).date().toordinal()

    def _look(self) -> None:
        now = now_ms()
        if (today := self._day(now)) > self._today:
            self._passed()
        self._today = today
        wait = min(max(midnight_after(now, self._zone()) - now, 1) / 1000, LOOK_EVERY)
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()


def midnight_after(at: int, zone: ZoneInfo) -> int:
    """The beginning of the next day where the office is, ms UTC."""
    tomorrow = datetime.fromtimestamp(at / 1000, zone).date() + timedelta(days=1)
    return round(datetime.combine(tomorrow, time.min, zone).timestamp() * 1000)
