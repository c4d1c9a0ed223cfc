# SPDX-License-Identifier: GPL-2.0-or-later
"""How the bridge, the pages and anyone else stay with the switch."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.control import doctor, modems
from appliance.control import messages as m
from appliance.control import recordings as r
from appliance.control.client import EVENTS_WAITING, Client, ControlLost, connect, follow
from appliance.control.guard import Lift
from appliance.control.handling import CallFor, Disturb, Forward, Park, Press, Supervise, Take
from appliance.control.health import TellBrokers
from appliance.control.prompts import DeletePrompt, KeepPrompt, SpeakPrompt
from appliance.control.provisioning import PhonePassword, Provision, ProvisioningSecret, Reboot
from appliance.control.restarts import Pending, Restart, Waiting
from appliance.control.secrets import BridgeSecrets, DropSecret, KeepSecret, MailSecrets
from tests.control.office import MESSAGE, PATIENCE, RECORDING, SMS, SmallOffice, encoded


async def test_each_request_gets_its_own_kind_of_answer(path: Path) -> None:
    async with SmallOffice(path) as office, await connect(path) as client:
        assert (await client.request(m.Watch(0))).name == "Example Ltd"
        assert await client.request(m.Why(0, 5)) == ("anna was rung",)
        assert (await client.request(m.Apply(0, "[office]"))).revision == 8
        assert (await client.request(m.Restore(0, 7))).revision == 8
        assert (await client.request(m.Document(0, 3))).revision == 3
        assert (await client.request(m.History(0)))[0].comment == "as found at the start"
        assert await client.request(m.Check(0, "")) == m.Checked(("a warning",))
        assert await client.request(m.Messages(0)) == (MESSAGE,)
        assert await client.request(m.Dial(0, "101", say="Hello")) == m.Dialled((5,))
        assert await client.request(CallFor(0, "anna", "102")) == m.Dialled((5,))
        assert await client.request(Park(0, 5)) == m.Parked("71")
        assert await client.request(m.Say(0, "Hello", ("desk1",))) == m.Dialled((5,))
        assert await client.request(m.ActionKeys(0, "6b1f0c9e2d7a4411")) == "4711"
        assert await client.request(m.Dial(0, "+37060000001", connect="person.anna")) == m.Dialled((5,))
        assert await client.request(m.Say(0, "Tea", person="anna")) == m.Dialled((5,))
        assert await client.request(r.Recordings(0)) == (RECORDING,)
        assert (await client.request(r.VerifyRecording(0, 7))).wrong == "it was changed"
        assert (await client.request(r.ExportRecording(0, 7))).next == 1
        assert (await client.request(r.HearRecording(0, 7, 4, "maria"))).total == 6
        for request in (
            r.KeepRecording(0, 7), r.DeleteRecording(0, 7),
            m.SetStatus(0, "anna", "break"), m.HangUp(0, 5), m.ActionResult(0, 5, "lamp", "published"),
            m.SetMessage(0, 5, state="heard"), m.DeleteMessage(0, 5), m.Mailed(0, 5, "sent"),
            Take(0, 5, ("desk1",)), Supervise(0, 5, "listen", person="anna"), Disturb(0, "anna", False),
            Forward(0, "anna", "busy", "102"), m.Send(0, 5, "queue.sales"), m.Override(0, "office", "open"),
            m.AbortAction(0, "disk"), Lift(0, "192.0.2.7"), Reboot(0, "desk1"),
            KeepSecret(0, "line", {"password": "secret"}, "city"), DropSecret(0, "mailbox", "office"),
            Press(0, 5, "anna", "swap"),
        ):  # fmt: skip
            assert await client.request(request) == m.Done()
        assert await client.request(TellBrokers(0, ())) == m.Done()
        asked = Provision(0, "0004134a5b6c", "MzE0MTU5MjY1MzU4OTc5MzIzODQ2MjY0")
        assert (await client.request(asked)).phone == "desk1"
        assert (await client.request(ProvisioningSecret(0, "desk1"))).secret == "secret"
        assert (await client.request(PhonePassword(0, "desk1"))).password == "password"
        assert (await client.request(KeepPrompt(0, "welcome", "0b" * 32, 4, 0, b"RIFF"))).file == "/p/a.wav"
        assert (await client.request(SpeakPrompt(0, "We are closed.", "en"))).file == "/p/b.wav"
        assert await client.request(DeletePrompt(0, "a.wav")) == m.Done()
        assert await client.request(modems.Texts(0)) == (SMS,)
        assert await client.request(modems.SendText(0, "+37060000001", "Hello")) == SMS
        assert await client.request(modems.Code(0, "gsm", "*100#")) == "Balance: 1.50"
        assert await client.request(modems.Plugged(0)) == (modems.Socket(usb="1-1.3", family="quectel"),)
        assert (await client.request(doctor.CheckLine(0, "gsm"))).said.noise == -60.0
        for secrets in (BridgeSecrets(0), MailSecrets(0)):
            assert (await client.request(secrets)).tables == {"mail": {"password": "secret"}}
        assert await client.request(Pending(0)) == Waiting(("sip",), 2)
        assert await client.request(Restart(0, True)) == m.Done()
        assert {type(request) for request, _ in office.asked} == set(m.ANSWERS) - {m.Watch}


async def test_many_requests_at_once_get_their_own_answers(path: Path) -> None:
    async with SmallOffice(path), await connect(path) as client:

        async def ask(call: int) -> str:
            try:
                return (await client.request(m.Why(0, call)))[0]
            except m.Refused as refused:
                return refused.id

        answers = await asyncio.gather(*(ask(404 if n % 2 else 5) for n in range(200)))
    assert answers == ["anna was rung", "unknown"] * 100


async def test_a_request_given_up_disturbs_no_later_one(path: Path) -> None:
    async with SmallOffice(path) as office, await connect(path) as client:
        office.held = asyncio.Event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.request(m.Why(0, 5)), 0.01)
        office.held.set()
        assert await client.request(m.Why(0, 5)) == ("anna was rung",)


async def test_when_the_switch_goes_whoever_waits_is_told(path: Path) -> None:
    async with SmallOffice(path) as office:
        client = await connect(path)
        office.held = asyncio.Event()
        asking = asyncio.create_task(client.request(m.Why(0, 5)))
        watching = client.watch()
        await anext(watching)
        closing = asyncio.create_task(office.server.close())
        with pytest.raises(ControlLost):
            await asking
        with pytest.raises(ControlLost):
            await anext(watching)
        with pytest.raises(ControlLost):
            await client.request(m.Why(0, 5))
        office.held.set()
        await closing
        await client.close()


async def test_no_switch_is_a_clear_sentence(path: Path) -> None:
    with pytest.raises(ControlLost, match=f"no switch answers on {path}: No such file or directory"):
        await connect(path)


async def test_followers_see_the_office_anew_after_each_restart(path: Path) -> None:
    seen: asyncio.Queue[object] = asyncio.Queue()
    following = asyncio.create_task(
        follow(path, seen.put_nowait, seen.put_nowait, lambda: seen.put_nowait("lost"))  # as bridge and web do
    )

    async def next_seen() -> object:
        return await asyncio.wait_for(seen.get(), PATIENCE)

    assert await next_seen() == "lost"  # it was not there yet
    for _ in range(3):
        async with SmallOffice(path) as office:
            now = await next_seen()
            assert isinstance(now, m.Office)
            assert now.seq == 0
            office.tell()
            event = await next_seen()
            assert isinstance(event, m.Happened)
            assert event.seq == 1
        assert await next_seen() == "lost"
    assert seen.empty()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


OFFICE = m.Office(version=m.VERSION, seq=0, name="", revision=0, calls=(), lines=(), queues=(), people=(), phones=())


async def _against(path: Path, *lines: bytes) -> tuple[asyncio.Server, Client]:
    """A client connected to a switch that says just this."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(line + b"\n" for line in lines))
        writer.close()
        await writer.wait_closed()

    return await asyncio.start_unix_server(speak, path), await connect(path)


