# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor through a whole switch: two simulated modems call each other, and each fault of their network is found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.doctor import CheckLine, LineChecked
from appliance.control.messages import Document, Watch
from appliance.programs import doctor
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import use
from tests.lines.exchange import Exchange, Joined, Way
from tests.lines.mobile import OTHER_IMEI, OWN, line, modem, stands
from tests.telephones.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER, TRUNK = "+37060000200", "+37052000009"


@dataclass
class Pair:
    """An office of two modems, `gsm` and `spare`, that call each other."""

    stage: Stage
    office: Office
    exchange: Exchange

    async def doctor(
        self, of: str = "gsm", to: str = "", said: Way | None = None, heard: Way | None = None
    ) -> LineChecked:
        self.exchange.ways = {(OWN, OTHER): said or Way(), (OTHER, OWN): heard or Way()}
        async with await client.connect(self.office.socket) as switch:
            return await switch.request(CheckLine(0, of, to))

    async def last(self) -> LineChecked | None:
        """What is told of the line gsm."""
        async with await client.connect(self.office.socket) as switch:
            return next(one.checked for one in (await switch.request(Watch(0))).lines if one.id == "gsm")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    exchange = Exchange()
    with ExitStack() as ends:
        async with Stage(tmp_path_factory.mktemp("pair")) as stage:
            office = await stage.office(music=False)
            document = office.document
            for name, number, imei in (("gsm", OWN, None), ("spare", OTHER, OTHER_IMEI)):
                simulator = modem(stage.folder, name, **({"imei": imei} if imei else {}))
                far = ends.enter_context(Joined())
                simulator.far = far
                exchange.enter(number, simulator)
                simulator.plug()
                own = line(simulator, name, f'audio_port = "{far.path}"')
                document += own.replace(OWN, number)
            await use(office, document)
            for name in ("gsm", "spare"):
                await stands(office, name, "ready")
            yield Pair(stage, office, exchange)
            for simulator in exchange.modems.values():
                simulator.unplug()


def ids(checked: LineChecked) -> set[tuple[str, str]]:
    """Without what a busy machine adds of its own."""
    return {(one.id, one.way) for one in checked.findings if one.id not in ("gaps", "late")}


async def test_a_line_that_is_well_is_said_to_be_though_its_call_shows_no_number(pair: Pair) -> None:
    pair.exchange.shows = False
    checked = await pair.doctor()
    pair.exchange.shows = True
    assert (checked.line, checked.other, ids(checked)) == ("gsm", "spare", set())
    for way in (checked.said, checked.heard):
        assert way.gain == pytest.approx(0, abs=1) and way.delay and way.delay > 40
    [event] = [one for one in Reader(pair.office.journal).events(checked.call) if one.kind == "line-checked"]
    assert event.detail["findings"] == [one.id for one in checked.findings]
    assert await pair.last() == checked


async def test_what_is_too_quiet_and_what_echoes_is_found(pair: Pair) -> None:
    checked = await pair.doctor(said=Way(gain=0.4), heard=Way(echo=(0.1, 0.04)))
    assert ids(checked) == {("too-quiet", "said"), ("echo", "heard")}
    assert checked.said.gain == pytest.approx(-8, abs=0.7)
    assert checked.said.turn == pytest.approx(8, abs=0.7)
    assert checked.heard.echo_loss == pytest.approx(20, abs=4)  # a busy machine loses some of it
    assert 40 <= (checked.heard.echo_delay or 0) < 400
    quiet = next(one for one in checked.findings if one.id == "too-quiet")
    assert f"{-(checked.said.gain or 0):.1f} dB too quiet" in quiet.words and "microphone" in quiet.todo


async def test_one_way_sound_and_lost_keys_are_found(pair: Pair) -> None:
    checked = await pair.doctor(said=Way(gain=0.0), heard=Way(keys=lambda keys: keys.replace("5", "")))
    assert ids(checked) == {("one-way", "said"), ("lost-keys", "heard")}
    assert (checked.said.gain, checked.heard.keys_lost) == (None, "5")


async def test_clipped_sound_and_doubled_keys_are_found(pair: Pair) -> None:
    checked = await pair.doctor(said=Way(gain=2.0, clip=6000), heard=Way(keys=lambda keys: keys.replace("7", "77")))
    assert ids(checked) == {("clipped", "said"), ("too-loud", "said"), ("doubled-keys", "heard")}
    assert checked.heard.keys_doubled == "7"


async def test_a_trunk_that_leads_back_to_the_box_is_measured_too(pair: Pair) -> None:
    async with await client.connect(pair.office.socket) as switch:
        document = (await switch.request(Document(0))).document
    loop = f'\n[line.loop]\nkind = "sip"\nhost = "127.0.0.1"\nport = {pair.office.sip}\ncaller = "{TRUNK}"\n'
    await use(pair.office, document + loop)
    checked = await pair.doctor("loop", TRUNK)
    assert (checked.other, ids(checked)) == ("loop", set())
    assert checked.said.gain == pytest.approx(0, abs=0.5)


async def test_a_modem_is_turned_up_and_stays_so(pair: Pair) -> None:  # it is another modem from then on
    pair.exchange.ways = {(OWN, OTHER): Way(gain=0.4), (OTHER, OWN): Way()}
    words = ["--socket", str(pair.office.socket), "--state", str(pair.stage.folder), "gsm", "--set"]
    await asyncio.to_thread(doctor.main, words)  # what it exits with depends on gaps of a busy machine
    level = pair.exchange.modems[OWN].levels["+QMIC"]
    assert 20_000 < level <= 65_535  # 37,500 where nothing else is going on
    async with await client.connect(pair.office.socket) as switch:
        assert f"gain_said = {level}" in (await switch.request(Document(0))).document


async def test_what_was_found_last_is_known_though_the_switch_was_killed(
    pair: Pair,
) -> None:  # no modem is used after it
    checked = await pair.last() or await pair.doctor()
    pair.office.kill("switch")
    await pair.office.logged("switch ready")
    assert await pair.last() == checked
