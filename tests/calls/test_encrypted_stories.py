# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone that nobody of this project wrote, over TLS and with encrypted sound, beside one that knows neither."""

import asyncio
from pathlib import Path

import pytest

from appliance.programs.demo.office import PASSWORDS, Office
from tests.calls.house import hears
from tests.calls.stories import changed, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.softphone import Softphone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

SECRET = '[phone.desk1]\ntls = true\nsrtp = "mandatory"\n'


async def encrypting(stage: Stage) -> tuple[Office, int]:
    """An office that speaks TLS, with a certificate it has made, and to desk1 nothing else; its port."""
    port = stage.ports.take()
    office = await stage.office(sip_more=f"tls = true\ntls_port = {port}\n")
    await use(office, changed(office.document, ("[phone.desk1]\n", SECRET)))
    return office, port


def secret(port: int, authority: Path, media: str = "srtp-mand") -> dict[str, object]:
    """A telephone that is given this authority."""
    return {
        "registrar": f"127.0.0.1:{port}",
        "transport": "tls",
        "modules": ["srtp"],
        "settings": [f"sip_cafile {authority}"],
        "account": f";mediaenc={media}" if media else "",
    }


async def they_talk(stage: Stage, caller: Baresip, called: Baresip, number: str) -> None:
    await caller.dial(number)
    await called.rings()
    await called.accept()
    await caller.talks()
    await called.talks()
    await asyncio.gather(caller.listens(1.5), called.listens(1.5))
    await caller.hang_up()
    await asyncio.gather(caller.closed(), called.closed())


async def test_two_telephones_talk_one_of_them_over_tls_and_srtp(stage: Stage) -> None:
    office, port = await encrypting(stage)
    own = office.state / "sip.pem"
    assert (office.state / "sip.key").stat().st_mode & 0o777 == 0o600
    anna = await stage.desk(office, "desk1", ANNA_HZ, **secret(port, own))
    boris = await stage.desk(office, "desk2", BORIS_HZ)
    for caller, called, number in ((anna, boris, "102"), (boris, anna, "101")):
        await they_talk(stage, caller, called, number)
        assert tone.heard(anna.heard(), BORIS_HZ) > 0.8
        assert tone.heard(boris.heard(), ANNA_HZ) > 0.8


async def test_a_telephone_that_would_not_encrypt_its_sound_is_refused(stage: Stage) -> None:
    office, port = await encrypting(stage)
    anna = await stage.desk(office, "desk1", ANNA_HZ, **secret(port, office.state / "sip.pem", media=""))
    await anna.dial("102")
    assert "488" in (await anna.closed()).detail


async def test_a_telephone_that_is_to_use_tls_does_not_register_without(stage: Stage) -> None:
    office, _ = await encrypting(stage)
    with pytest.raises(AssertionError, match="REGISTER_FAIL"):
        await stage.desk(office, "desk1", ANNA_HZ)


async def test_a_softphone_over_tls_and_srtp_calls_is_called_and_hands_a_call_on(stage: Stage) -> None:
    office, port = await encrypting(stage)
    folder, password = stage.folder / "softphone", PASSWORDS["desk1"]
    who = {"user": "desk1", "password": password, "registrar": f"127.0.0.1:{port}", "hz": ANNA_HZ, "secret": True}
    boris = await stage.desk(office, "desk2", BORIS_HZ)
    async with Softphone(folder, stage.ports, **who) as anna:  # type: ignore[arg-type]
        anna.dial("102")
        await boris.rings()
        await boris.accept()
        await asyncio.gather(anna.talks(), boris.talks())
        await asyncio.gather(hears(anna, BORIS_HZ), boris.listens(1.5))
        await boris.hang_up()
        await asyncio.gather(boris.closed(), anna.over())
        assert tone.heard(boris.heard(), ANNA_HZ) > 0.3
        customer = await stage.ear()
        caller = await stage.outside(office, "caller-waits", customer)
        await anna.takes()
        await hears(anna, CALLER_HZ)
        await boris.rings()  # with her, until she had taken it
        await boris.event("CALL_CLOSED")
        anna.transfer("102")
        await asyncio.gather(anna.over(), boris.rings())
        await boris.accept()
        await boris.talks()
        await boris.listens(1.5)
        await boris.hang_up()
        await caller.finished()
    assert tone.heard(boris.heard(), CALLER_HZ) > 0.8
