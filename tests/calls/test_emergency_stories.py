# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls for help and calls that are not allowed, on real telephones and a trunk that SIPp plays."""

import asyncio

from appliance.store.reader import Reader
from tests.calls.stories import PROMPT_HZ, changed, prompt, use
from tests.calls.test_trunks import CALLED, told
from tests.telephones import tone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

ABROAD = "00442079460958"


async def test_a_line_is_freed_for_who_calls_for_help_and_both_hear_each_other(stage: Stage) -> None:
    office = await stage.office()
    await use(office, changed(office.document, ('kind = "sip"\n', 'kind = "sip"\nchannels = 1\n')))
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    city = await stage.sipp("callee-waits", port=office.city, rtp=ear.port, talk=0.2, calls=2)
    await anna.dial(CALLED)
    await anna.talks()
    await ear.listens(0.5)
    await boris.dial("112")
    await anna.closed()
    await boris.talks()
    before = len(tone.load(ear.heard(stage.folder / "before.wav"))[0]) / 8000
    await ear.listens(1.5)
    await boris.hang_up()
    await city.finished()
    heard = ear.heard(stage.folder / "after.wav")
    assert tone.heard(heard, BORIS_HZ, since=before) > 1.0 and not tone.heard(heard, ANNA_HZ, since=before) > 0.3
    await boris.closed()
    assert tone.heard(boris.heard(), CALLER_HZ) > 1.0
    assert [text.split()[1].split("@")[0] for text in told(city, "INVITE")] == [f"sip:{CALLED}", "sip:112"]
    first, second = await stage.call_over(office), await stage.call_over(office, 2)
    assert (await stage.event(office, first, "gave-way")).detail == {"to": second.id}
    assert (second.called, second.outcome) == ("112", "answered")


async def test_a_box_whose_settings_were_broken_calls_for_help(stage: Stage) -> None:
    office = await stage.office()
    await office.end()
    office.settings.write_text(office.document.replace("[phone.desk1]", "[fone.desk1]"))
    await office.start()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    city = await stage.sipp("callee-waits", port=office.city, rtp=ear.port, talk=0.2)
    await anna.dial("112")
    await anna.talks()
    await ear.listens(0.5)
    await anna.hang_up()
    await city.finished()
    assert (await stage.call_over(office)).outcome == "answered"


async def test_who_may_not_call_abroad_hears_so_and_nothing_goes_out(stage: Stage) -> None:
    office = await stage.office()
    document = changed(
        office.document, ('[outside]\nlines = ["city"]\n', '[outside]\nlines = ["city"]\nrefused = "no"\n')
    )
    await use(office, document + prompt(stage, "no", seconds=1.0))
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    city = await stage.sipp("callee-waits", port=office.city, talk=0.2)
    await anna.dial(ABROAD)
    assert "603" in (await anna.closed()).detail, "nobody took the call"
    assert tone.heard(anna.heard(), PROMPT_HZ) > 0.6
    call = await stage.call_over(office)
    assert (call.called, call.outcome) == (ABROAD, "refused") and not told(city, "INVITE")
    assert (await stage.event(office, call, "outgoing-refused")).detail["why"] == "international"
    steps = [row.subject for row in Reader(office.journal).trace(call.id)]
    assert "step.outside.refused.international" in steps


async def test_the_box_says_why_in_its_own_words_and_the_display_shows_it_too(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    for _ in range(20):  # the voice begins with its sentences when the box has started
        await anna.dial(ABROAD)
        assert "603" in (await anna.closed()).detail
        if (said := tone.loud(anna.heard())) > 1:
            break
        await asyncio.sleep(0.5)
    assert said > 1, "nothing was said"
    assert (await stage.call_over(office)).outcome == "refused"


async def test_the_display_says_that_a_number_is_not_allowed_when_nothing_is_said(stage: Stage) -> None:
    office = await stage.office()
    silent = ('[outside]\nlines = ["city"]\n', '[outside]\nlines = ["city"]\ntell_refused = false\n')
    await use(office, changed(office.document, silent))
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await anna.dial(ABROAD)
    assert "603" in (await anna.closed()).detail
    assert (await stage.call_over(office)).outcome == "refused"


async def test_a_restart_forgives_nothing_of_the_calls_of_this_hour(stage: Stage) -> None:
    office = await stage.office()
    document = changed(office.document, ("[person.anna]\n", '[person.anna]\ncalls = "international"\n'))
    await use(office, document + "\n[limits]\nperson_an_hour = 1\n")
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    city = await stage.sipp("callee-busy", port=office.city)
    await anna.dial(ABROAD)
    await anna.closed()
    await city.finished()
    await stage.call_over(office)
    await office.end()
    await office.start()
    await anna.dial(ABROAD)
    assert "603" in (await anna.closed()).detail
    call = await stage.call_over(office, 2)
    assert (await stage.event(office, call, "outgoing-refused")).detail["why"] == "too-many"
    assert (await stage.event(office, call, "alarm")).detail == {"why": "too-many", "person": "anna"}
