# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest: `linekeeper run` with the line at channel 1 and the telephone of the kitchen at channel 3, a SIP telephone
(baresip), and at the other ends, channels 5 and 7, an exchange and somebody with a receiver.

Each thing that works is a line `ok: what`; the first that does not ends the program with the reason.
"""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from appliance.lines.dahdi import fxo, fxs
from appliance.lines.dahdi.callerid import Caller
from appliance.lines.dahdi.card import ON_HOOK, Channel, Watch
from appliance.lines.dahdi.line import Line
from appliance.lines.dahdi.telephone import Telephone
from appliance.programs.demo import office as box
from appliance.programs.demo.office import Office
from appliance.settings.countries import COUNTRIES
from appliance.store.reader import Call, Reader
from tests.calls.stories import changed, use
from tests.dahdi.told import WITHIN, Told, ok
from tests.dahdi.wire import Wire
from tests.lines.mobile import seen
from tests.telephones import baresip, tone
from tests.telephones.stage import ANNA_HZ, Stage

US = COUNTRIES["us"]
EXCHANGE, HANDSET = 5, 7
OUTSIDE_HZ, KITCHEN_HZ = 1000, 1200
OWN, CALLER = "+37052000001", "+37060000001"
DIALLED, ARRIVES = "860000009", "060000009"
STAMP = "11282305"
LISTENS = 120.0  # s; an emulated machine loses much of what is said while it stands still
DEBOUNCE = 2.0  # s; for 0.6 after it went off hook the driver tells nothing of the battery
PORTS = f"""
[line.land]
kind = "fxo"
channel = 1
number = "{OWN}"
tones = "us"
clip_wait = 6000

[phone.kitchen]
channel = 3
tones = "us"