async def test_events_of_a_newer_switch_are_passed_over(path: Path) -> None:
    known = encoded(m.Applied(seq=2, at=5, revision=4))
    server, client = await _against(
        path, b'{"id":1,"ok":' + encoded(OFFICE) + b"}", b'{"event":"moon-phase","seq":1,"at":5,"full":true}', known
    )
    watching = client.watch()
    assert await anext(watching) == OFFICE
    assert await anext(watching) == m.Applied(seq=2, at=5, revision=4)
    with pytest.raises(ControlLost):
        await anext(watching)
    server.close()
    await client.close()


async def test_a_program_too_slow_for_the_events_begins_anew(path: Path) -> None:
    event = encoded(m.Applied(seq=1, at=5, revision=4))
    server, client = await _against(path, b'{"id":1,"ok":' + encoded(OFFICE) + b"}", *[event] * (EVENTS_WAITING + 1))
    taken = 0
    with pytest.raises(ControlLost, match="too slow"):
        async for _ in client.watch():
            taken += 1
            with suppress(ControlLost):  # it waits for something else meanwhile
                await client.request(m.Why(0, 5))
    assert taken == 1 + EVENTS_WAITING
    server.close()
    await client.close()


@pytest.mark.parametrize("nonsense", [b"hello", b'{"id":1,"ok":{"version":"one"}}', b"[" * 5000, b"x" * 5_000_000])
async def test_nonsense_from_the_switch_is_a_lost_switch(path: Path, nonsense: bytes) -> None:
    server, client = await _against(path, nonsense)
    with pytest.raises(ControlLost):
        await anext(client.watch())
    server.close()
    await client.close()


async def test_another_version_of_the_language_is_refused(path: Path) -> None:
    office = encoded(OFFICE).replace(b'"version":1', b'"version":2')
    server, client = await _against(path, b'{"id":1,"ok":' + office + b"}")
    with pytest.raises(m.Refused, match="speaks version 2"):
        await anext(client.watch())
    server.close()
    await client.close()
