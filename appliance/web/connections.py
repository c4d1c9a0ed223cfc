# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections of browsers and programs, bounded in number and time: who is slow on purpose holds nobody else up."""

import asyncio
from collections import Counter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from appliance.web.proofs import network

CONNECTIONS_MAX = 200
CONNECTIONS_OF_ONE = 120  # of one address: fifty screens behind one, two connections each, and some to spare
COMES_WITHIN = 15.0  # seconds from a connection, or the first byte of a request, to the end of its head
TAKEN_WITHIN = 60.0  # seconds a client may take nothing of what waits for it

_open: Counter[str] = Counter()  # connections by address, in this program


class Bounded(H11Protocol):
    """uvicorn's own times begin with an answer: without these a request that never ends would be waited for without end."""

    _coming: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _source = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._source = network(self.client[0] if self.client else "")
        _open[self._source] += 1
        if _open[self._source] > CONNECTIONS_OF_ONE:
            transport.abort()
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._coming, self._taking = _stopped(self._coming), _stopped(self._taking)
        _open[self._source] -= 1
        if _open[self._source] <= 0:
            del _open[self._source]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self._taking or self.loop.call_later(TAKEN_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taking = _stopped(self._taking)

    def _watch(self) -> None:
        """Whether a head is still to come, or the rest of a body that nobody reads any more."""
        unread = self.cycle is not None and self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY
        if unread or self.conn.their_state is h11.IDLE:
            self._coming = self._coming or self.loop.call_later(COMES_WITHIN, self.transport.abort)
        else:
            self._coming = _stopped(self._coming)


def _stopped(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()
