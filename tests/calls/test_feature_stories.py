# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do with calls, at telephones nobody of us wrote: who hears whom is known by the tone each of them says."""

from pathlib import Path

import pytest

from appliance.control import client
from appliance.control.handling import Supervise, Take
from appliance.control.messages import Call, Watch
from appliance.control.messages import Office as Seen
from appliance.programs.demo.office import Office
from tests.calls.stories import changed, hears, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

ROOM = '[room.board]\nextension = "300"\n'


class Story:
    """A customer calls, and Anna alone is rung; Boris has a telephone too."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def begin(self, more: str = "") -> "Story":
        self.office: Office = await self.stage.office()
        people = ('people = ["anna", "boris"]', 'people = ["anna"]')
        await use(self.office, changed(self.office.document, people) + ROOM + more)
        self.anna, self.boris = await self.stage.desks(self.office)
        self.ear: Rtp = await self.stage.ear()
        return self

    async def customer(self) -> Sipp:
        """He talks to Anna."""
        caller = await self.stage.outside(self.office, "caller-waits", self.ear)
        await self.anna.rings()
        await self.anna.accept()
        await self.anna.talks()
        await self.hears(ANNA_HZ)
        return caller

    async def hears(self, hz: int, but: tuple[int, ...] = ()) -> None:
        """The customer hears a tone from now on, and none of these."""
        await hears(self.stage, self.ear, hz, 0.4)
        self.ear.forget()
        heard = await hears(self.stage, self.ear, hz, 0.6)
        assert not any(tone.heard(heard, other) for other in but)

    async def hears_music(self) -> None:
        await self.ear.listens(0.5)  # what was on its way
        self.ear.forget()
        await self.ear.listens(1.0)
        heard = self.ear.heard(self.stage.folder / "music.wav")
        assert tone.loud(heard) > 0.5 and not tone.heard(heard, ANNA_HZ) and not tone.heard(heard, BORIS_HZ)

    async def over(self, phone: Baresip, caller: Sipp) -> None:
        await phone.hang_up()
        await phone.closed()
        await caller.finished()

    async def seen(self) -> Seen:
        async with await client.connect(self.office.socket) as switch:
            return await switch.request(Watch(0))  # type: ignore[no-any-return]

    async def call(self) -> Call:
        [call] = (await self.seen()).calls
        return call


def together(path: Path, *hz: int) -> float:
    """Seconds in which several tones are heard at once, each with a good share of what is."""
    pcm, rate = tone.load(path)
    size = rate // 10
    windows = (pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size))
    return 0.1 * sum(all(tone.purity(window, one, rate) > 0.25 for one in hz) for window in windows)


@pytest.fixture
async def story(stage: Stage) -> Story:
    return await Story(stage).begin()


# ---- hold -----------------------------------------------------------------------------------------------------------


async def test_anna_holds_a_customer_who_hears_music_and_then_her(story: Story) -> None:
    caller = await story.customer()
    await story.anna.command("hold")
    await story.hears_music()
    await story.anna.command("resume")
    await story.hears(ANNA_HZ)
    await story.over(story.anna, caller)
    assert tone.heard(story.anna.heard(), CALLER_HZ) > 0.5


# ---- transfer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["by the key of her telephone", "by a code"])
async def test_anna_sends_a_customer_to_boris(story: Story, how: str) -> None:
    caller = await story.customer()
    if how == "by a code":
        await story.anna.press("##102#")
    else:
        await story.anna.command("transfer", f"sip:102@{story.office.address}")
    await story.boris.rings()
    await story.anna.closed()
    assert story.boris.screen() == "Mr Kazlauskas"
    await story.boris.accept()
    await story.boris.talks()
    await story.hears(BORIS_HZ, but=(ANNA_HZ,))
    await story.over(story.boris, caller)
    assert tone.heard(story.boris.heard(), CALLER_HZ) > 0.5 and not tone.heard(story.boris.heard(), ANNA_HZ)
    ended = await story.stage.call_over(story.office)
    assert (ended.person, ended.outcome) == ("boris", "answered")


async def test_boris_does_not_answer_and_anna_has_the_customer_back(story: Story) -> None:
    caller = await story.customer()
    await story.anna.press("##102#")
    await story.boris.rings()
    await story.boris.hang_up()  # declines
    await story.anna.closed()
    await story.anna.rings()
    await story.anna.accept()
    await story.anna.talks()
    await story.hears(ANNA_HZ)
    await story.over(story.anna, caller)


async def test_anna_asks_boris_first_swaps_and_puts_the_customer_through(story: Story) -> None:
    caller = await story.customer()
    await story.anna.press("*2102#")
    await story.boris.rings()
    await story.hears_music()
    await story.boris.accept()
    await story.boris.talks()
    await story.boris.listens(1.0)
    await story.anna.press("*0")
    await story.hears(ANNA_HZ, but=(BORIS_HZ,))
    await story.anna.press("*0")
    await story.hears_music()
    await story.anna.press("*2")
    await story.anna.closed()
    await story.hears(BORIS_HZ, but=(ANNA_HZ,))
    await story.over(story.boris, caller)
    heard = story.boris.heard()
    assert tone.heard(heard, ANNA_HZ) > 0.5 and tone.heard(heard, CALLER_HZ) > 0.5
    assert tone.heard(story.anna.heard(), BORIS_HZ) > 0.5


async def test_boris_is_called_by_anna_and_sends_her_into_a_room(story: Story) -> None:
    await story.anna.dial("102")
    await story.boris.rings()
    await story.boris.accept()
    await story.boris.talks()
    await story.boris.press("##300#")
    await story.boris.closed()
    await story.boris.dial("300")
    await story.boris.talks()
    await story.boris.listens(1.5)
    await story.boris.hang_up()
    await story.boris.closed()
    assert tone.heard(story.boris.heard(), ANNA_HZ) > 0.5
    await story.anna.hang_up()
    await story.anna.closed()


async def test_anna_talks_with_both_and_leaves_them_to_each_other(story: Story) -> None:
    caller = await story.customer()
    await story.anna.press("*2102#")
    await story.boris.rings()
    await story.boris.accept()
    await story.boris.talks()
    await story.anna.press("*3")
    await story.hears(ANNA_HZ)  # Boris's telephone is far quieter beside her
    await story.boris.listens(3.0)
    await story.anna.hang_up()
    await story.anna.closed()
    await story.hears(BORIS_HZ, but=(ANNA_HZ,))
    await story.over(story.boris, caller)
    heard = story.boris.heard()
    assert together(heard, CALLER_HZ, ANNA_HZ) > 0.8 and tone.heard(heard, CALLER_HZ) > 0.5


async def test_boris_knocks_while_anna_talks_and_she_talks_with_each(story: Story) -> None:
    caller = await story.customer()
    await story.boris.dial("101")
    await story.anna.rings()
    await story.anna.accept()  # her telephone holds the first
    await story.boris.talks()
    await story.hears_music()
    await story.boris.listens(1.0)
    await story.boris.hang_up()
    await story.boris.closed()
    assert tone.heard(story.boris.heard(), ANNA_HZ) > 0.4
    await story.anna.closed()
    await story.anna.command("resume")
    await story.hears(ANNA_HZ)
    await story.over(story.anna, caller)


# ---- park and pickup ------------------------------------------------------------------------------------------------


async def test_anna_parks_a_customer_and_boris_takes_him(story: Story) -> None:
    caller = await story.customer()
    await story.anna.press("*5")
    await story.anna.closed(within=10)  # once she was told where
    await story.hears_music()
    assert ((await story.call()).state, (await story.call()).slot) == ("parked", "71")
    await story.boris.dial("71")
    await story.boris.talks()
    await story.hears(BORIS_HZ, but=(ANNA_HZ,))
    await story.over(story.boris, caller)
    assert tone.heard(story.boris.heard(), CALLER_HZ) > 0.5


async def test_boris_picks_up_what_rings_at_annas(story: Story) -> None:
    caller = await story.stage.outside(story.office, "caller-waits", story.ear)
    await story.anna.rings()
    await story.boris.dial("*8")
    await story.boris.talks()
    await story.anna.closed()
    await story.hears(BORIS_HZ)
    await story.over(story.boris, caller)
    assert tone.heard(story.boris.heard(), CALLER_HZ) > 0.5


# ---- rooms ----------------------------------------------------------------------------------------------------------


async def test_three_in_a_room_hear_each_other(story: Story) -> None:
    caller = await story.customer()
    await story.anna.press("##300#")
    await story.anna.closed()
    await story.boris.dial("300")
    await story.boris.talks()
    await story.hears(BORIS_HZ)
    await story.anna.dial("300")
    await story.anna.talks()
    await story.anna.listens(1.0)
    await story.anna.hang_up()
    await story.anna.closed()
    await story.over(story.boris, caller)
    assert tone.heard(story.boris.heard(), CALLER_HZ) > 0.5


# ---- codes ----------------------------------------------------------------------------------------------------------


async def dials_code(phone: Baresip, number: str) -> None:
    await phone.dial(number)
    await phone.talks()
    await phone.closed(within=10)


async def test_what_anna_dialled_holds_over_a_restart(story: Story) -> None:
    await dials_code(story.anna, "*61")
    await dials_code(story.anna, "*72102")
    await dials_code(story.boris, "*78")
    await dials_code(story.boris, "*79")
    assert await story.office.end() == 0
    await story.office.start()
    [anna, boris] = (await story.seen()).people
    assert (anna.status, anna.source, anna.forwards) == ("break", "phone", {"always": "102"})
    assert not boris.dnd
    await dials_code(story.anna, "*73")
    assert not (await story.seen()).people[0].forwards


# ---- supervisors ----------------------------------------------------------------------------------------------------


async def test_boris_whispers_to_anna_and_the_customer_does_not_hear_it(story: Story) -> None:
    caller = await story.customer()
    async with await client.connect(story.office.socket) as switch:
        await switch.request(Supervise(0, (await story.call()).id, "whisper", person="boris", by="boris"))
    await story.boris.rings()
    await story.boris.accept()
    await story.boris.talks()
    await story.boris.listens(2.0)
    await story.ear.listens(1.0)
    assert not tone.heard(story.ear.heard(story.stage.folder / "whisper.wav"), BORIS_HZ)
    await story.over(story.anna, caller)
    await story.boris.closed()


async def test_boris_answers_a_waiting_customer_from_the_page(story: Story) -> None:
    caller = await story.stage.outside(story.office, "caller-waits", story.ear)
    await story.anna.rings()
    async with await client.connect(story.office.socket) as switch:
        await switch.request(Take(0, (await story.call()).id, person="boris", by="boris"))
    await story.boris.rings()
    await story.boris.accept()
    await story.boris.talks()
    await story.anna.closed()
    await story.hears(BORIS_HZ)
    await story.over(story.boris, caller)
