# SPDX-License-Identifier: GPL-2.0-or-later
"""What a switch tells, handed on within one program to all who want it; whoever is too slow is let go."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from appliance.control.messages import Event, Office

LISTENERS = 20  # streams at a time
WAITING = 2000  # events not yet read by one of them


class Frame(NamedTuple):
    """A server-sent event as it goes out, and the switch's own that it tells of."""

    text: bytes
    event: Event | None = None


class Full(Exception):
    """As many listen as may."""

    id = "too-many-listeners"


class Feed:
    """on_office, on_event and on_away bring what is told; `parts` hear it as it comes, streams as server-sent events."""

    def __init__(self) -> None:
        self._parts: list[tuple[Callable[[Office], None], Callable[[Event], None], Callable[[], None]]] = []
        self._streams: set[asyncio.Queue[Frame | None]] = set()
        self._closed = False

    def to(
        self,
        on_office: Callable[[Office], None],
        on_event: Callable[[Event], None],
        on_away: Callable[[], None] = lambda: None,
    ) -> None:
        """A part of this program hears everything from now on."""
        self._parts.append((on_office, on_event, on_away))

    def on_office(self, office: Office) -> None:
        for tell, _, _ in self._parts:
            tell(office)
        self._say(Frame(b'event: office\ndata: {"seq":%d,"revision":%d}\n\n' % (office.seq, office.revision)))

    def on_event(self, event: Event) -> None:
        for _, tell, _ in self._parts:
            tell(event)
        if self._streams:
            self._say(framed(event))

    def on_away(self) -> None:
        for _, _, tell in self._parts:
            tell()
        self._say(Frame(b"event: away\ndata: {}\n\n"))

    def close(self) -> None:
        """The program stops: all streams end."""
        self._closed = True
        for stream in tuple(self._streams):
            self._drop(stream)

    @contextmanager
    def heard(self) -> Iterator[asyncio.Queue[Frame | None]]:
        """Frames as they come, None at the end. Raises Full."""
        if len(self._streams) >= LISTENERS or self._closed:
            raise Full
        stream: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def _say(self, frame: Frame) -> None:
        for stream in tuple(self._streams):
            if stream.qsize() >= WAITING:
                self._drop(stream)
            else:
                stream.put_nowait(frame)

    def _drop(self, stream: "asyncio.Queue[Frame | None]") -> None:
        self._streams.discard(stream)
        while not stream.empty():
            stream.get_nowait()
        stream.put_nowait(None)


def framed(event: Event) -> Frame:
    kind = type(event).__struct_config__.tag
    return Frame(f"event: {kind}\nid: {event.seq}\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n", event)
