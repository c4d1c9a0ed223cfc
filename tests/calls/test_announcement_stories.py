# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers wait in a queue and are told something: the real switch, SIPp and our RTP outside, baresip on the desks."""

from appliance.programs.demo.office import Office
from tests.calls.stories import AGAIN_HZ, PROMPT_HZ, changed, hears, prompt, use
from tests.telephones import tone
from tests.telephones.stage import ANNA_HZ, Stage

MUSIC = "music = true\n"


async def queue(stage: Stage, fields: str, *prompts: str) -> Office:
    office = await stage.office()
    await use(office, changed(office.document, (MUSIC, MUSIC + fields)) + "".join(prompts))
    return office


async def test_a_caller_hears_his_place_and_the_music_of_the_queue_until_somebody_answers(stage: Stage) -> None:
    jazz = prompt(stage, "jazz", PROMPT_HZ, 30)
    office = await queue(stage, 'music_prompt = "jazz"\nannounce_position = true\nannounce_every = 4\n', jazz)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    heard = await hears(stage, ear, PROMPT_HZ, 1.5)
    first = tone.loud(heard) - tone.heard(heard, PROMPT_HZ)
    assert first > 0.5, "no words before the music"
    heard = await hears(stage, ear, PROMPT_HZ, tone.heard(heard, PROMPT_HZ) + 4, within=20)
    assert tone.loud(heard) - tone.heard(heard, PROMPT_HZ) > 2 * first - 0.3, "no words between the music"
    assert sum(event.type == "CALL_INCOMING" for event in anna.seen.all) == 1, "words made her telephone ring anew"
    await anna.accept()
    await anna.talks()
    await hears(stage, ear, ANNA_HZ, 0.5)
    await anna.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).person == "anna"


async def test_nothing_is_said_over_somebody_who_answers_and_no_sound_of_hers_is_lost(stage: Stage) -> None:
    long = prompt(stage, "offers", AGAIN_HZ, 30)
    office = await queue(stage, 'promotions = ["offers"]\npromote_every = 10\n', long)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await hears(stage, ear, AGAIN_HZ, 0.5, within=20)
    await anna.accept()
    heard = await hears(stage, ear, ANNA_HZ, 1.5)
    length = len(tone.load(heard)[0]) / 8000
    before = next(
        at / 100 for at in range(round(length * 100)) if tone.heard(heard, ANNA_HZ, at / 100, at / 100 + 0.04)
    )
    assert tone.heard(heard, AGAIN_HZ, since=before + 0.04) == 0, "the promotion went on"
    assert tone.heard(heard, ANNA_HZ, since=before) > length - before - 0.12, "there are gaps in what she says"
    assert tone.heard(heard, AGAIN_HZ, before - 0.4, before) > 0.2, "silence before she is heard"
    await anna.hang_up()
    await caller.finished()


async def test_a_promotion_that_is_missing_ends_no_call_and_is_in_the_log(stage: Stage) -> None:
    missing = '[prompt.offers]\nfile = "/nowhere/offers.wav"\n'
    office = await queue(stage, 'music_prompt = "offers"\n', missing)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await office.logged("/nowhere/offers.wav cannot be played", within=10)
    await ear.listens(1.0)
    assert tone.loud(ear.heard(stage.folder / "caller.wav")) > 0.5, "our own music is not heard instead"
    await anna.accept()
    await hears(stage, ear, ANNA_HZ, 0.5)
    await anna.hang_up()
    await caller.finished()
