# SPDX-License-Identifier: GPL-2.0-or-later
"""The box calls because a program asked: the real switch, SIPp and our RTP outside, baresip on the desks."""

import asyncio

import pytest

from appliance.control import client
from appliance.control.messages import Apply, Dial, Dialled, HangUp, Refused, Say, Send, Watch, Why
from appliance.programs.demo.office import PASSWORDS, Office
from appliance.store.reader import Reader
from tests.calls.stories import PROMPT_HZ, hears, prompt, use
from tests.telephones import tone
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, CALLER, CALLER_HZ, Stage

NUMBER = CALLER  # a regular


async def ask(office: Office, request: Dial | Say) -> tuple[int, ...]:
    async with await client.connect(office.socket) as switch:
        answer: Dialled = await switch.request(request)
    return answer.calls


def dial(to: str = NUMBER, *, connect: str | None = None, say: str | None = None, prompt: str | None = None) -> Dial:
    return Dial(0, to, connect, say, prompt)


async def callee(stage: Stage, office: Office, talk: float = 0.2) -> tuple[Sipp, Rtp]:
    """Somebody outside who answers after a moment."""
    ear = await stage.ear()
    return await stage.sipp("callee-waits", port=office.city, rtp=ear.port, talk=talk), ear


def result(office: Office, call: int) -> dict[str, object]:
    return [event.detail for event in Reader(office.journal).events(call) if event.kind == "dial-result"][-1]


async def test_the_box_calls_somebody_and_puts_him_through_to_anna(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    outside, ear = await callee(stage, office)
    [id] = await ask(office, dial(connect="person.anna"))
    await anna.rings()
    assert anna.screen() == "Mr Kazlauskas"
    await ear.listens(0.6)
    assert tone.loud(ear.heard(stage.folder / "waits.wav")) > 0.3, "he waits in silence"
    async with await client.connect(office.socket) as switch:
        [call] = (await switch.request(Watch(0))).calls
    assert (call.id, call.direction, call.line, call.ringing) == (id, "out", "city", ("anna",))
    await anna.accept()
    await anna.talks()
    await hears(stage, ear, ANNA_HZ, 0.6)
    await anna.listens(1.0)
    await anna.hang_up()
    await outside.finished()
    await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 0.6
    ended = await stage.call_over(office)
    assert (ended.id, ended.line, ended.called, ended.person, ended.outcome) == (
        id,
        "phones",
        NUMBER,
        "anna",
        "answered",
    )
    assert result(office, id) == {"result": "answered"}
    assert [leg.party for leg in Reader(office.journal).legs(id)] == ["city", "desk1"]
    async with await client.connect(office.socket) as switch:
        why = await switch.request(Why(0, id))
    assert "the box called on line “City”, and was answered" in " ".join(why)


async def test_who_is_put_through_to_somebody_who_is_not_there_leaves_a_message_or_is_sent_on(stage: Stage) -> None:
    office = await stage.office()
    boris = await stage.desk(office, "desk2", 1500)
    outside, ear = await callee(stage, office)
    [id] = await ask(office, dial(connect="person.anna"))
    await ear.listens(1.5)
    assert tone.loud(ear.heard(stage.folder / "greeting.wav")) > 0.3, "no greeting"
    async with await client.connect(office.socket) as switch:
        [call] = (await switch.request(Watch(0))).calls
        assert call.state == "voicemail"
        with pytest.raises(Refused):
            await switch.request(Send(0, id, "person.boris"))
    async with await client.connect(office.socket) as switch:
        await switch.request(HangUp(0, id))
    await outside.finished()
    assert (await stage.call_over(office)).person == ""
    assert not [event for event in boris.seen.all if event.type == "CALL_INCOMING"]


async def test_a_prompt_is_told_to_somebody_outside_and_he_is_hung_up(stage: Stage) -> None:
    office = await stage.office()
    await use(office, office.document + prompt(stage, "alarm"))
    outside, ear = await callee(stage, office)
    [id] = await ask(office, dial(prompt="alarm"))
    await outside.finished()
    assert tone.heard(ear.heard(stage.folder / "alarm.wav.heard"), PROMPT_HZ) == pytest.approx(1.0, abs=0.3)
    assert (await stage.call_over(office)).outcome == "answered" and result(office, id) == {"result": "told"}


@pytest.mark.parametrize("way", ["say", "prompt"])
async def test_a_text_is_told_to_somebody_outside(stage: Stage, way: str) -> None:
    office = await stage.office()
    text = "The cellar is under water."
    if way == "prompt":
        await use(office, office.document + f'[prompt.alarm]\ntext = "{text}"\n')
    outside, ear = await callee(stage, office)
    await ask(office, dial(say=text) if way == "say" else dial(prompt="alarm"))
    await outside.finished()
    assert 0.8 < tone.loud(ear.heard(stage.folder / "spoken.wav")) < 5
    await stage.call_over(office)


async def test_a_text_is_announced_on_the_telephones_of_the_house(stage: Stage) -> None:
    office = await stage.office()
    anna, boris = await stage.desks(office)
    calls = await ask(office, Say(0, "Dinner is ready.", ("desk1", "desk2")))
    assert len(calls) == 2
    await asyncio.gather(anna.rings(), boris.rings())
    assert anna.screen() == "Example Ltd"
    await anna.accept()
    await anna.talks()
    await anna.closed(within=10)
    assert tone.loud(anna.heard()) > 0.5
    await boris.hang_up()
    await stage.call_over(office, 2)
    assert [result(office, call)["result"] for call in calls] == ["told", "not answered"]


async def test_telephones_are_asked_to_answer_by_themselves(stage: Stage) -> None:
    office = await stage.office()
    port = stage.ports.take()
    rows = [("desk1", f"[authentication username=desk1 password={PASSWORDS['desk1']}]")]
    await (await stage.sipp("register", to=office.address, port=port, rows=rows)).finished()
    ear = await stage.ear()
    phone = await stage.sipp("callee-waits", port=port, rtp=ear.port, talk=0.1)
    await ask(office, Say(0, "Dinner is ready.", (), "anna"))
    await phone.finished()
    [invite] = [message.text for message in phone.messages() if message.first.startswith("INVITE")]
    assert "Alert-Info: <http://127.0.0.1>;info=alert-autoanswer;delay=0" in invite
    assert "Call-Info: <sip:127.0.0.1>;answer-after=0" in invite
    assert tone.loud(ear.heard(stage.folder / "spoken.wav")) > 0.5


async def test_busy_ends_the_call_and_says_so(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    busy = await stage.sipp("callee-busy", port=office.city)
    [id] = await ask(office, dial(connect="person.anna"))
    await busy.finished()
    assert (await stage.call_over(office)).outcome == "refused"
    assert result(office, id) == {"result": "not answered", "cause": 17}
    assert not [event for event in anna.seen.all if event.type == "CALL_INCOMING"]


async def test_a_line_that_is_down_is_told_at_once(stage: Stage) -> None:
    port = stage.ports.take()
    await stage.sipp("trunk", port=port, number="100200", password="another")
    office = await stage.office(backup=port)
    await office.logged("line backup is down", within=5)
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, office.document.replace('lines = ["city"]', 'lines = ["backup"]')))
    with pytest.raises(Refused) as refused:
        await ask(office, dial(connect="person.anna"))
    assert refused.value.id == "no-line"
    assert (await stage.call_over(office)).outcome == "refused"


