# SPDX-License-Identifier: GPL-2.0-or-later
"""Session timers (RFC 4028) as they are agreed on; what runs out in a minute is in session_timers.py."""

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box, Telephone
from tests.sip.wire import Wire, sdp

ENDPOINT = {"session_expires": 600}
TIMER = {"Supported": "timer", "Session-Expires": "120;refresher=uac"}


async def test_who_wants_a_longer_session_gets_it(box: Box, wire: Wire) -> None:
    """He refuses ours with 422, and is called again with what he wants."""
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "1", "")
    invite = await wire.request("INVITE")
    assert invite["session-expires"] == "600"
    wire.reply(invite, 422, "Session Interval Too Small", headers={"Min-SE": "1800"})
    await wire.request("ACK")
    again = await phone.refuses(486, "Busy Here")
    assert (again["session-expires"], again["min-se"]) == ("1800", "1800")
    assert (await box.told(Heard.OVER, of=leg)).code == 486


async def test_who_wants_it_without_saying_how_long_is_called_once(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "1", "")
    await phone.refuses(422, "Session Interval Too Small")
    assert (await box.told(Heard.OVER, of=leg)).code >= 400
    await wire.ping()
    assert len([one for one in wire.requests.all if one.method == "INVITE"]) == 1


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
async def test_the_other_side_refreshes_and_the_call_stays(box: Box, wire: Wire, method: str) -> None:
    call = await Telephone(box, wire).call("100", headers=TIMER)
    box.sip.answer(call.handle)
    await call.answered()
    for _ in range(2):
        refreshed = await call.ask(method, TIMER, sdp() if method == "INVITE" else b"")
        assert refreshed.status == 200 and refreshed["session-expires"] == "120;refresher=uac"
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


async def test_a_refresh_that_makes_it_too_short_is_refused_and_the_call_stays(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100", headers=TIMER)
    box.sip.answer(call.handle)
    await call.answered()
    refused = await call.ask("UPDATE", {"Supported": "timer", "Session-Expires": "20"})
    assert refused.status == 422 and refused["min-se"] == "90"
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


def test_less_than_the_shortest_there_is_is_no_setting(ports: Ports) -> None:
    with pytest.raises(ValueError, match="at least 90"):
        Box(ports, session_expires=60)
