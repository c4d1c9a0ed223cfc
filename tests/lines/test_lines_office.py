# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls by a modem through a whole switch: they ring the desks, are answered, made, heard, and end, as those of a trunk do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.secrets import KeepSecret
from appliance.programs.demo.modem.simulator import Simulator
from appliance.programs.demo.office import Office
from appliance.store.reader import Call, Leg, Reader
from tests.calls.stories import PROMPT_HZ, SIMPLE, changed, prompt, use
from tests.lines.far_end import RATE, FarEnd
from tests.lines.mobile import CALLED, CALLER, OWN, line, modem, office_with, seen, stands, with_ways_out
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, Stage

alone = pytest.mark.asyncio(loop_scope="module")
pytestmark = alone
FAR_HZ = 1000


MENU = """[scenario.main]
start = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "welcome"
keys = { 1 = "queue.sales", 2 = "office" }
otherwise = "queue.sales"
"""


@dataclass
class Mobile:
    """An office of two desks whose first line out is a modem."""

    stage: Stage
    office: Office
    modem: Simulator
    anna: Baresip
    boris: Baresip
    far: FarEnd  # who is at the other end, as far as his sound goes
    calls: int = 0  # in the journal before this story

    async def over(self, nth: int = 1) -> Call:
        """The nth call of this story, once it is."""
        return await self.stage.call_over(self.office, self.calls + nth)

    def lines(self, call: Call) -> list[tuple[str, int]]:
        legs: list[Leg] = Reader(self.office.journal).legs(call.id)
        return [(leg.party, leg.cause) for leg in legs if leg.kind == "trunk"]

    async def talk(self, number: str = CALLER) -> None:
        """Somebody calls, and Anna answers."""
        self.modem.ring(number)
        await self.anna.rings()
        await self.anna.accept()
        await self.anna.talks()

    async def hears(self, hz: float, seconds: float, since: int) -> None:
        """Until the far end has heard so much of a tone, from a sample on."""
        heard = 0.0
        async with asyncio.timeout(30):
            while heard < seconds:
                await asyncio.sleep(0.1)
                now = len(self.far.heard)
                heard += self.far.heard_tone(hz, since, now)
                since = now

    async def end(self) -> None:
        if self.modem.calls:
            self.modem.far_hangs_up()
        await self.anna.closed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mobile]:
    async with Stage(tmp_path_factory.mktemp("mobile")) as stage:
        with FarEnd(tone.samples(FAR_HZ, 1, RATE), ppm=80) as far:
            async with office_with(stage, document=with_ways_out, far=far, music=False) as (office, modem):
                yield Mobile(stage, office, modem, *await stage.desks(office), far)


@pytest_asyncio.fixture(loop_scope="module")
async def mobile(whole: Mobile) -> Mobile:
    for phone in (whole.anna, whole.boris):
        phone.seen.skip()
    whole.modem.heard.clear()
    whole.modem.keys = ""
    whole.calls = len(Reader(whole.office.journal).calls(limit=1000))
    return whole


async def test_a_caller_and_a_desk_hear_each_other(mobile: Mobile) -> None:
    since = len(mobile.far.heard)
    await mobile.talk()
    await mobile.hears(ANNA_HZ, 1.0, since)
    await mobile.anna.listens(1.5)
    assert (await seen(mobile.office, "gsm")).modem.sound == "ok"  # type: ignore[union-attr]
    await mobile.end()
    assert tone.heard(mobile.anna.heard(), FAR_HZ) > 0.8
    await mobile.over()


async def test_so_do_a_desk_and_whom_it_calls(mobile: Mobile) -> None:
    since = len(mobile.far.heard)
    await mobile.anna.dial(CALLED)
    await mobile.modem.until(lambda: mobile.modem.calls)
    mobile.modem.far_rings()
    mobile.modem.far_answers()
    await mobile.anna.talks()
    await mobile.hears(ANNA_HZ, 1.0, since)
    await mobile.anna.listens(1.5)
    await mobile.end()
    assert tone.heard(mobile.anna.heard(), FAR_HZ) > 0.8
    await mobile.over()


