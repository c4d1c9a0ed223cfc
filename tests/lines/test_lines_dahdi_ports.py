# SPDX-License-Identifier: GPL-2.0-or-later
"""Our side of a card, against a table of the driver's calls: the real one is tried by `make dahdi`."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable

import pytest

from appliance.lines._dahdi import Ear, Mouth
from appliance.lines.dahdi import fxo, fxs
from appliance.lines.dahdi.callerid import Caller, Spill, write
from appliance.lines.dahdi.card import (
    FLASH,
    KEY_DOWN,
    OFF_HOOK,
    ON_HOOK,
    RING,
    RING_OFF,
    Channel,
    Happens,
    Missing,
    Watch,
)
from appliance.lines.dahdi.line import Line
from appliance.lines.dahdi.sounds import BELL202, MU_LAW, Heard
from appliance.lines.dahdi.telephone import Telephone
from appliance.settings.countries import COUNTRIES
from tests.lines.card import Card
from tests.lines.signals import key, mu_law, silence, tone

ANNA = Caller("15550100", "Anna")
US = COUNTRIES["us"]
LINE, TELEPHONE = 0x2004, 0x1020
WITHIN = 20.0  # s


class Told:
    def __init__(self) -> None:
        self.queue = asyncio.Queue[object]()

    def told(self, what: object) -> None:
        self.queue.put_nowait(what)

    async def next(self) -> object:
        return await asyncio.wait_for(self.queue.get(), WITHIN)


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not what():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def a_line(card: Card, habits: fxo.Habits = fxo.Habits()) -> AsyncIterator[tuple[Line, Told]]:  # noqa: B008
    watch, told = Watch(), Told()
    line = Line(Channel(1, card), watch, told, US, habits)
    try:
        yield line, told
    finally:
        await line.close()
        watch.close()
        card.end()


@contextlib.asynccontextmanager
async def a_telephone(card: Card) -> AsyncIterator[tuple[Telephone, Told]]:
    watch, told = Watch(), Told()
    telephone = Telephone(Channel(5, card), watch, told, US)
    try:
        yield telephone, told
    finally:
        await telephone.close()
        watch.close()
        card.end()


async def test_a_caller_rings_is_read_answered_and_hangs_up() -> None:
    card = Card(LINE)
    async with a_line(card) as (line, told):
        card.happens(Happens.RING_BEGINS)
        assert await told.next() == fxo.Rang()
        card.happens(Happens.RING_OFF_HOOK)
        card.sounds(
            mu_law(silence(300)) + Mouth(MU_LAW, BELL202, write(ANNA, "11282305"), 300, 180, 60, -20.0).signal()
        )
        assert await told.next() == fxo.Incoming(ANNA)
        assert line.answer()
        assert await told.next() == fxo.Answered()
        await until(lambda: ("hook", OFF_HOOK) in card.calls)
        card.happens(Happens.ON_HOOK)
        assert await told.next() == fxo.Ended(16, "battery dropped")
        await until(lambda: card.calls[-1] == ("hook", ON_HOOK))


async def test_a_call_out_is_dialled_at_the_dial_tone_and_ended_by_busy() -> None:
    card = Card(LINE)
    async with a_line(card) as (line, told):
        assert line.dial("5550123")
        card.sounds(mu_law(tone(1200, 350, 440, level=-13)))
        await until(lambda: ("dial", "T5550123") in card.calls)
        card.happens(Happens.DIALLED)
        assert [await told.next(), await told.next()] == [fxo.Alerting(), fxo.Answered()]
        line.digits("1#")
        line.flash()
        await until(lambda: card.calls[-2:] == [("dial", "T1#"), ("hook", FLASH)])
        card.sounds(mu_law((tone(500, 480, 620, level=-24) + silence(500)) * 6))
        assert await told.next() == fxo.Ended(17, "busy tone")


async def test_a_hook_that_still_moves_is_asked_again() -> None:
    card = Card(LINE, hook_errors=(errno.EBUSY, errno.EBUSY, errno.EINPROGRESS))
    async with a_line(card) as (line, _):
        line.dial("12")
        await until(lambda: not card.hook_errors)
        line.hang_up()
        await until(lambda: card.calls[-1] == ("hook", ON_HOOK))


async def test_while_a_pump_has_the_sound_events_and_tones_end_the_call() -> None:
    for ends in ("battery dropped", "busy tone"):
        card = Card(LINE)
        async with a_line(card, fxo.Habits(caller_id="none")) as (line, told):
            card.happens(Happens.RING_BEGINS)
            assert [await told.next(), await told.next()] == [fxo.Rang(), fxo.Incoming(None)]
            line.answer()
            assert await told.next() == fxo.Answered()
            sound, copy = line.lend_to_pump()
            with open(sound, "rb", buffering=0), open(copy, "wb", buffering=0) as pump:  # noqa: ASYNC230
                if ends == "busy tone":
                    pump.write(mu_law((tone(500, 480, 620, level=-24) + silence(500)) * 6))
                else:
                    card.happens(Happens.ON_HOOK)
                assert await told.next() == fxo.Ended(16, ends)
            assert not line.lent and not line.tap


async def test_a_card_that_is_pulled_out_in_a_call_ends_it() -> None:
    card = Card(LINE)
    async with a_line(card, fxo.Habits(caller_id="none")) as (line, told):
        card.happens(Happens.RING_BEGINS)
        await told.next()
        await told.next()
        line.answer()
        await told.next()
        card.pull()
        assert await told.next() == fxo.Ended(27, "unplugged")
        assert await told.next() == fxo.Usable(False)


async def test_a_telephone_rings_shows_the_caller_and_is_answered() -> None:
    card = Card(TELEPHONE)
    async with a_telephone(card) as (telephone, told):
        assert telephone.ring(ANNA, "11282305")
        await until(lambda: ("hook", RING) in card.calls)
        card.happens(Happens.BURST)
        card.happens(Happens.BURST_OVER)
        heard, spill, ear = [], Spill(), Ear(MU_LAW, BELL202)
        async with asyncio.timeout(WITHIN):
            while not heard:
                await asyncio.sleep(0.05)
                facts = ear.feed(card.said())
                heard = [found for what, value in facts if what == Heard.BYTE and (found := spill.feed(value))]
        assert heard == [ANNA]
        card.happens(Happens.RING_OFF_HOOK)
        assert await told.next() == fxs.Answered()
        await until(lambda: card.calls[-2:] == [("hook", RING_OFF), ("hook", OFF_HOOK)])


async def test_a_telephone_dials_by_tones_by_pulses_and_by_its_cards_own_ear() -> None:
    card = Card(TELEPHONE)
    async with a_telephone(card) as (telephone, told):
        card.happens(Happens.RING_OFF_HOOK)
        assert await told.next() == fxs.Off()
        await until(lambda: ("tone", 0) in card.calls)
        card.sounds(mu_law(key("1") + silence(80) + key("0") + silence(80)))
        await until(lambda: telephone.rules.number == "10" and ("tone", -1) in card.calls)
        card.happens(1 << 16 | ord("2"), KEY_DOWN | ord("#"))
        assert await told.next() == fxs.Called("102")
        card.happens(Happens.ON_HOOK)
        assert await told.next() == fxs.HungUp()


async def test_a_receiver_that_is_off_when_we_start_is_seen() -> None:
    async with a_telephone(Card(TELEPHONE, off_hook=True)) as (_, told):
        assert await told.next() == fxs.Off()


def test_without_a_driver_it_is_said() -> None:
    class Nothing(Card):
        def open(self, path: str) -> int:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)

    card = Nothing(LINE)
    with pytest.raises(Missing, match="the DAHDI driver is not there"):
        Channel(1, card)
    card.near.close()
    card.end()
