# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor on a line of the exchange: two ports of a card call each other, and what the exchange does to sound is found.

The driver is a table of its calls.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.doctor import CheckLine, LineChecked
from appliance.control.messages import Refused
from tests.calls.stories import use
from tests.lines.card import Card
from tests.lines.exchange import AnalogExchange, JoinedPort, Way
from tests.lines.shelf import OfficeHere, Shelf, until
from tests.telephones.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN, OTHER = "+37052000001", "+37052000002"
PORTS = f"""
[line.land]
kind = "fxo"
channel = 1
number = "{OWN}"
tones = "us"
[line.spare]
kind = "fxo"
channel = 2
number = "{OTHER}"
tones = "us"
"""


@dataclass
class House:
    office: OfficeHere
    exchange: AnalogExchange

    async def doctor(self, said: Way | None = None, heard: Way | None = None) -> LineChecked:
        self.exchange.ways = [said or Way(), heard or Way()]
        async with asyncio.timeout(60), await client.connect(self.office.socket) as switch:
            while True:
                try:
                    return await switch.request(CheckLine(0, "land", OTHER))
                except Refused as refused:
                    if refused.id != "line-busy":  # it rests for two seconds between calls
                        raise
                    await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path_factory.mktemp("cards")))
        shelf = Shelf()
        shelf.ports = {1: Card(0x2004), 2: Card(0x2004)}
        ports = tuple(stack.enter_context(JoinedPort(card)) for card in shelf.ports.values())
        (stage.folder / "office").mkdir()
        office = OfficeHere(stage.folder / "office", stage.ports, music=False, pages=False)
        office.shelf = shelf
        await stack.enter_async_context(office)
        await use(office, office.document + PORTS)
        await until(lambda: all(("channel", number) in card.calls for number, card in shelf.ports.items()))
        exchange = await stack.enter_async_context(AnalogExchange(*ports))
        yield House(office, exchange)


def ids(checked: LineChecked) -> set[tuple[str, str]]:
    """Without what a busy machine adds of its own."""
    return {(one.id, one.way) for one in checked.findings if one.id not in ("gaps", "late")}


async def test_a_line_that_is_well_is_said_to_be_though_the_exchange_tells_nobodys_number(house: House) -> None:
    checked = await house.doctor()
    assert (checked.line, checked.other, ids(checked)) == ("land", "spare", set())
    for way in (checked.said, checked.heard):
        assert way.gain == pytest.approx(0, abs=1) and way.delay and way.delay > 40


async def test_a_line_that_is_too_quiet_echoes_and_loses_a_key_is_told_in_words_and_figures(house: House) -> None:
    house.exchange.shows = OWN.replace("+370", "8")
    said, heard = Way(gain=0.35, echo=(0.1, 0.06)), Way(keys=lambda keys: keys.replace("5", ""))
    checked = await house.doctor(said, heard)
    assert ids(checked) == {("too-quiet", "said"), ("echo", "said"), ("lost-keys", "heard")}
    assert checked.said.gain == pytest.approx(-9.1, abs=1)
    assert checked.said.echo_loss == pytest.approx(20, abs=4)  # a busy machine loses some of it
    assert 60 <= (checked.said.echo_delay or 0) < 400
    assert (checked.heard.keys_lost, checked.gains) == ("5", ())
    words = " ".join(one.words for one in checked.findings)
    assert f"what is said into it arrives {-(checked.said.gain or 0):.1f} dB too quiet" in words
    assert f"an echo after {checked.said.echo_delay:.0f} ms, {checked.said.echo_loss:.0f} dB below" in words
    assert "are lost: 5." in words
