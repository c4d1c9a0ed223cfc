# SPDX-License-Identifier: GPL-2.0-or-later
"""Both sides send a re-INVITE at the same moment, on a call to us and on one of ours (RFC 3261 section 14.1).

Of its own the box sends one to refresh a session, half of the least time there is (RFC 4028) after the answer: `make timers`
takes a minute and a half. SIPp is the other side."""

import asyncio

import pytest

from appliance.programs.demo.office import Office
from tests.calls.stories import changed, hears, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Message, Sipp
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

LEAST, EXTRA = 90, 1.0  # seconds: a session; what the rest of the world may take beside what is measured
OTHER_HZ = 2300
HE_CALLED, WE_CALLED = (0.0, 2.0), (2.1, 4.0)  # seconds until our request comes again; the other side is whoever called


def requests(other: Sipp, method: str) -> list[Message]:
    return [one for one in other.messages() if one.first.startswith(method)]


def check(other: Sipp, waited: tuple[float, float]) -> None:
    """Ours was refused and came again when it should, his was refused while ours was under way, and taken afterwards."""
    ours = [one for one in requests(other, "INVITE") if not one.sent and "Min-SE" in one.text][-2:]
    first, again = ours
    assert waited[0] <= again.at - first.at <= waited[1] + EXTRA
    answers = [
        (one.first[8:11], one.sent) for one in other.messages() if one.first.startswith(("SIP/2.0 4", "SIP/2.0 2"))
    ]
    crossed, afterwards, bye = [("491", False), ("491", True)], [("200", True), ("200", False)], ("200", False)
    assert answers[-5:] == [*crossed, *afterwards, bye]


async def talks_through(stage: Stage, phone: Baresip, ear: Rtp, says: int, hears_hz: int, other: Sipp) -> None:
    """Before the two INVITEs cross, and after: each hears the other."""
    await hears(stage, ear, hears_hz, 0.5)
    async with asyncio.timeout(LEAST):
        while len([one for one in requests(other, "ACK") if not one.sent]) < 2:
            await asyncio.sleep(0.2)
    ear.forget()
    await hears(stage, ear, hears_hz, 1.5)
    await other.finished()
    await phone.closed()
    heard, rate = tone.load(phone.heard())
    last = stage.folder / f"last-{says}.wav"
    tone.save(last, heard[-2 * rate :], rate)
    assert tone.heard(last, says) > 1.0, "silence since the requests crossed"


@pytest.mark.timeout(200)
async def test_requests_that_cross_are_refused_and_come_again_and_the_talk_goes_on(stage: Stage) -> None:
    office: Office = await stage.office(music=False, sip_more=f"session_expires = {LEAST}\n")
    far = stage.ports.take()
    people = ('people = ["anna", "boris"]', 'people = ["anna"]')
    second = ('[outside]\nlines = ["city"]\n', '[outside]\nlines = ["second"]\n')
    line = f'\n[line.second]\nkind = "sip"\nhost = "127.0.0.1"\nport = {far}\n'
    await use(office, changed(office.document, people, second) + line)
    anna, boris = await stage.desks(office)
    his, theirs = await stage.ear(CALLER_HZ), await stage.ear(OTHER_HZ)

    caller = await stage.outside(office, "caller-crosses", his, talk=3.0)
    await anna.rings()
    await anna.accept()
    await anna.talks()
    called = await stage.sipp("callee-crosses", port=far, rtp=theirs.port, talk=3.0)
    await boris.dial("060000009")
    await boris.talks()
    await asyncio.gather(
        talks_through(stage, anna, his, CALLER_HZ, ANNA_HZ, caller),
        talks_through(stage, boris, theirs, OTHER_HZ, BORIS_HZ, called),
    )
    check(caller, HE_CALLED)
    check(called, WE_CALLED)
    for nth in (1, 2):
        assert (await stage.call_over(office, nth)).outcome == "answered"
