# SPDX-License-Identifier: GPL-2.0-or-later
"""Prompts of any format, and broken ones: the real switch, SIPp and our RTP outside, baresip on the desks."""

import asyncio
import hashlib
import subprocess
from pathlib import Path

import pytest

from appliance.control import client
from appliance.control.messages import Apply, Refused
from appliance.control.prompts import DeletePrompt, KeepPrompt, SpeakPrompt
from tests.calls.stories import PROMPT_HZ, SIMPLE, changed, hears, use
from tests.telephones import tone
from tests.telephones.stage import ANNA_HZ, Stage

STEPS = (
    '[scenario.main]\nstart = "one"\n'
    '[scenario.main.step.one]\ndo = "say"\nprompt = "broken"\nnext = "two"\n'
    '[scenario.main.step.two]\ndo = "say"\nprompt = "welcome"\nnext = "queue.sales"\n'
)


def encode(source: Path, to: Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-ac", "2", to], check=True)


async def test_a_prompt_of_another_format_is_heard_and_a_broken_one_is_told_and_passed_over(stage: Stage) -> None:
    office = await stage.office()
    source = tone.write(stage.folder / "source.wav", PROMPT_HZ, 1.0, 44100)
    welcome, broken = stage.folder / "welcome.m4a", stage.folder / "broken.mp3"
    encode(source, welcome)
    broken.write_bytes(b"ID3" + bytes(999))
    document = changed(office.document, (SIMPLE, STEPS))
    document += f'[prompt.welcome]\nfile = "{welcome}"\n[prompt.broken]\nfile = "{broken}"\n'
    async with await client.connect(office.socket) as switch:
        applied = await switch.request(Apply(0, document))
    [warning] = applied.warnings
    assert warning.startswith("prompt.broken.file") and "no sound in it" in warning
    welcome.unlink()  # what was converted is heard all the same
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await hears(stage, ear, PROMPT_HZ, 0.8)
    await anna.rings()
    await anna.accept()
    await hears(stage, ear, ANNA_HZ, 0.5)
    await anna.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).person == "anna"
    await office.logged("a prompt cannot be said", within=5)


async def test_a_caller_who_is_kept_out_hears_so_though_nobody_recorded_anything(stage: Stage) -> None:
    office = await stage.office()
    await use(office, office.document + '[callers.unwanted]\nprefixes = ["+3706"]\nrefuse = "message"\n')
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await caller.finished()
    assert tone.loud(ear.heard(stage.folder / "caller.wav")) > 0.7, "nothing was said"
    assert not any(event.type == "CALL_INCOMING" for event in anna.seen.all)


async def test_a_text_is_spoken_to_be_heard_first_and_a_recording_in_force_is_not_deleted(stage: Stage) -> None:
    office = await stage.office()
    sound = tone.wav(tone.samples(PROMPT_HZ, 0.2, 16000), 16000)
    async with await client.connect(office.socket) as switch:
        spoken = await switch.request(SpeakPrompt(0, "We are closed today."))
        assert tone.loud(Path(spoken.file)) > 0.3
        keep = KeepPrompt(0, "welcome", hashlib.sha256(sound).hexdigest(), len(sound), 0, sound)
        kept = Path((await switch.request(keep)).file)
        names_it = Apply(0, office.document + f'[prompt.welcome]\nfile = "{kept}"\n')
        applying, deleting = (
            asyncio.ensure_future(switch.request(one)) for one in (names_it, DeletePrompt(0, kept.name))
        )
        await applying
        with pytest.raises(Refused, match=r"The settings in force name it: prompt\.welcome\.file"):
            await deleting
        await switch.request(Apply(0, office.document))
        await switch.request(DeletePrompt(0, kept.name, "maria"))
        assert not kept.exists()
        with pytest.raises(Refused, match="is not known"):
            await switch.request(DeletePrompt(0, kept.name))
