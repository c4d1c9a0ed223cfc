# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest: our line at channel 1 and our telephone driver, as its exchange, at channel 5 that faces it.

Each thing that works is a line `ok: what`; the first that does not ends the program with the reason.
"""

import array
import asyncio
import ctypes
import errno
import os
import random
import select
import sys
import time

from appliance.lines._dahdi import Ear
from appliance.lines.dahdi import fxo, fxs
from appliance.lines.dahdi.callerid import Caller
from appliance.lines.dahdi.card import ON_HOOK, Channel, Watch
from appliance.lines.dahdi.line import Line
from appliance.lines.dahdi.sounds import MU_LAW, Heard
from appliance.lines.dahdi.telephone import Telephone
from appliance.settings.countries import COUNTRIES
from tests.dahdi.told import WITHIN, Told, ok

US = COUNTRIES["us"]
ANNA = Caller("15550100", "Anna")
LINE, EXCHANGE = 1, 5
ELAST = 500  # an event waits
DEBOUNCE = 2.0  # s; for 0.6 after it went off hook the driver tells nothing of the battery
SAID = 8_000  # samples of sound that are compared
MOST = 0.6  # of their blocks that arrive whole: an emulated machine that stands still for a moment loses some


async def rests(line: Line) -> None:
    async with asyncio.timeout(WITHIN):
        while line.rules.state is not fxo.State.IDLE:
            await asyncio.sleep(0.05)


async def incoming(line: Line, exchange: Telephone, at_line: Told, at_exchange: Told) -> None:
    exchange.ring(ANNA, "11282305")
    await at_line.next(fxo.Rang())
    ok("a ring is told")
    await at_line.next(fxo.Incoming(ANNA))
    ok("the caller is read between the first rings")
    line.answer()
    await at_line.next(fxo.Answered())
    await at_exchange.next(fxs.Answered())
    ok("an answer is seen at the other side")


async def sound(line: Line, exchange: Telephone) -> None:
    """What goes in at one side comes out at the other, both ways. In a thread, as a pump would."""
    for port in (line, exchange):
        port.channel.buffers(32)
    fds = line.lend(), exchange.lend()
    try:
        for name, source, sink in (("in", fds[1], fds[0]), ("out", fds[0], fds[1])):
            sent = random.Random(name).randbytes(SAID)
            got = await asyncio.to_thread(carry, source, sink, sent)
            blocks = [sent[at : at + 160] for at in range(0, SAID, 160)]
            found = [at for block in blocks if (at := got.find(block)) >= 0]
            print(f"{len(found)} of {len(blocks)} blocks {name}", flush=True)
            if len(found) < MOST * len(blocks) or found != sorted(found):
                raise AssertionError(f"sound {name} is not what was said")
            ok(f"sound {name}, bit for bit")
        for name, source, sink in (("in", fds[1], fds[0]), ("out", fds[0], fds[1])):
            await asyncio.to_thread(pumped, name, source, sink)
            ok(f"sound {name}, by the pump")
    finally:
        for fd in fds:
            os.close(fd)
        line.take_back()
        exchange.take_back()


def carry(source: int, sink: int, sent: bytes) -> bytes:
    """What came out while all of it went in, and half a second more. Buffers are kept full and empty: ticks come in bursts."""
    got, end = bytearray(), time.monotonic() + WITHIN
    while len(got) < SAID + 8000 and time.monotonic() < end:
        while sent and (taken := write(source, sent[:160])):
            sent = sent[taken:]
        select.select([sink], [], [], 1)
        while piece := read(sink):
            got += piece
    return bytes(got)


class PumpCard(ctypes.Structure):
    """struct card of appliance/lines/pump/card.h, which story.py has compiled for us."""

    _fields_ = [(name, ctypes.c_int) for name in ("clock", "channel", "copy", "law")]


def pumped(name: str, source: int, sink: int) -> None:
    """As the pump does it: as many samples are written to a side as were read from it."""
    pump, room = ctypes.CDLL("/share/card.so"), (ctypes.c_int16 * 1024)()
    pump.law_linear.restype = ctypes.c_int16
    values = [pump.law_linear(MU_LAW, byte) for byte in range(256)]
    chance = random.Random(name)
    sent = array.array("h", (chance.choice(values) or 8 for _ in range(SAID)))  # one of the two zeros becomes the other
    ends, said, got = (PumpCard(), PumpCard()), 0, array.array("h")
    for end, fd in zip(ends, (source, sink), strict=True):
        if pump.card_open(ctypes.byref(end), fd, -1, MU_LAW):
            raise AssertionError("the pump cannot have the channel")
    until = time.monotonic() + WITHIN
    while len(got) < SAID + 8000 and time.monotonic() < until:
        select.select([ends[0].clock], [], [], 1)
        heard = pump.card_read(ctypes.byref(ends[0]), room, 1024)
        piece = sent[said : said + heard] or array.array("h", bytes(2 * max(heard, 0)))
        taken = pump.card_write(ctypes.byref(ends[0]), (ctypes.c_int16 * len(piece))(*piece), len(piece))
        said += taken
        heard = pump.card_read(ctypes.byref(ends[1]), room, 1024)
        got += array.array("h", room[: max(heard, 0)])
        pump.card_write(ctypes.byref(ends[1]), (ctypes.c_int16 * 1024)(), max(heard, 0))
    for end in ends:
        pump.card_close(ctypes.byref(end))
    whole, heard_in = got.tobytes(), 0
    for at in range(0, 2 * SAID, 320):
        heard_in += whole.find(sent.tobytes()[at : at + 320]) >= 0
    print(f"{heard_in} of {SAID // 160} blocks {name} by the pump", flush=True)
    if heard_in < MOST * (SAID // 160):
        raise AssertionError(f"sound {name} by the pump is not what was said")


def write(fd: int, data: bytes) -> int:
    try:
        return os.write(fd, data)
    except OSError as wrong:
        if wrong.errno in (errno.EAGAIN, ELAST):
            return 0
        raise


def read(fd: int) -> bytes:
    try:
        return os.read(fd, 160)
    except OSError as wrong:
        if wrong.errno in (errno.EAGAIN, ELAST):
            return b""
        raise


async def keys(line: Line, exchange: Telephone) -> None:
    """Keys of a desk go out over the line."""
    exchange.listen(Ear(MU_LAW))
    pressed: list[str] = []
    keep = exchange.heard
    exchange.heard = (  # type: ignore[method-assign]
        lambda what, value: pressed.append(chr(value)) if what == Heard.DIGIT else None
    )
    line.digits("159#")
    async with asyncio.timeout(WITHIN):
        while len(pressed) < 4:
            await asyncio.sleep(0.05)
    exchange.heard = keep  # type: ignore[method-assign]
    if "".join(pressed) != "159#":
        raise AssertionError(f"keys heard: {pressed}")
    ok("keys during a call")
    exchange.listen(None)


async def story() -> None:
    watch = Watch()
    at_line, at_exchange = Told("line"), Told("exchange")
    line = Line(Channel(LINE), watch, at_line, US, fxo.Habits(caller_wait=6000))
    exchange = Telephone(Channel(EXCHANGE), watch, at_exchange, US)
    if not line.channel.is_fxo or not exchange.channel.is_fxs:
        raise AssertionError("the kinds of ports are not told right")
    ok("the driver says which port is which")

    await incoming(line, exchange, at_line, at_exchange)
    await sound(line, exchange)
    await keys(line, exchange)
    line.flash()
    await at_exchange.next(fxs.Held())
    ok("a flash is a flash")
    line.hang_up()
    await at_exchange.next(fxs.HungUp())
    ok("a hang-up is seen at the other side")

    await rests(line)
    line.dial("5550123")
    await at_exchange.next(fxs.Off())
    await at_exchange.next(fxs.Called("5550123"))
    ok("a number is dialled after the dial tone and arrives")
    await at_line.next(fxo.Alerting())
    await at_line.next(fxo.Answered())
    exchange.left(busy=True)
    await at_line.next(fxo.Ended(17, "busy tone"))
    ok("the busy tone ends a call")
    await at_exchange.next(fxs.HungUp())

    await rests(line)
    await incoming(line, exchange, at_line, at_exchange)
    await asyncio.sleep(DEBOUNCE)
    await exchange.channel.hook(ON_HOOK)
    await at_line.next(fxo.Ended(16, "battery dropped"))
    ok("a battery drop ends a call")
    await at_exchange.next(fxs.HungUp())

    await rests(line)
    exchange.ring(ANNA, "11282305")
    await at_line.next(fxo.Rang())
    await at_line.next(fxo.Incoming(ANNA))
    exchange.stop()
    await at_line.next(fxo.Missed())
    ok("a caller who gives up is missed")
    await line.close()
    await exchange.close()
    watch.close()
    print("done", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(asyncio.wait_for(story(), 400))
    except AssertionError as wrong:
        sys.exit(str(wrong))
