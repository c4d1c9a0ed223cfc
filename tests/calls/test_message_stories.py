# SPDX-License-Identifier: GPL-2.0-or-later
"""A caller leaves a message, and Anna listens to it on her telephone: SIPp outside, baresip on the desk, a real voice."""

import asyncio
from array import array

from appliance import sounds
from appliance.control import client
from appliance.control.messages import MailboxChanged, Message, Messages, SetMessage
from appliance.programs.demo.office import Office
from appliance.sounds import make
from appliance.store.reader import Reader
from tests.calls.lamp_keys import lamp_key, shows
from tests.calls.stories import changed, prompt, use
from tests.fakes.mail_server import MailServer
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.stage import ANNA_HZ, CALLER, CALLER_HZ, Stage

PROMPTS = sum(sounds.path(sound).stat().st_size for sound in ("greeting", "beep")) / (2 * make.RATE)  # seconds
SAID = 3.0  # seconds of a message
OWN_HZ, CLOSED_HZ = 1300, 1900


async def messages(office: Office) -> tuple[Message, ...]:
    async with await client.connect(office.socket) as switch:
        found: tuple[Message, ...] = await switch.request(Messages(0))
    return found


async def until(office: Office, **wanted: int) -> None:
    """Until the mailbox `office` has so many messages of each state; told by the control socket, never asked."""
    async with await client.connect(office.socket) as switch:

        async def told() -> None:
            async for said in switch.watch():
                boxes = [said.mailbox] if isinstance(said, MailboxChanged) else getattr(said, "mailboxes", ())
                for box in boxes:
                    if box.id == "office" and all(getattr(box, state) == n for state, n in wanted.items()):
                        return

        await asyncio.wait_for(told(), 20)


async def leaves(stage: Stage, office: Office) -> Message:
    """Nobody is there: the caller says his tone after the beep."""
    async with Rtp(stage.ports.take(2), tone.samples(CALLER_HZ, 1, 8000)) as ear:  # and is silent when he has hung up
        caller = await stage.outside(office, "caller-hangs-up", ear, talk=PROMPTS + SAID)
        await caller.finished()
    await until(office, new=1)
    [message] = await messages(office)
    return message


async def dials_97(anna: Baresip) -> None:
    await anna.dial("*97")
    await anna.talks()
    await anna.listens(0.5)


async def lamp(phone: Baresip, told: str) -> None:
    """Until its lamp was told this; the same may come to it more than once."""
    while told not in (await phone.event("MWI_NOTIFY")).detail:
        pass


async def test_a_message_is_left_heard_and_deleted(stage: Stage) -> None:
    office = await stage.office()
    left = await leaves(stage, office)
    assert (left.caller, left.name, left.state) == (CALLER, "Mr Kazlauskas", "new")
    assert SAID - 1 < left.duration / 1000 < SAID + 1
    anna = await stage.desk(office, "desk1", ANNA_HZ, modules=["mwi"])
    assert "Voice-Message: 1/0" in (await anna.event("MWI_NOTIFY")).detail
    await dials_97(anna)
    await anna.press("5")
    await until(office, new=0, heard=1)  # it begins
    await lamp(anna, "Voice-Message: 0/1")
    await anna.press("6")  # no more: the message was cut short
    await anna.press("5")
    await anna.listens(25, within=10)
    await anna.press("7")
    await anna.press("#")
    await anna.closed(within=10)
    heard = anna.heard()
    assert tone.heard(heard, CALLER_HZ) > SAID - 1, "she did not hear what he said"
    assert tone.heard(heard, ANNA_HZ) == 0
    await lamp(anna, "Voice-Message: 0/0")
    assert list(office.voicemail.glob("*.wav")) == []
    call = await stage.call_over(office, 2)
    assert (call.called, call.outcome) == ("*97", "self-service")
    events = [event.detail for event in Reader(office.journal).events(left.id) if event.kind == "message"]
    assert [(event["state"], event["by"]) for event in events] == [("heard", "anna"), ("deleted", "anna")]


async def test_she_calls_back_who_left_it(stage: Stage) -> None:
    office = await stage.office()
    await leaves(stage, office)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear(OWN_HZ)
    outside = await stage.sipp("callee-waits", port=office.city, rtp=ear.port, talk=1.0)
    await dials_97(anna)
    await anna.press("58")
    await ear.listens(1.5)
    await anna.listens(6)
    await anna.hang_up()
    await outside.finished()
    assert tone.heard(ear.heard(stage.folder / "called-back.wav"), ANNA_HZ) > 0.8
    assert tone.heard(anna.heard(), OWN_HZ) > 0.8
    invite = next(message for message in outside.messages() if not message.sent and message.first.startswith("INVITE"))
    assert CALLER.removeprefix("+") in invite.first
    call = await stage.call_over(office, 2)
    assert (call.outcome, call.answered_at is not None) == ("answered", True)


