# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that go on elsewhere: by the transfer key (REFER) of a telephone to a queue, a menu and a chain; by telephones and
a trunk that name another number (302). And a telephone that reminds of a status."""

import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.messages import HangUp, SetStatus, Watch
from appliance.control.messages import Office as Seen
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import PROMPT_HZ, SIMPLE, changed, hears, prompt, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

REMIND_AFTER, STEP, PROMPT_LASTS = 4, 2, 3.0  # seconds
ABROAD, CALLED, INSTEAD = "+442079460958", "860000001", "860000009"
CITY, OUT = '[outside]\nlines = ["city"]\n', '[outside]\nlines = ["out"]\n'
OUT_HZ = 2300
MENU = """[scenario.main]
extension = "400"
start = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "welcome"
attribute = "topic"
timeout = 20
keys = {{ 1 = {{ to = "queue.sales", value = "invoice" }}, 2 = {{ to = "queue.support", value = "repair" }} }}
[queue.support]
name = "Support"
extension = "200"
people = ["boris"]
[chain.managers]
extension = "301"
steps = [{{ people = ["boris"], ring_for = {step} }}, {{ people = ["anna"] }}]
[line.out]
kind = "sip"
host = "127.0.0.1"
port = {out}
redirects = true
[phone.desk3]
[person.clara]
extension = "103"
phones = ["desk3"]
[status]
remind_after = {after}
"""


@dataclass
class Story:
    """Anna takes what sales gets, Boris what support gets; the number of the office leads to a menu."""

    stage: Stage
    office: Office
    anna: Baresip
    boris: Baresip
    clara: int  # port of her telephone
    out: int  # of the line that is called by
    world: Stage  # of one story
    calls: int = 0  # so far

    async def customer(self) -> tuple[Sipp, Rtp]:
        """He chose an invoice, and talks to Anna."""
        ear = await self.world.ear()
        caller = await self.world.outside(self.office, "caller-waits", ear)
        self.calls += 1
        await hears(self.world, ear, PROMPT_HZ, 0.3)
        ear.press("1")
        await self.takes(self.anna, "Sales [invoice]: Mr Kazlauskas")
        await self.hears(ear, ANNA_HZ)
        return caller, ear

    async def takes(self, phone: Baresip, screen: str) -> None:
        await phone.rings()
        assert phone.screen() == screen
        await phone.accept()
        await phone.talks()

    async def sends(self, phone: Baresip, number: str) -> None:
        """By the key of the telephone, which is off the call then."""
        await phone.command("transfer", f"sip:{number}@{self.office.address}")
        await phone.closed()

    async def hears(self, ear: Rtp, hz: int, but: int = 0) -> None:
        """The customer hears a tone from now on, and not that one."""
        await hears(self.world, ear, hz, 0.4)
        ear.forget()
        heard = await hears(self.world, ear, hz, 0.6)
        assert not but or not tone.heard(heard, but)

    async def hears_music(self, ear: Rtp) -> None:
        await ear.listens(0.5)  # what was on its way
        ear.forget()
        await ear.listens(1.0)
        heard = ear.heard(self.world.folder / "music.wav")
        assert tone.loud(heard) > 0.5
        assert [hz for hz in (ANNA_HZ, BORIS_HZ, PROMPT_HZ) if tone.heard(heard, hz) > 0.2] == []

    async def over(self, phone: Baresip, caller: Sipp) -> str:
        """Who talks to the customer hangs up, and has heard him; whose call it was, by the journal."""
        await phone.listens(0.6)
        await phone.hang_up()
        await phone.closed()
        await caller.finished()
        assert tone.heard(phone.heard(), CALLER_HZ) > 0.4
        ended = await self.stage.call_over(self.office, self.calls)
        assert ended.outcome == "answered"
        return ended.person

    async def clara_diverts(self, number: str) -> Sipp:
        """Her telephone answers the next call to it with 302."""
        secrets = tomllib.loads((self.office.folder / "secrets.toml").read_text())
        says = f"[authentication username=desk3 password={secrets['phone']['desk3']['password']}]"
        registers = await self.world.sipp("register", to=self.office.address, port=self.clara, rows=[("desk3", says)])
        await registers.finished()
        return await self.world.sipp("callee-diverts", port=self.clara, number=number)

    async def seen(self) -> Seen:
        async with await client.connect(self.office.socket) as switch:
            return await switch.request(Watch(0))  # type: ignore[no-any-return]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    async with Stage(tmp_path_factory.mktemp("passed-on")) as stage:
        office = await stage.office()
        people = ('people = ["anna", "boris"]', 'people = ["anna"]')
        out = stage.ports.take()
        menu = (SIMPLE, MENU.format(step=STEP, after=REMIND_AFTER, out=out))
        document = changed(office.document, people, menu, (CITY, OUT))
        await use(office, document + prompt(stage, "welcome", seconds=PROMPT_LASTS))
        yield Story(stage, office, *await stage.desks(office), stage.ports.take(), out, stage)


@pytest_asyncio.fixture(loop_scope="module")
async def story(whole: Story, tmp_path: Path) -> AsyncIterator[Story]:
    whole.calls = len(Reader(whole.office.journal).calls(limit=1000))
    whole.anna.seen.skip()
    whole.boris.seen.skip()
    async with Stage(tmp_path) as whole.world:
        yield whole
        async with await client.connect(whole.office.socket) as switch:
            for call in (
                await whole.seen()
            ).calls:  # a story that failed: the next one's ears have the ports of this one's
                await switch.request(HangUp(0, call.id))


async def test_anna_sends_a_customer_to_the_queue_of_boris(story: Story) -> None:
    caller, ear = await story.customer()
    await story.sends(story.anna, "200")
    await story.boris.rings()
    assert story.boris.screen() == "Support [invoice]: Mr Kazlauskas", "what he chose is lost"
    await story.hears_music(ear)
    await story.boris.accept()
    await story.boris.talks()
    await story.hears(ear, BORIS_HZ, but=ANNA_HZ)
    assert await story.over(story.boris, caller) == "boris"


async def test_anna_sends_a_customer_back_to_the_menu_where_he_chooses_anew(story: Story) -> None:
    caller, ear = await story.customer()
    ear.forget()
    await story.sends(story.anna, "400")
    await story.hears(ear, PROMPT_HZ, but=ANNA_HZ)
    [call] = (await story.seen()).calls
    assert (call.state, dict(call.attributes)) == ("menu", {"topic": "invoice"})
    ear.press("2")
    await story.takes(story.boris, "Support [repair]: Mr Kazlauskas")
    await story.hears(ear, BORIS_HZ, but=ANNA_HZ)
    assert await story.over(story.boris, caller) == "boris"


async def test_anna_sends_a_customer_along_a_chain_of_which_she_is_the_last(story: Story) -> None:
    caller, ear = await story.customer()
    await story.sends(story.anna, "301")
    await story.boris.rings()
    assert story.boris.screen() == "[invoice]: Mr Kazlauskas"
    await story.hears_music(ear)
    await story.boris.closed()  # nobody is there
    await story.takes(story.anna, "[invoice]: Mr Kazlauskas")
    await story.hears(ear, ANNA_HZ, but=BORIS_HZ)
    assert await story.over(story.anna, caller) == "anna"


async def test_anna_sends_a_customer_to_a_number_outside(story: Story) -> None:
    caller, ear = await story.customer()
    far = await story.world.ear(OUT_HZ)
    out = await story.world.sipp("callee-waits", port=story.out, rtp=far.port, talk=0.1)
    await story.sends(story.anna, INSTEAD)
    await story.hears(ear, OUT_HZ, but=ANNA_HZ)
    await story.hears(far, CALLER_HZ, but=ANNA_HZ)
    async with await client.connect(story.office.socket) as switch:
        await switch.request(HangUp(0, (await story.seen()).calls[0].id))
    await caller.finished()
    await out.finished()
    assert (await story.stage.call_over(story.office, story.calls)).outcome == "answered"


async def test_boris_dials_the_menu_and_chooses_by_the_keys_of_his_telephone(story: Story) -> None:
    await story.boris.dial("400")
    await story.boris.talks()
    story.calls += 1
    await story.boris.listens(0.6)
    await story.boris.press("1")
    await story.takes(story.anna, "Sales [invoice]: Boris")
    await story.boris.listens(2.0)
    await story.anna.hang_up()
    await story.boris.closed()
    await story.anna.closed()
    heard = story.boris.heard()
    assert tone.heard(heard, PROMPT_HZ) > 0.3 and tone.heard(heard, ANNA_HZ) > 0.3
    assert (await story.stage.call_over(story.office, story.calls)).person == "anna"


async def talked(story: Story, ear: Rtp) -> None:
    """Anna and somebody outside, until she hangs up."""
    await story.anna.talks()
    await story.hears(ear, ANNA_HZ)
    await story.anna.listens(0.6)
    await story.anna.hang_up()
    await story.anna.closed()
    assert tone.heard(story.anna.heard(), CALLER_HZ) > 0.4


async def test_claras_telephone_sends_a_call_to_her_on_to_boris(story: Story) -> None:
    clara = await story.clara_diverts("102")
    await story.anna.dial("103")
    story.calls += 1
    await clara.finished()
    await story.takes(story.boris, "Anna")
    await story.boris.listens(1.0)
    await story.anna.hang_up()
    await story.boris.closed()
    await story.anna.closed()
    assert tone.heard(story.boris.heard(), ANNA_HZ) > 0.4 and tone.heard(story.anna.heard(), BORIS_HZ) > 0.4
    ended = await story.stage.call_over(story.office, story.calls)
    assert ended.person == "boris"
    assert (await story.stage.event(story.office, ended, "forward")).detail == {
        "person": "clara", "to": "102", "when": "phone"
    }  # fmt: skip


async def test_claras_telephone_sends_a_call_to_her_to_a_number_outside(story: Story) -> None:
    ear = await story.world.ear()
    clara, trunk = (
        await story.clara_diverts(INSTEAD),
        await story.world.sipp("callee-waits", port=story.out, rtp=ear.port, talk=0.1),
    )
    await story.anna.dial("103")
    story.calls += 1
    await clara.finished()
    await talked(story, ear)
    await trunk.finished()
    ended = await story.stage.call_over(story.office, story.calls)
    assert [leg.party for leg in Reader(story.office.journal).legs(ended.id) if leg.kind == "trunk"] == ["out"]


async def test_claras_telephone_is_not_followed_abroad_where_she_may_not_call(story: Story) -> None:
    clara = await story.clara_diverts(ABROAD)
    await story.anna.dial("103")
    story.calls += 1
    await clara.finished()
    await story.anna.talks()  # to Clara's mailbox
    await story.anna.listens(1.1)  # and into another second: baresip names recordings by it
    await story.anna.hang_up()
    await story.anna.closed()
    ended = await story.stage.call_over(story.office, story.calls)
    assert (await story.stage.event(story.office, ended, "forward-refused")).detail["to"] == ABROAD
    assert {leg.kind for leg in Reader(story.office.journal).legs(ended.id)} == {"caller", "phone"}


async def test_a_trunk_names_another_number_which_is_called(story: Story) -> None:
    ear = await story.world.ear()
    how = {"port": story.out, "rtp": ear.port, "number": INSTEAD, "calls": 2}
    trunk = await story.world.sipp("trunk-diverts", **how)
    await story.anna.dial(CALLED)
    story.calls += 1
    await talked(story, ear)
    await trunk.finished()
    ended = await story.stage.call_over(story.office, story.calls)
    assert ended.outcome == "answered"


@pytest.mark.parametrize("number", [ABROAD, "112"])
async def test_a_trunk_names_a_number_that_may_not_be_called_and_is_not_followed(story: Story, number: str) -> None:
    trunk = await story.world.sipp("trunk-diverts", port=story.out, number=number)
    await story.anna.dial(CALLED)
    story.calls += 1
    await trunk.finished()
    await story.anna.closed()
    ended = await story.stage.call_over(story.office, story.calls)
    assert [leg.kind for leg in Reader(story.office.journal).legs(ended.id)].count("trunk") == 1


async def test_boris_who_set_himself_away_is_reminded_by_his_telephone_again_and_again(story: Story) -> None:
    async with await client.connect(story.office.socket) as switch:
        await switch.request(SetStatus(0, "boris", "away"))
    first = await story.boris.rings()
    assert story.boris.screen() == "You are away."
    await story.boris.accept()
    await story.boris.talks()
    await story.boris.closed()  # once it was said
    assert tone.loud(story.boris.heard()) > 0.5
    second = await story.boris.rings()
    assert REMIND_AFTER - 1 < second.at - first.at < REMIND_AFTER + 4
    assert (await story.seen()).people[1].reminded
    await story.boris.hang_up()
    await story.boris.dial("*60")  # he is there again
    await story.boris.talks()
    await story.boris.closed()
    [boris] = [one for one in (await story.seen()).people if one.id == "boris"]
    assert (boris.status, boris.reminded) == ("available", None)
    told = [one.detail for one in Reader(story.office.journal).events(0) if one.kind == "reminded"]
    assert told and all(one == {"person": "boris", "status": "away"} for one in told)
