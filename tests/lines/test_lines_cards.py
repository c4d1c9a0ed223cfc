# SPDX-License-Identifier: GPL-2.0-or-later
"""Analogue lines and telephones of a whole office: they call desk telephones and are called by them, with sound both ways.

The driver is a table of its calls; `make dahdi` has the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from appliance.lines._dahdi import Mouth
from appliance.lines.dahdi.callerid import Caller, write
from appliance.lines.dahdi.card import OFF_HOOK, ON_HOOK, RING, RING_OFF, Happens
from appliance.lines.dahdi.sounds import BELL202, MU_LAW
from appliance.store.reader import Call, Reader
from tests.calls.stories import changed, use
from tests.lines.card import Card
from tests.lines.far_end import RATE
from tests.lines.mobile import seen
from tests.lines.shelf import CardEnd, OfficeHere, Shelf, did, lifts, puts_down, until
from tests.lines.signals import mu_law, silence
from tests.lines.signals import tone as sound
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAR_HZ, KITCHEN_HZ = 1000, 1200
OWN, CALLER = "+37052000001", "+37060000001"
PORTS = f"""
[line.land]
kind = "fxo"
channel = 1
number = "{OWN}"
tones = "us"

[phone.kitchen]
channel = 5
tones = "us"

[person.carol]
name = "Carol"
extension = "103"
phones = ["kitchen"]
ring_for = 20
"""
DIAL, BUSY, OVER = 0, 1, 3  # tones of the driver


@dataclass
class House:
    stage: Stage
    office: OfficeHere
    line: Card
    kitchen: Card
    exchange: CardEnd  # at the other end of the line
    carol: CardEnd  # at the telephone in the kitchen
    anna: Baresip
    boris: Baresip
    calls: int = 0  # in the journal before this story

    async def over(self, nth: int = 1) -> Call:
        return await self.stage.call_over(self.office, self.calls + nth)

    def rings(self, caller: Caller | None = None) -> None:
        """The first ring, and who calls behind it."""
        self.line.happens(Happens.RING_BEGINS)
        self.line.happens(Happens.RING_OFF_HOOK)
        if caller:
            spill = Mouth(MU_LAW, BELL202, write(caller, "11282305"), 300, 180, 60, -20.0).signal()
            self.exchange.plays(mu_law(silence(300)) + spill)

    async def dials(self, keys: str) -> None:
        """Carol lifts the receiver."""
        at = len(self.kitchen.calls)
        lifts(self.kitchen)
        await did(self.kitchen, "tone", DIAL, since=at)
        await until(lambda: not self.carol._pressing)
        self.carol.presses(keys)

    async def on_hook(self) -> None:
        puts_down(self.kitchen)
        await until(lambda: self.kitchen.calls[-1] == ("hook", ON_HOOK))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path_factory.mktemp("cards")))
        shelf = Shelf()
        line, kitchen = shelf.ports[1], shelf.ports[5] = Card(0x2004), Card(0x1020)
        exchange = stack.enter_context(CardEnd(line, tone.samples(FAR_HZ, 1, RATE)))
        carol = stack.enter_context(CardEnd(kitchen, tone.samples(KITCHEN_HZ, 1, RATE)))
        exchange.quiet = carol.quiet = True
        (stage.folder / "office").mkdir()
        office = OfficeHere(stage.folder / "office", stage.ports, music=False, pages=False)
        office.shelf = shelf
        await stack.enter_async_context(office)
        document = changed(office.document, ('[outside]\nlines = ["city"]', '[outside]\nlines = ["land", "city"]'))
        await use(office, document + PORTS)
        await until(lambda: ("channel", 1) in line.calls and ("channel", 5) in kitchen.calls)
        yield House(stage, office, line, kitchen, exchange, carol, *await stage.desks(office))


@pytest_asyncio.fixture(loop_scope="module")
async def house(whole: House) -> House:
    for phone in (whole.anna, whole.boris):
        phone.seen.skip()
    for end in (whole.exchange, whole.carol):
        end.quiet = True
    whole.line.calls.clear()
    whole.kitchen.calls.clear()
    async with asyncio.timeout(30):
        while not (await seen(whole.office, "land")).usable:
            await asyncio.sleep(0.1)
    whole.calls = len(Reader(whole.office.journal).calls(limit=1000))
    return whole


async def test_a_caller_on_the_line_rings_the_desks_with_his_number_and_they_hear_each_other(house: House) -> None:
    house.rings(Caller("860000001"))
    assert CALLER in str(await house.anna.rings())
    await house.anna.accept()
    await house.anna.talks()
    await did(house.line, "hook", OFF_HOOK)
    house.exchange.quiet = False
    await house.exchange.hears(ANNA_HZ)
    await house.anna.listens(1.0)
    house.line.happens(Happens.ON_HOOK)  # the exchange drops the battery
    await house.anna.closed()
    assert tone.heard(house.anna.heard(), FAR_HZ) > 0.5
    await did(house.line, "hook", ON_HOOK)
    call = await house.over()
    assert (call.line, call.caller, call.called, call.outcome) == ("land", CALLER, OWN, "answered")


async def test_who_gives_up_was_not_answered_and_a_late_number_is_written_down(house: House) -> None:
    await until_free(house)
    house.rings()
    await house.anna.rings()
    house.exchange.plays(Mouth(MU_LAW, BELL202, write(Caller("860000001"), "11282305"), 300, 180, 60, -20.0).signal())
    call = await house.over()  # 8 s without a ring
    assert (call.caller, call.outcome) == (CALLER, "abandoned")
    assert ("hook", OFF_HOOK) not in house.line.calls


async def test_a_desk_calls_out_over_the_line_sends_keys_and_hangs_up(house: House) -> None:
    await until_free(house)
    await house.anna.dial("+37060000009")
    await did(house.line, "hook", OFF_HOOK)
    house.exchange.plays(mu_law(sound(1200, 350, 440, level=-13)))
    await did(house.line, "dial", "T060000009")
    house.line.happens(Happens.DIALLED)
    await house.anna.talks()
    house.exchange.quiet = False
    await house.exchange.hears(ANNA_HZ)
    await house.anna.listens(1.0)
    await house.anna.press("5")
    await did(house.line, "dial", "T5")
    await house.anna.hang_up()
    await did(house.line, "hook", ON_HOOK)
    assert tone.heard(house.anna.heard(), FAR_HZ) > 0.5
    assert (await house.over()).outcome == "answered"


async def test_the_busy_tone_ends_a_call_out(house: House) -> None:
    await until_free(house)
    await house.anna.dial("+37060000009")
    await did(house.line, "hook", OFF_HOOK)
    house.exchange.plays(mu_law(sound(1200, 350, 440, level=-13)))
    await did(house.line, "dial", "T060000009")
    house.line.happens(Happens.DIALLED)
    house.exchange.plays(mu_law((sound(500, 480, 620, level=-24) + silence(500)) * 6))
    await house.anna.closed()
    await did(house.line, "hook", ON_HOOK)
    legs = Reader(house.office.journal).legs((await house.over()).id)
    assert [leg.cause for leg in legs if leg.kind == "trunk"] == [17]


async def test_the_telephone_in_the_kitchen_calls_a_desk(house: House) -> None:
    await house.dials("101#")
    assert "103" in str(await house.anna.rings())
    await did(house.kitchen, "tone", 2)  # it hears that it rings
    await house.anna.accept()
    await house.anna.talks()
    house.carol.quiet = False
    await house.carol.hears(ANNA_HZ)
    await house.anna.listens(1.0)
    await house.on_hook()
    await house.anna.closed()
    assert tone.heard(house.anna.heard(), KITCHEN_HZ) > 0.5
    call = await house.over()
    assert (call.name, call.outcome, call.person) == ("Carol", "answered", "anna")


async def test_a_desk_calls_the_kitchen_and_hangs_up(house: House) -> None:
    await house.anna.dial("103")
    await did(house.kitchen, "hook", RING)
    lifts(house.kitchen)
    await did(house.kitchen, "hook", RING_OFF)
    await house.anna.talks()
    await house.carol.hears(ANNA_HZ)
    at = len(house.kitchen.calls)
    await house.anna.hang_up()
    await did(house.kitchen, "tone", BUSY, since=at)
    await house.over()
    await house.on_hook()


async def test_flash_holds_asks_another_and_hanging_up_puts_them_through(house: House) -> None:
    await house.dials("101#")
    await house.anna.rings()
    await house.anna.accept()
    await house.anna.talks()
    await until(lambda: house.kitchen.calls[-1] != ("tone", 2))
    at = len(house.kitchen.calls)
    house.kitchen.happens(Happens.FLASHED)
    await did(house.kitchen, "tone", 5, since=at)
    house.carol.presses("102#")
    await house.boris.rings()
    await house.boris.accept()
    await house.boris.talks()
    await house.carol.hears(BORIS_HZ)
    await house.on_hook()
    await house.boris.listens(1.5)
    await house.boris.hang_up()
    await house.anna.closed()
    assert tone.heard(house.boris.heard(), ANNA_HZ) > 0.3


async def test_a_card_that_is_pulled_out_ends_its_call_and_is_used_again_when_it_is_back(house: House) -> None:
    await until_free(house)
    house.rings()
    await house.anna.rings()
    await house.anna.accept()
    await house.anna.talks()
    house.line.pull()
    await house.anna.closed()
    async with asyncio.timeout(30):
        while (await seen(house.office, "land")).usable:
            await asyncio.sleep(0.1)
    house.line.pulled = False
    async with asyncio.timeout(30):
        while not (await seen(house.office, "land")).usable:
            await asyncio.sleep(0.1)
    assert (await house.over()).outcome == "answered"


async def until_free(house: House) -> None:
    """The line rests for two seconds between calls."""
    await until(lambda: not house.exchange._pressing)
    await asyncio.sleep(2.1)