async def test_a_message_for_the_department_lights_its_lamp_and_is_heard_beside_her_own(stage: Stage) -> None:
    office = await stage.office(max_wait=1)
    of_all = '[mailbox.service]\nname = "Service"\nnumber = "601"\ndepartment = "all"\n'
    of_all += '[department.all]\npeople = ["anna", "boris"]\n'
    await use(office, changed(office.document, ('unanswered = "office"', 'unanswered = "service"')) + of_all)
    voicemail = f';vm_uri="sip:601@{office.address}"'
    anna = await stage.desk(office, "desk1", ANNA_HZ, modules=["mwi"], account=voicemail)
    await lamp(anna, "Voice-Message: 0/0")
    async with lamp_key(office, "*98601") as key:
        async with Rtp(stage.ports.take(2), tone.samples(CALLER_HZ, 1, 8000)) as ear:
            caller = await stage.outside(office, "caller-hangs-up", ear, talk=PROMPTS + SAID + 3)
            await caller.finished()
        await lamp(anna, "Voice-Message: 1/0")
        await shows(key, "confirmed")
        await anna.closed()
        await dials_97(anna)  # what lit the lamp
        await anna.press("5")
        await lamp(anna, "Voice-Message: 0/1")
        await shows(key, "terminated")
        await anna.listens(20)
        await anna.press("21#")  # her mailboxes; her own
        await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 1
    call = await stage.call_over(office, 2)
    events = [event for event in Reader(office.journal).events(call.id) if event.kind == "mailbox-opened"]
    assert [event.detail["mailbox"] for event in events] == ["service", "office"]
    [left] = await messages(office)
    assert (left.mailbox, left.state) == ("service", "heard")


async def test_her_own_greeting_is_what_callers_hear_and_another_one_when_it_is_closed(stage: Stage) -> None:
    office = await stage.office(max_wait=1)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await dials_97(anna)
    await anna.press("0")
    await anna.press("5")  # she knows how it is done
    await anna.listens(4)
    await anna.press("#")
    await anna.press("1")
    await anna.hang_up()
    await anna.closed()
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=3)
    await caller.finished()
    assert tone.heard(ear.heard(stage.folder / "greeting.wav"), ANNA_HZ) > 1

    closed = f'{prompt(stage, "closed", CLOSED_HZ)}[hours.never]\n[mailbox.office]\nhours = "never"\ngreeting_closed = "closed"\n'
    await use(office, office.document + closed)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=3)
    await caller.finished()
    heard = ear.heard(stage.folder / "closed.wav")
    assert tone.heard(heard, CLOSED_HZ) > 0.5
    assert tone.heard(heard, ANNA_HZ) == 0


async def test_messages_and_what_became_of_them_survive_the_switch_killed(stage: Stage) -> None:
    office = await stage.office()
    left = await leaves(stage, office)
    async with await client.connect(office.socket) as switch:
        await switch.request(SetMessage(0, left.id, state="saved", handled=True, by="page"))
    office.kill("switch")
    await office.logged("switch ready")
    [kept] = await messages(office)
    assert (kept.id, kept.state, kept.handled, kept.sha256) == (left.id, "saved", True, left.sha256)


async def test_a_full_mailbox_is_told_in_words(stage: Stage) -> None:
    office = await stage.office()
    await use(office, office.document + "[mailbox.office]\nmax_messages = 1\n")
    await leaves(stage, office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await caller.finished()
    heard = ear.heard(stage.folder / "full.wav")
    assert tone.loud(heard) > 1, "nothing was said"
    assert tone.heard(heard, 850) == 0, "it was told by tones alone"
    call = await stage.call_over(office, 2)
    assert call.outcome == "voicemail"
    assert len(await messages(office)) == 1
    assert Reader(office.journal).missed() == 2


async def test_a_message_comes_by_e_mail_and_what_he_said_is_in_it(stage: Stage) -> None:
    office = await stage.office(pages=True)
    async with MailServer(stage.folder / "mail", stage.ports.take()) as server:
        table = f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nfrom = "box@example.com"\n'
        await use(office, office.document + table + '[mailbox.office]\nmail = ["anna@example.com"]\n')
        left = await leaves(stage, office)
        [mail] = await server.came(1)
    assert mail["Subject"] == f"Message from Mr Kazlauskas {CALLER} in Office"
    [attached] = mail.iter_attachments()
    audio = attached.get_content()
    samples = array("h", map(mu_law, audio[audio.index(b"data") + 8 :]))
    tone.save(stage.folder / "mailed.wav", samples, 8000)
    assert tone.heard(stage.folder / "mailed.wav", CALLER_HZ) > SAID - 1
    for _ in range(100):  # the switch is told a moment after
        if (await messages(office))[0].mail == "sent":
            break
        await asyncio.sleep(0.05)
    told = [event.detail for event in Reader(office.journal).events(left.id) if event.kind == "mail"]
    assert told == [{"mailbox": "office", "result": "sent", "reason": ""}]


def mu_law(byte: int) -> int:
    """A sample of ITU-T G.711."""
    value = ~byte & 0xFF
    size = (((value & 0x0F) << 3) + 0x84 << (value >> 4 & 7)) - 0x84
    return -size if value & 0x80 else size