[person.carol]
name = "Carol"
extension = "103"
phones = ["kitchen"]
ring_for = 60
"""
CHANGES = (
    ('[outside]\nlines = ["city"]', '[outside]\nlines = ["land", "city"]'),
    ('people = ["anna", "boris"]', 'people = ["anna", "carol"]'),
)


class House:
    """All of it, and what is done at the far ends."""

    def __init__(self, stage: Stage, office: Office, anna: baresip.Baresip) -> None:
        self.stage, self.office, self.anna = stage, office, anna
        self.at_exchange, self.at_handset = Told("exchange"), Told("kitchen")
        self.calls = 0
        watch = Watch()
        self.exchange = Telephone(Channel(EXCHANGE), watch, self.at_exchange, US)
        self.handset = Line(Channel(HANDSET), watch, self.at_handset, US, fxo.Habits(caller_wait=6000))

    async def rests(self) -> None:
        """The line is free again, and nobody has a receiver in his hand."""
        async with asyncio.timeout(WITHIN):
            while not (await seen(self.office, "land")).usable or (await seen(self.office, "land")).calls:
                await asyncio.sleep(0.2)
            while self.handset.rules.state is not fxo.State.IDLE or self.exchange.rules.state is not fxs.State.IDLE:
                await asyncio.sleep(0.2)
        await asyncio.sleep(fxo.REST / 1000 + 1)
        self.anna.seen.skip()

    async def over(self) -> Call:
        """The journal has this call, with its end."""
        self.calls += 1
        for _ in range(5):
            try:
                return await self.stage.call_over(self.office, self.calls)
            except AssertionError as wrong:
                why = wrong
        raise why

    async def comes(self) -> None:
        """A call by the line: all ring, and show the number."""
        self.exchange.ring(Caller(CALLER.removeprefix("+370")), STAMP)
        await self.at_handset.next(fxo.Rang())
        shown = await self.at_handset.until(lambda what: isinstance(what, fxo.Incoming))
        if shown != fxo.Incoming(Caller(CALLER.removeprefix("+"), "Sales: Mr Kazlauskas")):
            raise AssertionError(f"the telephone in the kitchen shows {shown}")
        rung = await self.anna.rings(WITHIN)
        if CALLER not in rung.uri:
            raise AssertionError(f"the SIP telephone shows {rung}")

    async def lifted(self) -> None:
        self.handset.answer()
        await self.at_handset.next(fxo.Answered())
        await self.at_exchange.next(fxs.Answered())
        await self.anna.closed(WITHIN)

    async def accepted(self) -> None:
        await self.anna.accept()
        await self.anna.talks(WITHIN)
        await self.at_exchange.next(fxs.Answered())
        await self.at_handset.until(lambda what: what == fxo.Missed())

    async def kept(self, **wanted: object) -> None:
        call = await self.over()
        found = {name: getattr(call, name) for name in wanted}
        if found != wanted:
            raise AssertionError(f"the journal has {call}, not {wanted}")


async def to_the_kitchen(house: House) -> None:
    await house.comes()
    ok("a call by the line rings both telephones, which show who calls")
    await house.lifted()
    ok("who answers in the kitchen has the call, and the other telephone is still")
    with Wire(house.exchange, OUTSIDE_HZ) as outside, Wire(house.handset, KITCHEN_HZ) as carol:
        await asyncio.gather(outside.hears(KITCHEN_HZ, within=LISTENS), carol.hears(OUTSIDE_HZ, within=LISTENS))
    ok("line and analogue telephone hear each other")
    house.handset.hang_up()
    await house.at_exchange.next(fxs.HungUp())
    ok("a receiver that is put on ends the call at the exchange")
    await house.kept(line="land", caller=CALLER, called=OWN, person="carol", outcome="answered")
    ok("the call is in the journal with its number")


async def to_the_desk(house: House) -> None:
    await house.comes()
    await house.accepted()
    with Wire(house.exchange, OUTSIDE_HZ) as outside:
        await outside.hears(ANNA_HZ, within=LISTENS)
        await house.anna.listens(2.0, WITHIN)
    await asyncio.sleep(DEBOUNCE)
    await house.exchange.channel.hook(ON_HOOK)
    await house.anna.closed(WITHIN)
    await house.at_exchange.next(fxs.HungUp())
    if tone.heard(house.anna.heard(), OUTSIDE_HZ) < 0.5:
        raise AssertionError("the SIP telephone does not hear the caller")
    ok("line and SIP telephone hear each other")
    ok("a battery drop ends the call at the SIP telephone")
    await house.kept(line="land", caller=CALLER, person="anna", outcome="answered")


async def busy(house: House) -> None:
    await house.comes()
    await house.accepted()
    house.exchange.left(busy=True)
    await house.anna.closed(WITHIN)
    await house.at_exchange.next(fxs.HungUp())
    ok("the busy tone of the exchange ends the call at the SIP telephone")
    await house.kept(line="land", caller=CALLER, person="anna", outcome="answered")


async def called_out(house: House) -> None:
    """The receiver hears our dial tone, or it would not dial."""
    house.handset.dial(f"{DIALLED}#")
    await house.at_exchange.next(fxs.Off())
    await house.at_exchange.next(fxs.Called(ARRIVES))
    ok("what is dialled in the kitchen at our dial tone is dialled on the line at its")
    await house.at_handset.until(lambda what: what == fxo.Answered())
    with Wire(house.exchange, OUTSIDE_HZ) as outside, Wire(house.handset, KITCHEN_HZ) as carol:
        await asyncio.gather(outside.hears(KITCHEN_HZ, within=LISTENS), carol.hears(OUTSIDE_HZ, within=LISTENS))
    ok("who was called and the kitchen hear each other")


async def out(house: House) -> None:
    await called_out(house)
    house.handset.hang_up()
    await house.at_exchange.next(fxs.HungUp())
    ok("a receiver that is put on ends the call out")
    await house.kept(outcome="answered", name="Carol")
    await house.rests()
    await called_out(house)
    house.handset.listen(house.handset.new_ear())
    house.exchange.left(busy=True)
    ended = await house.at_handset.until(lambda what: isinstance(what, fxo.Ended))
    if not isinstance(ended, fxo.Ended) or ended.why not in ("busy tone", "congestion tone"):
        raise AssertionError(f"in the kitchen the call ended by {ended}")
    await house.at_exchange.next(fxs.HungUp())
    ok("when the one who was called hangs up, the kitchen hears that it is over")
    await house.kept(outcome="answered", name="Carol")


async def flash(house: House) -> None:
    await house.comes()
    await house.lifted()
    await asyncio.sleep(DEBOUNCE)
    house.handset.flash()
    with Wire(house.handset, KITCHEN_HZ) as carol:
        await carol.hears(440, 0.2, LISTENS)  # of the recall dial tone, 350 and 440 Hz
    await asyncio.sleep(0.5)
    house.handset.digits("101#")
    await house.anna.rings(WITHIN)
    await house.anna.accept()
    await house.anna.talks(WITHIN)
    with Wire(house.handset, KITCHEN_HZ) as carol:
        await carol.hears(ANNA_HZ, within=LISTENS)
    ok("flash holds the call and asks a colleague")
    house.handset.hang_up()
    with Wire(house.exchange, OUTSIDE_HZ) as outside:
        await outside.hears(ANNA_HZ, within=LISTENS)
    ok("a receiver that is put on puts the two through")
    await house.anna.hang_up()
    await house.at_exchange.next(fxs.HungUp())
    ok("a SIP telephone that hangs up ends the call at the exchange")
    await house.kept(line="land", caller=CALLER, outcome="answered")


STORIES: tuple[Callable[[House], Awaitable[None]], ...] = (to_the_kitchen, to_the_desk, busy, out, flash)


async def story() -> None:
    box.START_WITHIN = 300.0  # its programs are compiled first
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(Path("/tmp/house")))
        office = await stage.office(music=False)
        await use(office, changed(office.document, *CHANGES) + PORTS)
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        house = House(stage, office, anna)
        for each in STORIES:
            await house.rests()
            try:
                await each(house)
            except BaseException:
                print(f"in {each.__name__}", *office.log.all[-40:], sep="\n", flush=True)
                print(Reader(office.journal).calls(limit=20), flush=True)
                raise
        await house.handset.close()
        await house.exchange.close()
    print("done", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(story())
    except (AssertionError, TimeoutError) as wrong:
        traceback.print_exc(limit=-4)
        sys.exit(str(wrong))
