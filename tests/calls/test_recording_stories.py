# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded calls on telephones nobody of us wrote: who is in which channel is known by the tone each of them says."""

import asyncio
import hashlib
import wave
from array import array
from pathlib import Path

from appliance.control import client
from appliance.control.messages import Call, Watch
from appliance.control.recordings import Recording, VerifyRecording
from appliance.programs import recordings as program
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import PROMPT_HZ, changed, hears, prompt, use
from tests.telephones import tone
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

RULE = '[recording.rule.sales]\nqueues = ["sales"]\n'


class Story:
    """A customer calls, and Anna alone is rung; Boris has a telephone too."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def begin(self, recording: str) -> "Story":
        self.office: Office = await self.stage.office()
        people = ('people = ["anna", "boris"]', 'people = ["anna"]')
        await use(self.office, changed(self.office.document, people) + recording)
        self.anna, self.boris = await self.stage.desks(self.office)
        self.ear: Rtp = await self.stage.ear()
        return self

    async def customer(self, hz: int = ANNA_HZ) -> Sipp:
        """He talks to Anna."""
        caller = await self.stage.outside(self.office, "caller-waits", self.ear)
        await self.anna.rings()
        await self.anna.accept()
        await self.anna.talks()
        await hears(self.stage, self.ear, hz, 0.4)
        return caller

    async def over(self, caller: Sipp) -> None:
        await self.anna.hang_up()
        await self.anna.closed()
        await caller.finished()

    async def call(self) -> Call:
        async with await client.connect(self.office.socket) as switch:
            [call] = (await switch.request(Watch(0))).calls
            return call

    async def recordings(self) -> tuple[Recording, ...]:
        async with await client.connect(self.office.socket) as switch:
            return await program.listed(switch)

    async def recording(self) -> Recording:
        """The one there is, once it is closed."""
        async with asyncio.timeout(20):
            while [one.state for one in await self.recordings()] in (["open"], []):
                await asyncio.sleep(0.1)
        [one] = await self.recordings()
        return one

    async def sides(self, one: Recording) -> tuple[Path, Path]:
        """What each side said, exported."""
        out = self.stage.folder / f"{one.id}.wav"
        async with await client.connect(self.office.socket) as switch:
            await program.export(switch, one.id, out)
        with wave.open(str(out)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 16000)
            both = array("h", file.readframes(file.getnframes()))
        tone.save(left := out.with_suffix(".left.wav"), both[0::2], 16000)
        tone.save(right := out.with_suffix(".right.wav"), both[1::2], 16000)
        return left, right

    async def wrong(self, one: Recording) -> str:
        async with await client.connect(self.office.socket) as switch:
            return (await switch.request(VerifyRecording(0, one.id))).wrong

    async def states(self, call: int) -> list[str]:
        """What the journal says of recordings of a call."""
        return [
            event.detail["state"] for event in Reader(self.office.journal).events(call) if event.kind == "recording"
        ]


async def test_each_side_of_a_call_is_recorded_in_a_channel_of_its_own_and_nobody_reads_it_on_the_disk(
    stage: Stage,
) -> None:
    story = await Story(stage).begin(RULE)
    caller = await story.customer()
    assert (await story.call()).recorded == "yes"
    await story.ear.listens(1.0)
    await story.over(caller)
    one = await story.recording()
    assert (one.rule, one.person, one.state, one.lost) == ("sales", "anna", "whole", 0)
    left, right = await story.sides(one)
    assert tone.heard(left, CALLER_HZ) > 1 and not tone.heard(left, ANNA_HZ)
    assert tone.heard(right, ANNA_HZ) > 1 and not tone.heard(right, CALLER_HZ)
    kept = Path(one.file).read_bytes()
    assert hashlib.sha256(kept).hexdigest() == one.sha256 and kept.startswith(b"LKREC")
    pcm, _ = tone.load(left)
    plain = stage.folder.joinpath(f"{one.id}.wav").read_bytes()
    assert len(pcm) > 16000 and not any(plain[at : at + 16] in kept for at in range(20000, len(plain) - 16, 997))
    assert await story.wrong(one) == ""
    assert await story.states(one.call) == ["began", "whole", "exported"]
    change_a_byte(Path(one.file))
    assert "checksum" in await story.wrong(one)
    arguments = ["--verify", "--socket", str(story.office.socket), "--state", str(stage.folder)]
    assert await asyncio.to_thread(program.main, arguments) == 1


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


async def test_a_recording_goes_on_with_boris_when_anna_transfers_the_customer(stage: Stage) -> None:
    story = await Story(stage).begin(RULE)
    caller = await story.customer()
    await story.anna.command("hold")
    await asyncio.sleep(1.5)  # music, which is nobody's to record
    await story.anna.command("resume")
    story.ear.forget()
    await hears(stage, story.ear, ANNA_HZ, 0.4)
    await story.anna.press("##102#")
    await story.boris.rings()
    await story.anna.closed()
    await story.boris.accept()
    await story.boris.talks()
    await hears(stage, story.ear, BORIS_HZ, 0.8)
    await story.boris.hang_up()
    await story.boris.closed()
    await caller.finished()
    one = await story.recording()
    left, right = await story.sides(one)
    assert tone.heard(right, ANNA_HZ) > 0.3 and tone.heard(right, BORIS_HZ) > 0.5
    assert tone.heard(left, CALLER_HZ) > 1
    quiet = one.duration / 1000 - tone.loud(right)
    assert quiet > 1.0, "music is on it"


async def test_nothing_said_in_a_pause_is_recorded(stage: Stage) -> None:
    story = await Story(stage).begin(RULE)
    caller = await story.customer()
    await story.ear.listens(0.5)
    await story.anna.press("*1")
    async with asyncio.timeout(20):
        while (await story.call()).recorded != "paused":
            await asyncio.sleep(0.02)
    await story.ear.listens(2.0)
    await story.anna.press("*1")
    async with asyncio.timeout(20):
        while (await story.call()).recorded != "yes":
            await asyncio.sleep(0.02)
    await story.ear.listens(1.0)
    await story.over(caller)
    one = await story.recording()
    states = await story.states(one.call)
    assert states == ["began", "paused", "resumed", "whole"]
    left, right = await story.sides(one)
    for side in (left, right):
        assert one.duration / 1000 - tone.loud(side) > 1.8, "what was said in the pause is on it"
        assert tone.loud(side) > 1.2


async def test_both_hear_first_that_the_call_is_recorded(stage: Stage) -> None:
    words = '[recording]\nconsent = "recorded"\ntell = "both"\n' + RULE + prompt(stage, "recorded", seconds=1.5)
    story = await Story(stage).begin(words)
    caller = await stage.outside(story.office, "caller-waits", story.ear)
    await story.anna.rings()
    await story.anna.accept()
    await story.anna.talks()
    heard = await hears(stage, story.ear, PROMPT_HZ, 1.2)
    assert not tone.heard(heard, ANNA_HZ) and await story.recordings() == ()
    await hears(stage, story.ear, ANNA_HZ, 1.0)
    await story.over(caller)
    left, right = await story.sides(await story.recording())
    assert tone.heard(left, CALLER_HZ) > 0.6 and tone.heard(right, ANNA_HZ) > 0.6
    assert not tone.heard(left, PROMPT_HZ) and not tone.heard(right, PROMPT_HZ)
    anna = story.anna.heard()
    assert tone.heard(anna, PROMPT_HZ) > 0.8 and tone.heard(anna, CALLER_HZ) > 0.6


async def test_a_recording_is_closed_at_the_start_after_a_crash_and_opens_up_to_there(stage: Stage) -> None:
    story = await Story(stage).begin(RULE)
    await story.customer()
    await story.ear.listens(2.0)
    story.office.kill("switch")
    await story.office.logged("ready")
    one = await story.recording()
    assert one.state == "cut" and one.duration > 1000
    left, right = await story.sides(one)
    assert tone.heard(left, CALLER_HZ) > 1 and tone.heard(right, ANNA_HZ) > 1
    assert await story.wrong(one) == ""


async def test_a_conference_is_recorded_in_one_file_after_each_was_told(stage: Stage) -> None:
    words = prompt(stage, "recorded", seconds=0.6)
    room = '[room.board]\nextension = "300"\n[recording]\nconsent = "recorded"\n'
    story = await Story(stage).begin(f'{room}[recording.rule.board]\nrooms = ["board"]\n{words}')
    for phone in (story.anna, story.boris):
        await phone.dial("300")
        await phone.talks()
    await story.boris.listens(4)
    await story.boris.hang_up()
    await story.boris.closed()
    await story.anna.hang_up()
    await story.anna.closed()
    one = await story.recording()
    assert (one.rule, one.person, one.state, one.lost) == ("board", "anna", "whole", 0)
    left, right = await story.sides(one)
    assert tone.heard(left, ANNA_HZ) > 1 and not tone.heard(left, BORIS_HZ)
    assert tone.heard(right, BORIS_HZ) > 1 and not tone.heard(right, ANNA_HZ)
    for phone in (story.anna, story.boris):
        assert tone.heard(phone.heard(), PROMPT_HZ) > 0.4, "he was not told"
