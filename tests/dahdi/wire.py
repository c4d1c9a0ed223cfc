# SPDX-License-Identifier: GPL-2.0-or-later
"""Who speaks and listens at the far end of a port of the real driver."""

import contextlib
import errno
import os
from array import array
from collections.abc import Iterator
from types import TracebackType

import numpy as np

from appliance.lines.dahdi.card import BLOCK
from appliance.lines.dahdi.port import Port
from tests.lines.far_end import RATE, FarEnd
from tests.lines.shelf import BYTES, SAMPLES
from tests.telephones import tone

ELAST = 500  # an event waits
BUFFERS = 32  # ticks of an emulated machine come in bursts


class Wire(FarEnd):
    """`with Wire(port, hz) as end`: it says one tone and keeps what it hears."""

    def __init__(self, port: Port, hz: int) -> None:
        super().__init__(tone.samples(hz, 1, RATE))
        self.port = port
        port.channel.buffers(BUFFERS)
        self._fd = port.lend()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        super().__exit__(kind, error, at)
        os.close(self._fd)
        self.port.take_back()

    def _give(self, count: int) -> None:
        at = self.given % self._length
        self.given += count
        places = (np.frombuffer(self.says[at : at + count], np.int16).astype(np.int32) >> 2) + 8192
        with self._full():
            os.write(self._fd, BYTES[places].tobytes())

    def _take(self, _count: int) -> None:
        with self._full():
            while data := os.read(self._fd, BLOCK):
                self.heard += array("h", SAMPLES[np.frombuffer(data, np.uint8)].tobytes())

    @contextlib.contextmanager
    def _full(self) -> Iterator[None]:
        """No more goes in, or comes out, for now."""
        try:
            yield
        except OSError as wrong:
            if wrong.errno not in (errno.EAGAIN, ELAST):
                raise
