# SPDX-License-Identifier: GPL-2.0-or-later
"""Two telephones that nobody here wrote (baresip), each with a codec the other does not have, through the box."""

import asyncio
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box
from tests.telephones import tone
from tests.telephones.baresip import Baresip

ENDPOINT = {"digest": "md5"}  # baresip 1.0 of Debian 12 gives up when it sees SHA-256 at all
ANNA_HZ, BORIS_HZ = 700, 1500
G722 = "g722/16000/1"  # as baresip names it


@pytest.mark.parametrize(
    ("annas", "boriss"), [("pcma", G722), ("pcmu", "opus/48000/2"), ("opus/48000/2", G722), (G722, G722)]
)
async def test_a_tone_passes_both_ways_and_keys_too(
    box: Box, ports: Ports, tmp_path: Path, annas: str, boriss: str
) -> None:
    def desk(name: str, hz: int, codec: str) -> Baresip:
        account = box.account()
        return Baresip(
            tmp_path / name, ports, user=account.name, password=account.password, registrar=box.uri[4:],
            says=tone.write(tmp_path / f"{name}.wav", hz, 20), codecs=[codec],
        )  # fmt: skip

    async with desk("anna", ANNA_HZ, annas) as anna, desk("boris", BORIS_HZ, boriss) as boris:
        await asyncio.gather(anna.registered(), boris.registered())
        target = (await box.told(Heard.BOUND, of=boris.user)).text[2]
        await anna.dial("102")
        caller = await box.told(Heard.INCOMING)
        assert caller.text[:3] == ("phone", anna.user, anna.user) and caller.text[4] == "102"
        box.sip.progress(caller.handle, 180)
        leg = box.sip.call("", target, anna.user, "Sales – Žemaitė")
        await boris.rings()
        assert boris.screen() == "Sales – Žemaitė"
        await boris.accept()
        await box.told(Heard.ANSWERED, of=leg)
        box.sip.answer(caller.handle)
        box.sip.hear(leg, caller.handle)
        box.sip.hear(caller.handle, leg)
        codecs = [(await box.told(Heard.AUDIO, of=one)).text[0].lower() for one in (caller.handle, leg)]
        assert [name.split("/")[0] for name in codecs] == [annas.split("/")[0], boriss.split("/")[0]]
        await anna.talks()
        await anna.press("4#")
        pressed = [chr((await box.told(Heard.DIGIT, of=caller.handle)).code) for _ in range(2)]
        assert pressed == ["4", "#"]
        box.sip.digits(leg, "7")
        assert (await boris.event("CALL_DTMF_START")).detail == "7"
        await asyncio.sleep(1)  # they talk
        box.sip.hang_up(leg, 0, 16)
        await anna.hang_up()
        await asyncio.gather(anna.closed(), boris.closed())
        await asyncio.gather(*(box.told(Heard.OVER, of=one) for one in (caller.handle, leg)))
        assert tone.heard(anna.heard(), BORIS_HZ) > 0.6 and tone.heard(boris.heard(), ANNA_HZ) > 0.6
    assert box.sip.counts()[2] == 0
