# SPDX-License-Identifier: GPL-2.0-or-later
"""A channel in the loop: its events, its alarm clock, and what is to be done to it in turn. What an FXO line and an FXS
telephone have in common; line.py and telephone.py are the two."""

import asyncio
import logging
import os
import select
import socket
from collections.abc import Coroutine
from typing import Any

from appliance.lines._dahdi import Ear
from appliance.lines.dahdi.card import Channel, Watch

log = logging.getLogger(__name__)

GONE = select.EPOLLHUP | select.EPOLLERR


class Port:
    """At one channel. `lent`: a pump has the sound, and gives us a copy of it by a socket, where that is wanted."""

    def __init__(self, channel: Channel, watch: Watch) -> None:
        self.channel, self.watch = channel, watch
        self.loop = asyncio.get_running_loop()
        self.ear: Ear | None = None
        self.alarm: asyncio.TimerHandle | None = None
        self.jobs: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue()
        self.worker = self.loop.create_task(self.work())
        self.lent = self.over = False
        self.idle = True  # nothing is being done to the channel
        self.tap: socket.socket | None = None
        watch.add(channel.fd, select.EPOLLPRI, self.ready)

    @property
    def now(self) -> int:
        return int(self.loop.time() * 1000)

    # To be said by a line and by a telephone

    def happened(self, event: int) -> None:
        raise NotImplementedError

    def heard(self, what: int, value: int) -> None:
        raise NotImplementedError

    def late(self) -> None:
        raise NotImplementedError

    def gone(self) -> None:
        raise NotImplementedError

    # What comes

    def ready(self, flags: int) -> None:
        try:
            if flags & (select.EPOLLPRI | GONE):
                for event in self.channel.events():
                    self.happened(event)
            if flags & select.EPOLLIN and self.ear and not self.over:
                for what, value in self.ear.hear(self.channel.fd):
                    self.heard(what, value)
                self.sounded()
            if flags & GONE and not flags & select.EPOLLPRI:
                self.lost("it was pulled out")
        except OSError as wrong:
            self.lost(os.strerror(wrong.errno or 0))

    def sounded(self) -> None:
        """A piece of sound was heard."""

    def tapped(self, flags: int) -> None:
        """A copy of what the pump has read."""
        if not self.tap or not self.ear:
            return
        try:
            for what, value in self.ear.hear(self.tap.fileno()):
                self.heard(what, value)
                if not self.tap:
                    return  # that ended the call
            self.sounded()
        except OSError:  # its other end is closed
            self.untap()

    def lost(self, why: str) -> None:
        if not self.over:
            log.warning("channel %d: %s", self.channel.number, why)
            self.over = True
            self.untap()
            self.watch.remove(self.channel.fd)
            self.gone()

    # What is done

    def listen(self, ear: Ear | None) -> None:
        """Hear the line by this ear; none: leave its sound alone."""
        if self.over or ear is self.ear or self.lent:
            return
        if ear and not self.ear and not self.lent:
            self.channel.flush()  # what was said before is old
        self.ear = ear
        self.watch.want(self.channel.fd, self.flags())

    def flags(self) -> int:
        return select.EPOLLPRI | (select.EPOLLIN if self.ear and not self.lent else 0)

    def lend(self) -> int:
        """A file number for who reads and writes the sound from now on, and closes it."""
        fd = self.channel.lend()
        self.lent, self.ear = True, None
        self.channel.flush()
        self.watch.want(self.channel.fd, self.flags())
        return fd

    def lend_heard(self, ear: Ear) -> tuple[int, int]:
        """The same, and the number of a socket for a copy of what is read, which the ear hears. Both are to be closed."""
        fd = self.lend()
        self.tap, copy = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for end in (self.tap, copy):
            end.setblocking(False)
        self.ear = ear
        self.watch.add(self.tap.fileno(), select.EPOLLIN, self.tapped)
        return fd, copy.detach()

    def untap(self) -> None:
        if self.tap:
            self.watch.remove(self.tap.fileno())
            self.tap.close()
            self.tap = None

    def take_back(self) -> None:
        if self.lent:
            self.lent, self.ear = False, None
            self.untap()
            if not self.over:
                self.watch.want(self.channel.fd, self.flags())

    def wake(self, deadline: int | None) -> None:
        if self.alarm:
            self.alarm.cancel()
        self.alarm = self.loop.call_at(deadline / 1000, self.late) if deadline is not None else None

    def do(self, job: Coroutine[Any, Any, None]) -> None:
        """One after another, so that a hook that moves slowly keeps its order."""
        self.jobs.put_nowait(job)

    async def work(self) -> None:
        while True:
            self.idle = True
            job = await self.jobs.get()
            self.idle = False
            try:
                await job
            except OSError as wrong:
                self.lost(os.strerror(wrong.errno or 0))

    async def done(self) -> None:
        """Once what was to be done is; a channel that is gone has nothing more."""
        while not self.over and not (self.jobs.empty() and self.idle):
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        self.over = True
        self.untap()
        self.wake(None)
        self.worker.cancel()
        await asyncio.gather(self.worker, return_exceptions=True)
        while not self.jobs.empty():
            self.jobs.get_nowait().close()
        self.watch.remove(self.channel.fd)
        self.channel.close()
