# SPDX-License-Identifier: GPL-2.0-or-later
"""An address of IPv6 that is not (yet) one of this machine takes no telephone away from those who speak IPv4."""

from tests.sip.box import Box, Telephone
from tests.sip.wire import Wire

ELSEWHERE = "2001:db8::1"
ENDPOINT = {"listen6": ELSEWHERE, "name6": ELSEWHERE}


async def test_who_speaks_ipv4_registers_and_calls_all_the_same(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    call = await phone.call("100")
    box.sip.answer(call.handle)
    assert "c=IN IP4" in (await call.answered()).body.decode()
    await call.bye()
