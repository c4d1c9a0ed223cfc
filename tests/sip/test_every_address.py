# SPDX-License-Identifier: GPL-2.0-or-later
"""A box that listens on all of its addresses is known to each telephone by the one that is seen from there."""

import socket
from pathlib import Path

import pytest

from appliance.sip.names import Heard
from tests.sip.box import Box, Telephone
from tests.sip.wire import Wire, literal, sdp

ENDPOINT = {"listen": "0.0.0.0", "realm": "127.0.0.1", "listen6": "::", "name6": "2001:db8::7"}


def others() -> list[str]:
    """The addresses of this machine beside those of its loopback; of one link with its name."""
    found = []
    for line in Path("/proc/net/if_inet6").read_text().splitlines():
        digits, _, _, scope, _, name = line.split()
        address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
        if name != "lo":
            found.append(f"{address}%{name}" if scope == "20" else address)
    return found


SIX = [address for address in others() if "%" not in address][:1]
LINK = [address for address in others() if "%" in address][:1]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", *SIX])
async def test_contact_and_sound_are_at_the_address_that_is_seen(box: Box, host: str, transport: str) -> None:
    async with Wire((host, box.address[1]), transport) as wire:
        phone, kind = Telephone(box, wire), "IP6" if ":" in host else "IP4"
        ours = f"<sip:{literal(host)}:{box.address[1]}{';transport=tcp' if transport == 'TCP' else ''}>"
        call = await phone.call("100", sdp(host=host))
        box.sip.answer(call.handle)
        answer = await call.answered()
        assert answer["contact"] == ours and f"c=IN {kind} {host}\r\n" in answer.body.decode()
        await call.bye()
        await phone.register()
        bound = await box.told(Heard.BOUND, of=phone.account.name)
        leg = box.sip.call("", bound.text[2], "101", "Anna")
        invite = await wire.request("INVITE")
        assert invite["contact"] == ours and f"c=IN {kind} {host}\r\n" in invite.body.decode()
        wire.reply(invite, 486, "Busy Here")
        await wire.request("ACK")
        await box.told(Heard.OVER, of=leg)


@pytest.mark.skipif(not LINK, reason="no address of one link is up here")
async def test_a_telephone_at_an_address_of_one_link_is_told_why_it_is_refused(box: Box) -> None:
    async with Wire((LINK[0], box.address[1])) as wire:
        phone, at = Telephone(box, wire), f"{literal(LINK[0].partition('%')[0])}:{wire.here[1]}"
        headers = {"Via": f"SIP/2.0/UDP {at};branch=z9hG4bK1;rport", "Contact": f"<sip:{phone.account.name}@{at}>"}
        answer = await phone.ask("REGISTER", box.uri, headers=headers)
        assert answer.first == "SIP/2.0 403 Link-local address: use a global or unique local one"
        refused = await box.told(Heard.REFUSED, of="REGISTER")
        assert refused.code == 403 and "fe80::/10" in refused.text[1] and "fe80:" in refused.text[3]
        assert phone.account.name not in {one.text[0] for one in box.told_so_far(Heard.BOUND)}
