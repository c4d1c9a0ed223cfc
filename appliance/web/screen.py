# SPDX-License-Identifier: GPL-2.0-or-later
"""The live page's parts, rendered once for all who watch. A slow viewer misses steps between, never the last one."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from jinja2 import Environment

from appliance.control.live import Live
from appliance.control.messages import (
    CallChanged,
    Event,
    Happened,
    LineChanged,
    Office,
    PersonChanged,
    PhoneChanged,
    QueueChanged,
)
from appliance.web import view
from appliance.web.tongue import environment

VIEWERS_MAX = 50
PACE = 0.2  # seconds between two paintings, however much happens
BEAT = 10.0  # seconds after which a viewer hears something even if nothing happened

PARTS = ("calls", "queues", "people", "lines", "phones")
TOUCHES: dict[type[Event], tuple[str, ...]] = {
    CallChanged: ("calls",),
    LineChanged: ("lines", "calls"),
    QueueChanged: ("queues", "calls"),
    PersonChanged: ("people", "calls"),
    PhoneChanged: ("phones",),
}


class Full(Exception):
    """As many watch as may."""

    id = "too-many-viewers"


class Screen:
    """The office as pages show it: on_office, on_event and on_away bring facts, page() and frames() show them."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.viewers = 0
        self._templates = environment("en")
        self._office = "Linekeeper"
        self._said = ""
        self._parts: dict[str, str] = {}
        self._frames: dict[str, bytes] = {}  # by name, as sent; replaced when it changes
        self._stale: set[str] = set(PARTS)
        self._dirty = asyncio.Event()
        self._painted = asyncio.Event()
        self._closed = False

    def on_office(self, office: Office) -> None:
        self.live = Live(office)
        self._office = office.name
        self._spoil(PARTS)

    def on_event(self, event: Event) -> None:
        if self.live is None:
            return
        self.live.apply(event)
        if isinstance(event, Happened) and (said := view.sentence(self.live, event)):
            self._said = said
        self._spoil(TOUCHES.get(type(event), ()))

    def on_away(self) -> None:
        """The switch does not answer; what was last known stays on the page and is marked as old."""
        self.live = None
        self._spoil(())

    def close(self) -> None:
        """End all streams: the program stops."""
        self._closed = True
        self._wake()

    def page(self, words: Environment, **facts: object) -> str:
        """The whole page as HTML; its frame in the visitor's language."""
        self._paint()
        return words.get_template("page.html").render(
            office=self._office, parts=self._parts, here=self.live is not None, now=_now(), said=self._said, **facts
        )

    async def paint(self) -> None:
        """Vital: keeps viewers up to date, until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if self.viewers:
                self._paint()
                self._wake()
            await asyncio.sleep(PACE)

    @contextmanager
    def viewer(self) -> Iterator[None]:
        """One more who watches; raises Full."""
        if self.viewers >= VIEWERS_MAX:
            raise Full
        self.viewers += 1
        try:
            yield
        finally:
            self.viewers -= 1

    async def frames(self) -> AsyncIterator[bytes]:
        """Server-sent events, to be joined: the clock, every part once, and each again when it has changed."""
        seen: dict[str, bytes] = {}
        yield _frame("now", str(_now()))
        self._paint()
        while not self._closed:
            painted = self._painted
            news = [frame for name, frame in self._frames.items() if seen.get(name) is not frame]
            seen = dict(self._frames)
            yield b"".join(news) or _frame("now", str(_now()))
            try:
                async with asyncio.timeout(BEAT):
                    await painted.wait()
            except TimeoutError:
                pass

    def _spoil(self, parts: tuple[str, ...]) -> None:
        self._stale.update(parts)
        self._dirty.set()

    def _wake(self) -> None:
        self._painted.set()
        self._painted = asyncio.Event()

    def _paint(self) -> None:
        """Render what has changed since last time."""
        self._show("switch", "here" if self.live is not None else "away")
        self._show("said", self._said)
        if self.live is None:
            return
        for name in self._stale:
            rows, more = view.calls(self.live) if name == "calls" else (getattr(view, name)(self.live), 0)
            html = self._templates.get_template(f"{name}.html").render(rows=rows, more=more, now=_now())
            self._parts[name] = html
            self._show(name, html)
        self._show("office", self._office)
        self._stale.clear()

    def _show(self, name: str, text: str) -> None:
        frame = _frame(name, text)
        if self._frames.get(name) != frame:
            self._frames[name] = frame


def _frame(name: str, text: str) -> bytes:
    """One server-sent event; splitlines() knows more line ends than the wire, so no text can forge a field."""
    data = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{data}\n".encode()


def _now() -> int:
    return time.time_ns() // 1_000_000