async def test_a_caller_hears_a_menu_presses_a_key_and_leaves_a_message_that_is_heard(mobile: Mobile) -> None:
    own = line(mobile.modem, more=f'audio_port = "{mobile.far.path}"')
    await use(
        mobile.office,
        changed(with_ways_out(mobile.office.document), (SIMPLE, MENU)) + own + prompt(mobile.stage, "welcome"),
    )
    since = len(mobile.far.heard)
    mobile.modem.ring(CALLER)
    await mobile.hears(PROMPT_HZ, 0.3, since)
    mobile.far.press("2")
    mobile.modem.far_presses("2")  # the modem hears it too
    async with asyncio.timeout(40):
        while not [one for one in mobile.office.voicemail.glob("*.wav") if one.stat().st_size > 2 * RATE * 2]:
            await asyncio.sleep(0.1)
    mobile.modem.far_hangs_up()
    call = await mobile.over()
    events = Reader(mobile.office.journal).events(call.id)
    assert {event.detail["digit"] for event in events if event.kind == "dtmf"} == {"2"}
    async with asyncio.timeout(20):
        while not (kept := [one for one in mobile.office.voicemail.glob("*.wav") if ".part" not in one.name]):
            await asyncio.sleep(0.1)
    [message] = kept
    assert tone.heard(message, FAR_HZ) > 0.8
    await use(mobile.office, with_ways_out(mobile.office.document) + own)


async def test_a_caller_rings_the_desks_with_his_number_and_is_answered(mobile: Mobile) -> None:
    mobile.modem.ring(CALLER)
    assert CALLER in str(await mobile.anna.rings())
    await mobile.anna.accept()
    await mobile.anna.talks()
    await mobile.modem.until(lambda: mobile.modem.calls and mobile.modem.calls[0].state == "active")
    assert (await seen(mobile.office, "gsm")).state == "talking"
    mobile.modem.far_hangs_up()
    await mobile.anna.closed()
    call = await mobile.over()
    assert (call.line, call.caller, call.called, call.outcome) == ("gsm", CALLER, OWN, "answered")


async def test_the_desk_hangs_up_and_the_modem_does(mobile: Mobile) -> None:
    await mobile.talk()
    await mobile.anna.hang_up()
    await mobile.modem.until(lambda: not mobile.modem.calls)
    assert (await mobile.over()).outcome == "answered"


async def test_who_withholds_his_number_and_gives_up_was_not_answered(mobile: Mobile) -> None:
    mobile.modem.ring("")
    await mobile.anna.rings()
    mobile.modem.far_hangs_up()
    call = await mobile.over()
    assert (call.caller, call.outcome) == ("", "abandoned")


async def test_who_is_called_and_busy_is_told_with_his_cause(mobile: Mobile) -> None:
    await mobile.anna.dial(CALLED)
    await mobile.modem.until(lambda: mobile.modem.calls)
    mobile.modem.far_rings()
    mobile.modem.far_hangs_up(17, "BUSY")
    await mobile.anna.closed()
    assert mobile.lines(await mobile.over())[0] == ("gsm", 17)


async def test_a_line_that_carries_a_call_is_passed_by_for_the_next_one(mobile: Mobile) -> None:
    callee = await mobile.stage.sipp("callee-waits", port=mobile.office.city, talk=0.2)
    await mobile.talk()
    await mobile.boris.dial(CALLED)
    await mobile.boris.talks()
    await mobile.boris.hang_up()
    await callee.finished()
    assert [line for line, _ in mobile.lines(await mobile.over(2))] == ["city"]
    await mobile.end()


