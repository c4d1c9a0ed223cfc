# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways with lines of the exchange: an HT813 from its file to its calls, and any other known by its address."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.messages import Apply, Line, LineChanged, Watch
from appliance.control.messages import Office as Seen
from appliance.control.provisioning import ProvisioningSecret, Reboot
from appliance.programs import lines
from appliance.programs.demo.office import Office
from appliance.store.reader import Call, Reader
from tests.calls.house import hears
from tests.telephones import tone
from tests.telephones.ht813 import Ht813, fetched
from tests.telephones.softphone import Softphone
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

alone = pytest.mark.asyncio(loop_scope="module")
PAGES = Path(__file__).parents[2] / "hardware" / "ata"
DIALLED, TOLD = "852000001", "052000001"  # Lithuania's, as a telephone dials it, and as its exchanges want it
MAC = "000b82000001"
MORE = """
[provisioning]
http = true
[phone.hall]
[person.hall]
extension = "109"
phones = ["hall"]
"""


def block(page: str) -> str:
    found = re.search(r"```toml\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)
    assert found, f"{page}.md has no settings"
    return found[1]


class Place:
    """An office whose line `copper` is an HT813, set as its page says; the telephone at its FXS port is `hall`."""

    def __init__(self, stage: Stage, office: Office, anna: Softphone) -> None:
        self.stage, self.office, self.anna = stage, office, anna
        self.calls = 0

    async def file(self) -> dict[str, str]:
        async with await client.connect(self.office.socket) as switch:
            secret = (await switch.request(ProvisioningSecret(0, "line-copper", "maria"))).secret
        return await fetched(f"{self.office.page}provisioning/{secret}/", MAC)

    async def gateway(self, name: str) -> Ht813:
        return Ht813(self.stage.folder / name, self.stage.ports, await self.file(), CALLER_HZ)

    async def line(self, so: Callable[[Line], bool]) -> Line:
        """The line as soon as it is so."""
        async with asyncio.timeout(20), await client.connect(self.office.socket) as switch:
            async for told in switch.watch():
                lines = told.lines if isinstance(told, Seen) else (told.line,) if isinstance(told, LineChanged) else ()
                for line in lines:
                    if line.id == "copper" and so(line):
                        return line
        raise AssertionError("the switch has gone")

    async def over(self) -> Call:
        self.calls += 1
        return await self.stage.call_over(self.office, self.calls)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with Stage(tmp_path_factory.mktemp("gateways")) as stage:
        office = await stage.office(pages=True, more=MORE)
        line = block("ht813").replace("c0:74:ad:00:00:01", MAC)
        document = office.document.replace('[outside]\nlines = ["city"]\n', '[outside]\nlines = ["copper", "city"]\n')
        async with await client.connect(office.socket) as switch:
            await switch.request(Apply(0, f"{document}\n{line}"))
        async with Softphone(
            stage.folder / "anna", stage.ports, user="desk1", password="first-desk-telephone", registrar=office.address,
            hz=ANNA_HZ,
        ) as anna:  # fmt: skip
            yield Place(stage, office, anna)


@alone
async def test_an_ht813_is_a_line_by_what_its_file_says(place: Place) -> None:
    file = await place.file()
    assert (file["P740"], file["P40"]) == ("5062", "5060")  # its two ports, at one address
    assert file["P747"] == place.office.address and file["P734"] != file["P34"]
    before = await place.line(lambda line: not line.usable)
    assert (before.kind, before.why) == ("gateway", "not-registered")
    async with await place.gateway("first") as gateway:
        line = await place.line(lambda line: line.usable and bool(line.contacts))
        assert f"127.0.0.1:{gateway.phone.port}" in line.contacts[0] and "Linekeeper demo" in line.agent
        shown = lines.line(line)
        assert (
            "copper" in shown and "works" in shown and f":{gateway.phone.port}" in shown and "Linekeeper demo" in shown
        )
        async with await client.connect(place.office.socket) as switch:
            live = await switch.request(Watch(0))
            assert "line-copper" not in {one.id for one in live.phones}
            await switch.request(Reboot(0, "line-copper", "maria"))
    await place.line(lambda line: not line.usable)  # it says good-bye


@alone
async def test_a_call_of_the_exchange_comes_with_its_number_and_ends_with_it(place: Place) -> None:
    async with await place.gateway("in") as gateway:
        await place.line(lambda line: line.usable)
        gateway.rings("+37060000009", "line-copper")
        assert "+37060000009" in await place.anna.rings()
        place.anna.phone.answer()
        await asyncio.gather(place.anna.talks(), gateway.talks())
        await asyncio.gather(hears(place.anna, CALLER_HZ), hears(gateway, ANNA_HZ))
        gateway.phone.hang_up()  # whoever called has hung up: the exchange's busy tone was heard
        await place.anna.over()
        call = await place.over()
        assert (call.line, call.caller, call.called) == ("copper", "+37060000009", "+37052000000")
        assert {leg.cause for leg in Reader(place.office.journal).legs(call.id)} == {16}


@alone
async def test_a_call_out_is_dialled_in_one_stage(place: Place) -> None:
    async with await place.gateway("out") as gateway:
        await place.line(lambda line: line.usable)
        place.anna.dial(DIALLED)
        assert await gateway.dialled() == TOLD
        gateway.phone.answer()
        await asyncio.gather(place.anna.talks(), gateway.talks())
        await asyncio.gather(hears(place.anna, CALLER_HZ), hears(gateway, ANNA_HZ))
        await place.anna.hang_up()
        await gateway.over()
        call = await place.over()
        assert {leg.cause for leg in Reader(place.office.journal).legs(call.id)} == {16}


@alone
async def test_a_gateway_whose_line_is_taken_gives_way_to_the_next_line(place: Place) -> None:
    async with await place.gateway("taken") as gateway:
        await place.line(lambda line: line.usable)
        city = await place.stage.sipp("callee-waits", port=place.office.city, talk=0.2)
        place.anna.dial(DIALLED)
        await gateway.dialled()
        gateway.phone.decline(486)
        await place.anna.talks()
        await place.anna.hang_up()
        await city.finished()
        call = await place.over()
        causes = {leg.party: leg.cause for leg in Reader(place.office.journal).legs(call.id)}
        assert causes == {"desk1": 16, "copper": 17, "city": 16}


@alone
async def test_the_telephone_at_it_is_one_of_the_office(place: Place) -> None:
    file = await place.file()
    assert file["P271"] == "1" and file["P35"] == file["P36"] == "hall"
    async with Softphone(
        place.stage.folder / "hall",
        place.stage.ports,
        user=file["P36"],
        password=file["P34"],
        registrar=file["P47"],
        hz=850,
    ) as hall:
        place.anna.dial("109")
        await hall.takes()
        await place.anna.talks()
        await place.anna.hang_up()
        await hall.over()
        await place.over()


@alone
async def test_a_gateway_without_power_is_down_and_calls_go_by_the_next_line(place: Place) -> None:
    async with await place.gateway("gone") as gateway:
        await place.line(lambda line: line.usable)
        gateway.phone._process.kill()
        line = await place.line(lambda line: not line.usable)
        assert line.contacts and line.why
        city = await place.stage.sipp("callee-waits", port=place.office.city, talk=0.2)
        await place.anna.calls(DIALLED)
        await place.anna.hang_up()
        await city.finished()
        await place.over()
    async with await place.gateway("again"):
        await place.line(lambda line: line.usable)


async def test_a_gateway_known_by_its_address_is_a_line_as_its_page_says(stage: Stage) -> None:
    """Out in one stage, and in with the caller's number; SIPp is the gateway."""
    text = block("generic")
    [(name, line)] = tomllib.loads(text)["line"].items()
    office, port = await stage.office(), stage.ports.take()
    at_home = text.replace(line["host"], "127.0.0.1").replace(f"port = {line['port']}\n", f"port = {port}\n")
    document = office.document.replace('[outside]\nlines = ["city"]\n', f'[outside]\nlines = ["{name}"]\n')
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, f"{document}\n{at_home}"))
    anna = await stage.desk(office, "desk1", ANNA_HZ)

    ear = await stage.ear()
    gateway = await stage.sipp("callee-waits", port=port, rtp=ear.port, talk=0.2)
    await anna.dial(DIALLED)
    await anna.talks()
    await ear.listens(1.0)
    await anna.hang_up()
    await gateway.finished()
    [invite] = [m for m in gateway.messages() if not m.sent and m.first.startswith("INVITE")]
    assert invite.first.startswith(f"INVITE sip:{TOLD}@127.0.0.1:{port}")
    assert tone.heard(ear.heard(stage.folder / "exchange.wav"), ANNA_HZ) > 0.6
    await stage.call_over(office)

    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear, port=port, caller="+37060000009")
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await ear.listens(0.5)
    await anna.hang_up()
    await caller.finished()
    call = await stage.call_over(office, 2)
    assert (call.line, call.caller) == (name, "+37060000009")
    await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 0.1
