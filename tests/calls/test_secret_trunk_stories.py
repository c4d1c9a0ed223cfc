# SPDX-License-Identifier: GPL-2.0-or-later
"""A line that registers over TLS and encrypts its sound, at a provider that is another box with telephones of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from appliance.programs.demo.office import PASSWORDS, Office
from tests.calls.stories import changed, use
from tests.fakes.certificates import Authority
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage

LINE = """
[line.far]
kind = "sip"
host = "127.0.0.1"
port = {port}
transport = "tls"
register = true
user = "desk1"
srtp = "mandatory"
numbers = {{ "101" = "anna" }}
"""


class Two:
    """Our office, Anna in it, and the provider, where Boris is a customer too."""

    def __init__(self, stage: Stage, there: Stage) -> None:
        """there: where the provider is, on ports of its own."""
        self.stage, self.there = stage, there

    async def begin(self, authority: Authority) -> "Two":
        port, ours, own = self.stage.ports.take(), self.stage.ports.take(), authority.certificate("provider")
        tls = f'tls = true\ntls_port = {port}\ncertificate = "{own.file}"\nkey = "{own.key}"\n'
        self.provider: Office = await self.there.office(sip_more=tls)
        await use(
            self.provider,
            changed(self.provider.document, ("[phone.desk1]\n", '[phone.desk1]\ntls = true\nsrtp = "mandatory"\n')),
        )
        vouched = f'tls = true\ntls_port = {ours}\nauthorities = "{authority.file}"\n'
        self.office: Office = await self.stage.office(sip_more=vouched)
        with (self.office.folder / "secrets.toml").open("a") as secrets:
            secrets.write(f'\n[line.far]\npassword = "{PASSWORDS["desk1"]}"\n')
        out = ('[outside]\nlines = ["city"]\n', '[outside]\nprefix = "0"\nlines = ["far"]\n')
        await use(self.office, changed(self.office.document, out) + LINE.format(port=port))
        return self


@pytest.fixture
async def two(stage: Stage) -> AsyncIterator[Two]:
    (folder := stage.folder / "p").mkdir()  # a name of a socket has 107 bytes at most
    async with Stage(folder) as there:
        yield await Two(stage, there).begin(Authority(stage.folder / "authority"))


async def talk(caller: Baresip, called: Baresip, number: str) -> None:
    await caller.dial(number)
    await called.rings()
    await called.accept()
    await asyncio.gather(caller.talks(), called.talks())
    await asyncio.gather(caller.listens(1.5), called.listens(1.5))
    await caller.hang_up()
    await asyncio.gather(caller.closed(), called.closed())


async def test_a_line_registers_over_tls_and_calls_go_both_ways_with_encrypted_sound(two: Two, stage: Stage) -> None:
    await two.office.logged("line far is up", within=20)
    anna = await stage.desk(two.office, "desk1", ANNA_HZ)
    boris = await two.there.desk(two.provider, "desk2", BORIS_HZ)
    for caller, called, number in ((anna, boris, "0102"), (boris, anna, "101")):
        await talk(caller, called, number)
        assert tone.heard(anna.heard(), BORIS_HZ) > 0.8
        assert tone.heard(boris.heard(), ANNA_HZ) > 0.8
    seen = {call.line for call in (await stage.call_over(two.office, 1), await stage.call_over(two.office, 2))}
    assert seen == {"phones", "far"}
