# SPDX-License-Identifier: GPL-2.0-or-later
"""A channel in the loop: its events, its alarm clock, and what is to be done to it in turn. What an FXO line and an FXS
telephone have in common; line.py and telephone.py are the two."""

import asyncio
import logging
import os
import select
from collections.abc import Coroutine
from typing import Any

from appliance.lines._dahdi import Ear
from appliance.lines.dahdi.card import Channel, Watch

log = logging.getLogger(__name__)

GONE = select.EPOLLHUP | select.EPOLLERR


class Port:
    """At one channel. `lent`: somebody else reads the sound, and tells the events by signal()."""

    def __init__(self, channel: Channel, watch: Watch) -> None:
        self.channel, self.watch = channel, watch
        self.loop = asyncio.get_running_loop()
        self.ear: Ear | None = None
        self.alarm: asyncio.TimerHandle | None = None
        self.jobs: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue()
        self.worker = self.loop.create_task(self.work())
        self.lent = self.over = False
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

    def signal(self, event: int) -> None:
        """An event of the driver, told by who reads the sound."""
        self.happened(event)

    def lost(self, why: str) -> None:
        if not self.over:
            log.warning("channel %d: %s", self.channel.number, why)
            self.over = True
            self.watch.remove(self.channel.fd)
            self.gone()

    # What is done

    def listen(self, ear: Ear | None) -> None:
        """Hear the line by this ear; none: leave its sound alone."""
        if self.over or ear is self.ear:
            return
        if ear and not self.ear and not self.lent:
            self.channel.flush()  # what was said before is old
        self.ear = ear
        self.watch.want(self.channel.fd, self.flags())

    def flags(self) -> int:
        if self.lent:
            return 0
        return select.EPOLLPRI | (select.EPOLLIN if self.ear else 0)

    def lend(self) -> int:
        """A file number for who reads and writes the sound from now on."""
        fd = self.channel.lend()
        self.lent, self.ear = True, None
        self.watch.want(self.channel.fd, self.flags())
        return fd

    def take_back(self) -> None:
        if self.lent:
            self.lent = False
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
            job = await self.jobs.get()
            try:
                await job
            except OSError as wrong:
                self.lost(os.strerror(wrong.errno or 0))

    async def close(self) -> None:
        self.over = True
        self.wake(None)
        self.worker.cancel()
        await asyncio.gather(self.worker, return_exceptions=True)
        while not self.jobs.empty():
            self.jobs.get_nowait().close()
        self.watch.remove(self.channel.fd)
        self.channel.close()
