# SPDX-License-Identifier: GPL-2.0-or-later
"""An address of IPv6 that cannot be listened on at the start is tried again, and telephones are heard there without a restart."""

import socket

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Event, Telephone
from tests.sip.wire import Wire, sdp

HOME = "::1"


async def test_telephones_are_heard_there_as_soon_as_it_can_be(ports: Ports) -> None:
    port = ports.take(2)

    def log(words: str) -> object:
        return lambda event: event.kind == Heard.LOG and words in event.text[0]

    with socket.create_server((HOME, port), family=socket.AF_INET6):
        box = Box(ports, port=port, listen6=HOME, name6=HOME)
        box.address = (HOST, port)
        first: list[Event] = [Event(Heard(kind), *rest) for kind, *rest in box.sip.events()]  # type: ignore[arg-type]
    try:
        assert any("in use by another program" in event.text[0] for event in first if event.kind == Heard.LOG)
        with box:
            await box.seen.next("word that it can", log("IPv6 is spoken too now, at ::1"), 20)  # type: ignore[arg-type]
            for transport in ("UDP", "TCP"):
                async with Wire((HOME, port), transport) as wire:
                    call = await Telephone(box, wire).call("100", sdp(host=HOME))
                    box.sip.answer(call.handle)
                    assert "c=IN IP6 ::1" in (await call.answered()).body.decode()
                    await call.bye()
    finally:
        box.sip.close()