async def test_the_cheaper_line_is_chosen(mobile: Mobile) -> None:
    document = mobile.office.document
    lines = ('lines = ["city"]\n', 'lines = ["city", "gsm"]\n')
    cheap = f'\n[line.gsm]\nkind = "modem"\nport = "{mobile.modem.link}"\nnumber = "{OWN}"\n'
    await use(mobile.office, changed(document, lines) + cheap + 'rates = { "+370" = 0.01 }\n\n')
    async with asyncio.timeout(20):
        while not (await seen(mobile.office, "gsm")).usable:
            await asyncio.sleep(0.1)
    await mobile.anna.dial(CALLED)
    await mobile.modem.until(lambda: mobile.modem.calls)
    mobile.modem.far_rings()
    await mobile.end()
    assert mobile.lines(await mobile.over())[0][0] == "gsm"


async def test_a_number_that_comes_late_is_written_down_all_the_same(mobile: Mobile) -> None:
    modem, before = mobile.modem, mobile.modem.dialect
    modem.number_from_ring = 2
    modem.dialect = type(before)(**{**vars(before), "stands": ""})  # tells it by the second ring alone
    modem.hides_numbers = True
    modem.ring(CALLER)
    await mobile.anna.rings()
    async with asyncio.timeout(20):
        while not any(call.caller == CALLER for call in Reader(mobile.office.journal).calls()[: -mobile.calls or None]):
            await asyncio.sleep(0.1)
    modem.number_from_ring, modem.dialect, modem.hides_numbers = 1, before, False
    modem.far_hangs_up()
    call = await mobile.over()
    assert (call.caller, call.name) == (CALLER, "Mr Kazlauskas")


async def test_the_second_caller_of_a_busy_line_is_a_missed_one(mobile: Mobile) -> None:
    await mobile.talk()
    second = mobile.modem.knock("+37060000002")
    missed = await mobile.over(2)
    assert (missed.line, missed.caller, missed.outcome) == ("gsm", "+37060000002", "abandoned")
    mobile.modem.finish(second)
    await mobile.end()
    event = await mobile.stage.event(mobile.office, await mobile.over(), "second-caller")
    assert event.detail["number"] == "+37060000002"


async def test_pulled_out_in_a_call_it_ends_and_plugged_in_again_the_line_is_used(mobile: Mobile) -> None:
    await mobile.talk()
    mobile.modem.unplug()
    await mobile.anna.closed()
    assert (await mobile.over()).outcome == "answered"
    assert not (await seen(mobile.office, "gsm")).usable
    mobile.modem.plug()
    async with asyncio.timeout(15):
        while not (await seen(mobile.office, "gsm")).usable:
            await asyncio.sleep(0.1)
    await mobile.talk()
    await mobile.end()


@pytest.mark.parametrize("family", ["sim7600", "e1550"])
async def test_a_desk_calls_out_by_a_modem_of_any_family_and_presses_keys(family: str, tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage, office_with(stage, family, document=with_ways_out) as (office, modem):
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        await anna.dial("860000009")
        await modem.until(lambda: modem.calls)
        assert modem.calls[0].number == CALLED, "not in its form of E.164"
        modem.far_rings()
        modem.far_answers()
        await anna.talks()
        await anna.press("42#")
        await modem.until(lambda: modem.keys == "42#")
        modem.far_hangs_up()
        assert (await stage.call_over(office)).outcome == "answered"


async def test_the_pin_of_a_sim_is_given_to_a_box_that_runs(tmp_path: Path) -> None:
    simulator = modem(tmp_path, "locked")
    simulator.pin, simulator.locked = "4711", True
    simulator.plug()
    async with Stage(tmp_path) as stage:
        office = await stage.office()
        await use(office, office.document + line(simulator))
        await stands(office, "gsm", "unfit")
        async with await client.connect(office.socket) as switch:
            await switch.request(KeepSecret(0, "line", {"pin": "4711"}, "gsm", by="maria"))
        await stands(office, "gsm", "ready")
        secrets = office.folder / "secrets.toml"
        assert 'pin = "4711"' in secrets.read_text() and secrets.stat().st_mode & 0o777 == 0o600
        [kept] = [event.detail for event in Reader(office.journal).events(0) if event.kind == "secret-kept"]
        assert kept == {"table": "line", "name": "gsm", "by": "maria"}
    simulator.unplug()
