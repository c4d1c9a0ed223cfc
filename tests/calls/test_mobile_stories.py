# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls reach our people's mobiles, and only our people: SIPp is the mobile network, baresip on the desks."""

from appliance.control import client
from appliance.control.messages import HangUp, Watch
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import changed, hears, use
from tests.telephones import tone
from tests.telephones.rtp import BOX_EVENTS, Rtp
from tests.telephones.stage import BORIS_HZ, CALLER_HZ, Stage

ANNA, BORIS = "+37061111111", "+37062222222"
MOBILE_HZ = 850  # what is said on the mobile


async def office_with(stage: Stage, people: str, *ports: int) -> Office:
    """Both have a mobile; the queue rings these people, the mobile network is behind lines at these ports."""
    office = await stage.office(ring_for=60)
    out = [f"mobile{number}" for number in range(len(ports))]
    document = changed(
        office.document,
        ('people = ["anna", "boris"]', f"people = {people}"),
        ('extension = "101"\n', f'extension = "101"\nmobile = "{ANNA}"\n'),
        ('extension = "102"\n', f'extension = "102"\nmobile = "{BORIS}"\n'),
        ('[outside]\nlines = ["city"]\n', f"[outside]\nlines = {out}\n".replace("'", '"')),
    )
    for name, port in zip(out, ports, strict=True):
        document += f'\n[line.{name}]\nkind = "sip"\nhost = "127.0.0.1"\nport = {port}\nscenario = "main"\n'
    await use(office, document)
    return office


async def hang_up(office: Office) -> None:
    """End the only call, as a supervisor may."""
    async with await client.connect(office.socket) as switch:
        [call] = (await switch.request(Watch(0))).calls
        await switch.request(HangUp(0, call.id))


async def asked(stage: Stage, mobile: Rtp) -> None:
    """Wait until whoever answered outside hears words."""
    for _ in range(100):
        await mobile.listens(0.1)
        if tone.loud(mobile.heard(stage.folder / f"asked-{mobile.port}.wav")) > 0.4:
            return
    raise AssertionError("nobody was asked for a key")


async def test_who_answers_the_mobile_presses_1_and_talks(stage: Stage) -> None:
    port, mobile = stage.ports.take(), await stage.ear(MOBILE_HZ)
    network = await stage.sipp("callee-waits", port=port, rtp=mobile.port, talk=0.5)
    office = await office_with(stage, '["anna.all", "boris"]', port)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await boris.rings()
    await asked(stage, mobile)
    assert tone.heard(ear.heard(stage.folder / "waits.wav"), MOBILE_HZ) == 0, "the caller was through before"
    mobile.press("1", BOX_EVENTS)
    await anna.closed()
    await boris.closed()
    await hears(stage, ear, MOBILE_HZ, 0.5)
    await hears(stage, mobile, CALLER_HZ, 0.5)
    await hang_up(office)
    await caller.finished()
    await network.finished()
    call = await stage.call_over(office)
    assert (call.person, call.outcome) == ("anna", "answered")
    answered = {leg.kind: leg.party for leg in Reader(office.journal).legs(call.id) if leg.answered_at}
    assert answered == {"caller": "city", "mobile": "mobile0"}
    assert f"sip:{ANNA}@" in network.messages()[0].first.replace("%2B", "+")


async def test_the_voicemail_of_a_mobile_never_takes_the_call_and_a_desk_still_can(stage: Stage) -> None:
    """fusionpbx#1220"""
    port, voicemail = stage.ports.take(), await stage.ear(MOBILE_HZ)
    network = await stage.sipp("callee-waits", port=port, rtp=voicemail.port, talk=0.2)
    office = await office_with(stage, '["anna.all", "boris"]', port)
    _, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await boris.rings()
    await network.finished(within=60)  # we have hung up on it
    assert tone.loud(voicemail.heard(stage.folder / "asked.wav")) > 2.0, "it was not asked three times"
    await boris.accept()
    await boris.talks()
    await hears(stage, ear, BORIS_HZ, 0.5)
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), MOBILE_HZ) == 0, "the caller heard the voicemail"
    await boris.hang_up()
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.person, call.outcome) == ("boris", "answered")
    assert (await stage.event(office, call, "confirm")).detail["result"] == "no key"


async def test_every_mobile_of_a_group_rings_and_each_is_asked(stage: Stage) -> None:
    """fusionpbx#1232, fusionpbx#1165"""
    port = stage.ports.take()
    network = await stage.sipp("callee-waits", port=port, talk=0.2, calls=2)
    office = await office_with(stage, '["anna.mobile", "boris.mobile"]', port)
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    await network.finished(within=60)  # both answered, and we have hung up on both
    called = [message.first.replace("%2B", "+") for message in network.messages() if message.first.startswith("INVITE")]
    assert [number in "".join(called) for number in (ANNA, BORIS)] == [True, True]
    await hang_up(office)
    await caller.finished()
    call = await stage.call_over(office)
    asked = [event.detail for event in Reader(office.journal).events(call.id) if event.kind == "confirm"]
    assert {(one["person"], one["result"]) for one in asked} == {("anna", "no key"), ("boris", "no key")}
    assert (call.person, call.answered_at, call.outcome) == ("", None, "abandoned")


async def test_a_line_that_fails_gives_way_to_the_next_and_a_mobile_that_declines_to_nobody(stage: Stage) -> None:
    busy, port = stage.ports.take(), stage.ports.take()
    mobile = await stage.ear(MOBILE_HZ)
    down = await stage.sipp("callee-busy", port=busy)
    network = await stage.sipp("callee-waits", port=port, rtp=mobile.port, talk=0.2)
    office = await office_with(stage, '["anna.mobile"]', busy, port)
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    await asked(stage, mobile)
    await down.finished()
    mobile.press("5", BOX_EVENTS)
    await network.finished()
    await hang_up(office)
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.person, call.outcome) == ("", "abandoned")
    assert [leg.party for leg in Reader(office.journal).legs(call.id) if leg.kind == "mobile"] == ["mobile0", "mobile1"]
    assert (await stage.event(office, call, "confirm")).detail["result"] == "refused"
