# SPDX-License-Identifier: GPL-2.0-or-later
"""Who listens by Opus is sent as much of a voice as comes from whom he hears."""

from collections.abc import Callable

from appliance.programs.demo.ports import Ports
from tests.sip.box import Box
from tests.sip.test_relay import Ear, answered
from tests.sip.wire import Wire

OPUS, G722 = 107, 9  # payload types


def of(configurations: range) -> Callable[[bytes], bool]:
    """A packet of Opus of one of these (RFC 6716 section 3.1)."""
    return lambda payload: payload[0] >> 3 in configurations


HALF, WHOLE = of(range(4)), of(range(8, 12))  # 4 and 8 kHz of a voice


async def test_anna_is_sent_half_of_it_while_she_hears_boris_and_all_of_it_when_clara_is_there(
    box: Box, wire: Wire, ports: Ports
) -> None:
    """Boris's telephone knows G.711 alone, anna's Opus, clara's G.722."""
    async with (
        Wire(box.address) as second,
        Wire(box.address) as third,
        Ear(ports.take(2), 1) as annas,
        Ear(ports.take(2), 2) as boriss,
        Ear(ports.take(2), 3) as claras,
    ):
        anna, _ = await answered(box, wire, annas, {OPUS: "opus/48000/2"})
        boris, _ = await answered(box, second, boriss)
        clara, _ = await answered(box, third, claras, {G722: "G722/8000"})
        box.sip.hear(anna.handle, boris.handle)
        await annas.hears_a(OPUS, HALF)
        box.sip.hear(anna.handle, clara.handle)
        whole = await annas.hears_a(OPUS, WHOLE)
        box.sip.unhear(anna.handle, clara.handle)
        while (await annas.hears_a(OPUS, HALF)).number - whole.number & 0xFFFF > 0x8000:
            pass  # of before
        for call in (anna, boris, clara):
            await call.bye()
