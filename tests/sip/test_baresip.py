# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold, transfer and the lamp of messages with a telephone that nobody of this project wrote."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Account, Box
from tests.telephones import tone
from tests.telephones.baresip import Baresip

ENDPOINT = {"digest": "md5"}
ANNA_HZ, MUSIC_HZ = 700, 440


@pytest.fixture
def account(box: Box) -> Account:
    return box.account()


@pytest.fixture
async def anna(box: Box, account: Account, ports: Ports, tmp_path: Path) -> AsyncIterator[Baresip]:
    says = tone.write(tmp_path / "anna.wav", ANNA_HZ, 30)
    box.sip.publish("message-summary", account.name, "Messages-Waiting: yes\r\nVoice-Message: 2/0\r\n")
    phone = Baresip(
        tmp_path / "anna", ports, user=account.name, password=account.password, says=says,
        registrar=f"{box.address[0]}:{box.address[1]}", modules=["mwi"],
    )  # fmt: skip
    async with phone:
        await phone.registered()
        await box.told(Heard.BOUND, of=account.name)
        yield phone


async def talking(box: Box, anna: Baresip) -> int:
    """She has called and was answered; the leg."""
    await anna.dial("100")
    leg = (await box.told(Heard.INCOMING, of="phone")).handle
    box.sip.answer(leg)
    await anna.talks()
    await box.told(Heard.ANSWERED, of=leg)
    return leg


async def test_hold_and_resume(box: Box, anna: Baresip, tmp_path: Path) -> None:
    leg = await talking(box, anna)
    music = box.sip.play(str(tone.write(tmp_path / "music.wav", MUSIC_HZ, 1)), True)
    box.sip.hear(leg, music)
    await anna.listens(0.5)
    for _ in range(2):
        await anna.command("hold")
        assert (await box.told(Heard.HELD, of=leg)).code == 1
        await anna.command("resume")
        assert (await box.told(Heard.HELD, of=leg)).code == 0
    heard = box.sip.record(str(tmp_path / "heard.wav"))
    box.sip.hear(heard, leg)
    await asyncio.sleep(1)  # it sounds
    box.sip.stop(heard)
    await box.told(Heard.STOPPED, of=heard)
    assert tone.heard(tmp_path / "heard.wav", ANNA_HZ) > 0.5
    await anna.hang_up()
    await box.told(Heard.OVER, of=leg)
    box.sip.stop(music)
    assert tone.heard(anna.heard(), MUSIC_HZ) > 0.1  # baresip records nothing more once it has held


@pytest.mark.parametrize(("status", "event"), [(200, "CALL_CLOSED"), (486, "TRANSFER_FAILED")])
async def test_a_transfer_is_carried_out_or_not(box: Box, anna: Baresip, status: int, event: str) -> None:
    leg = await talking(box, anna)
    await anna.command("transfer", f"sip:205@{anna.registrar}")
    assert (await box.told(Heard.TRANSFER, of=leg)).text[0] == "205"
    box.sip.referred(leg, status)
    assert (await anna.event("CALL_CLOSED", "TRANSFER_FAILED", "CALL_TRANSFER_FAILED")).type.endswith(event)
    if status != 200:
        await anna.hang_up()
    await box.told(Heard.OVER, of=leg)


async def test_the_lamp_of_messages(box: Box, anna: Baresip, account: Account) -> None:
    first = await anna.event("MWI_NOTIFY", within=15)
    assert "Voice-Message: 2/0" in first.detail
    box.sip.publish("message-summary", account.name, "Messages-Waiting: no\r\nVoice-Message: 0/2\r\n")
    assert "Messages-Waiting: no" in (await anna.event("MWI_NOTIFY")).detail
