# SPDX-License-Identifier: GPL-2.0-or-later
"""The live board's parts, rendered once for all who see the same. A slow viewer misses steps between, never the last one."""

import asyncio
import html
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from zoneinfo import ZoneInfo

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
from appliance.web import tongue, view
from appliance.web.powers import Powers

VIEWERS_MAX = 50
PACE = 0.15  # seconds between two paintings, however much happens
BEAT = 10.0  # seconds after which a viewer hears something even if nothing happened

PARTS = ("queues", "calls", "parked", "people", "lines", "phones")
OF_CALLS = ("queues", "calls", "parked", "people")
TOUCHES: dict[type[Event], tuple[str, ...]] = {
    CallChanged: OF_CALLS,
    LineChanged: ("lines", "calls"),
    QueueChanged: ("queues", "calls"),
    PersonChanged: OF_CALLS,
    PhoneChanged: ("phones",),
}


class Full(Exception):
    """As many watch as may."""

    id = "too-many-viewers"


class Looks(NamedTuple):
    """What makes two viewers see the same: their language, whether they may direct calls, and of which departments."""

    language: str = "en"
    directs: bool = False
    powers: Powers | None = None  # None: of the whole office

    def sees(self, live: Live | None) -> Live | None:
        return self.powers.narrowed(live) if self.powers and live else live


class Face:
    """The board as all of the same looks see it."""

    def __init__(self, looks: Looks) -> None:
        self.looks = looks
        self.viewers = 0
        self.parts: dict[str, str] = {}
        self.frames: dict[str, bytes] = {}  # by name, as sent; replaced when it changes
        self.stale = set(PARTS)
        self._templates = tongue.environment(looks.language)
        self._say = tongue.catalogue(looks.language).gettext

    def paint(self, live: Live | None, office: str, said: str) -> None:
        """Render what has changed since last time."""
        self._show("switch", "here" if live is not None else "away")
        self._show("said", "" if self.looks.powers else html.escape(said))
        if (live := self.looks.sees(live)) is None:
            return
        for name in self.stale:
            more = (lambda person: self.looks.directs,) if name == "people" else ()
            shown = getattr(view, name)(live, self._say, *more)
            when = {"now": now(), "at": view.at, "zone": ZoneInfo(live.zone or "UTC")}
            facts = {"rows": shown.rows, "more": shown.more, "directs": self.looks.directs, **when}
            self.parts[name] = self._templates.get_template(f"board/{name}.html").render(facts)
            self._show(name, self.parts[name])
        self._show("office", html.escape(office))
        self.stale.clear()

    def _show(self, name: str, text: str) -> None:
        made = frame(name, text)
        if self.frames.get(name) != made:
            self.frames[name] = made


class Screen:
    """The office as pages show it: on_office, on_event and on_away bring facts, page() and frames() show them."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.viewers = 0
        self._office = "Linekeeper"
        self._said = dict.fromkeys(tongue.LANGUAGES, "")
        self._faces: dict[Looks, Face] = {}
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
        if isinstance(event, Happened):
            for language in self._said:
                if said := view.sentence(self.live, event, tongue.catalogue(language).gettext):
                    self._said[language] = said
        self._spoil(TOUCHES.get(type(event), ()))

    def on_away(self) -> None:
        """The switch does not answer; what was last known stays on the page and is marked as old."""
        self.live = None
        self._spoil(())

    def close(self) -> None:
        """End all streams: the program stops."""
        self._closed = True
        self._wake()

    def page(self, words: Environment, looks: Looks, **facts: object) -> str:
        """The whole page as HTML."""
        face = self._face(looks)
        self._paint(face)
        return words.get_template("page.html").render(
            office=self._office, parts=face.parts, here=self.live is not None, now=now(),
            said="" if looks.powers else self._said[looks.language], directs=looks.directs, **facts,
        )  # fmt: skip

    async def paint(self) -> None:
        """Vital: keeps viewers up to date, until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if self.viewers:
                for face in self._faces.values():
                    if face.viewers:
                        self._paint(face)
                self._wake()
            await asyncio.sleep(PACE)

    @contextmanager
    def viewer(self, looks: Looks = Looks()) -> Iterator[None]:  # noqa: B008 - a constant
        """One more who watches; raises Full."""
        if self.viewers >= VIEWERS_MAX:
            raise Full
        face = self._face(looks)
        self.viewers += 1
        face.viewers += 1
        try:
            yield
        finally:
            self.viewers -= 1
            face.viewers -= 1

    async def frames(self, looks: Looks = Looks()) -> AsyncIterator[bytes]:  # noqa: B008
        """Server-sent events, to be joined: the clock, every part once, and each again when it has changed."""
        seen: dict[str, bytes] = {}
        yield frame("now", str(now()))
        face = self._face(looks)
        self._paint(face)
        while not self._closed:
            painted = self._painted
            news = [made for name, made in face.frames.items() if seen.get(name) is not made]
            seen = dict(face.frames)
            yield b"".join(news) or frame("now", str(now()))
            try:
                async with asyncio.timeout(BEAT):
                    await painted.wait()
            except TimeoutError:
                pass

    def _face(self, looks: Looks) -> Face:
        if looks not in self._faces:
            self._faces[looks] = Face(looks)
        return self._faces[looks]

    def _spoil(self, parts: tuple[str, ...]) -> None:
        for face in self._faces.values():
            face.stale.update(parts)
        self._dirty.set()

    def _wake(self) -> None:
        self._painted.set()
        self._painted = asyncio.Event()

    def _paint(self, face: Face) -> None:
        face.paint(self.live, self._office, self._said[face.looks.language])


def frame(name: str, text: str) -> bytes:
    """One server-sent event; splitlines() knows more line ends than the wire, so no text can forge a field."""
    data = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{data}\n".encode()


def now() -> int:
    """ms UTC"""
    return time.time_ns() // 1_000_000