async def test_one_that_rings_can_be_hung_up_and_a_third_is_refused(stage: Stage) -> None:
    office = await stage.office()
    await stage.sipp("callee-rings", port=office.city, calls=2)
    first, second = [(await ask(office, dial(connect="person.anna")))[0] for _ in range(2)]
    with pytest.raises(Refused) as refused:
        await ask(office, dial(connect="person.anna"))
    assert refused.value.id == "too-many"
    async with await client.connect(office.socket) as switch:
        await switch.request(HangUp(0, first))
        await switch.request(HangUp(0, second))
    for nth in (1, 2):
        assert (await stage.call_over(office, nth)).outcome == "refused"


@pytest.mark.parametrize(
    ("request_", "id"),
    [
        (dial("112", connect="person.anna"), "number-refused"),
        (dial("person.nobody", say="Hello"), "unknown"),
        (dial(connect="person.nobody"), "unknown"),
        (dial(prompt="nothing"), "unknown"),
        (dial(), "bad-request"),
        (dial(connect="person.anna", say="Hello"), "bad-request"),
        (dial(say="..."), "unspoken"),
        (Dial(0, NUMBER, None, "Hello", None, "", "xx"), "unspoken"),
        (Say(0, "Hello"), "bad-request"),
        (Say(0, "Hello", ("nothing",)), "unknown"),
        (Say(0, "Hello", ("desk1",)), "unreachable"),
    ],
)
async def test_what_cannot_be_called_or_said_is_told(shared: Office, request_: Dial | Say, id: str) -> None:
    with pytest.raises(Refused) as refused:
        await ask(shared, request_)
    assert refused.value.id == id


@pytest.fixture
async def shared(stage: Stage) -> Office:
    return await stage.office()


async def test_a_prompt_that_cannot_be_spoken_is_told_when_it_is_put_in_force_and_ends_no_call(stage: Stage) -> None:
    office = await stage.office()
    menu = '[scenario.main]\nstart = "hello"\n[scenario.main.step.hello]\ndo = "say"\nprompt = "hello"\nnext = "person.anna"\n'
    document = office.document.replace('[scenario.main]\nopen = "sales"\nunanswered = "office"\n', menu)
    async with await client.connect(office.socket) as switch:
        answer = await switch.request(Apply(0, document + '[prompt.hello]\ntext = "Hello"\nlanguage = "xx"\n'))
    assert answer.warnings and answer.warnings[0].startswith("prompt.hello.text: cannot be spoken")
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await anna.hang_up()
    await caller.finished()
