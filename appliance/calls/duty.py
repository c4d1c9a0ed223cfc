# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is outside of his duty hours, for those who look on; the core knows it by itself."""

import asyncio
from collections.abc import Callable, Mapping

from appliance.calls.hours import LOOK_EVERY, Override
from appliance.calls.routing import Routing
from appliance.settings.compile import stands
from appliance.settings.models import Settings


class Duty:
    """`changed` is told of each whose duty begins or ends, or will at another time."""

    def __init__(self, routing: Routing, held: Mapping[str, Override], changed: Callable[[str], None]) -> None:
        self.off: dict[str, int | None] = {}  # people off duty, and when their duty begins, ms UTC; None: not known
        self._routing, self._held, self._changed = routing, held, changed
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Now, and again when that may change."""
        settings, now = self._routing.rules.settings, self._routing.now()
        duties = {name: one.duty for name, one in settings.person.items() if one.duty}
        hours = {name: self._stands(settings, name, now) for name in set(duties.values())}
        off = {person: hours[name][1] for person, name in duties.items() if not hours[name][0]}
        known = dict(self.off)
        self.off.clear()
        self.off.update(off)
        for person in {*known, *off} & settings.person.keys():
            if known.get(person, 0) != off.get(person, 0):
                self._changed(person)
        self.close()
        if hours:
            left = min(((until - now) / 1000 for _, until in hours.values() if until is not None), default=LOOK_EVERY)
            self._timer = asyncio.get_running_loop().call_later(min(max(left, 0), LOOK_EVERY), self.look)

    def _stands(self, settings: Settings, hours: str, now: int) -> tuple[bool, int | None]:
        held = self._held.get(hours)
        return (held.mode == "open", held.until) if held else stands(settings, hours, now)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
