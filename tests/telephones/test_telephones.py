# SPDX-License-Identifier: GPL-2.0-or-later
"""The telephones of the tests, against one another: what they cannot do here, no test of the box may rely on."""

import asyncio
from pathlib import Path

import pytest

from appliance.programs.demo.phone import Phone
from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp


@pytest.fixture(autouse=True)
def freed_memory_holds_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a telephone reads after it was freed is then wrong always, not once in a hundred calls."""
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=165")


@pytest.fixture
def says_700(tmp_path: Path) -> Path:
    return tone.write(tmp_path / "700.wav", 700, 30)


def desk_phone(
    folder: Path, ports: Ports, says: Path, registrar: int = 9, *, password: str = "right", registers: bool = False
) -> Baresip:
    return Baresip(
        folder / "anna", ports, user="desk1", password=password, registrar=f"127.0.0.1:{registrar}", says=says,
        expires=600 if registers else 0,
    )  # fmt: skip


async def test_a_desk_phone_registers_with_its_password(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    async with Sipp(tmp_path / "sipp", ports, "registrar", number="desk1", password="right") as registrar:
        async with desk_phone(tmp_path, ports, says_700, registrar.port, registers=True) as anna:
            await anna.registered()
        lines = [message.first for message in registrar.messages()]
        assert lines[1] == "SIP/2.0 401 Unauthorized" and "SIP/2.0 200 OK" in lines


async def test_a_desk_phone_with_another_password_does_not(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    async with Sipp(tmp_path / "sipp", ports, "registrar", number="desk1", password="right") as registrar:
        async with desk_phone(tmp_path, ports, says_700, registrar.port, password="wrong", registers=True) as anna:
            assert "403" in (await anna.event("REGISTER_FAIL")).detail


async def test_a_caller_from_outside_and_a_desk_phone_hear_each_other(
    tmp_path: Path, ports: Ports, says_700: Path
) -> None:
    rtp = ports.take(2)
    async with desk_phone(tmp_path, ports, says_700) as anna, Rtp(rtp, tone.samples(1000, 1, 8000)) as caller:
        async with Sipp(
            tmp_path / "sipp", ports, "caller-hangs-up",
            to=f"127.0.0.1:{anna.sip}", number="desk1", name="Mr Kazlauskas", rtp=rtp, talk=2,
        ) as outside:  # fmt: skip
            await anna.rings()
            assert anna.screen() == "Mr Kazlauskas"
            await anna.accept()
            await anna.talks()
            caller.press("42#")
            await anna.closed()
            assert (await outside.finished()).succeeded == 1
        assert tone.heard(anna.heard(), 1000) > 0.8
        assert tone.heard(caller.heard(tmp_path / "caller.wav"), 700) > 1.5
        assert [event.detail for event in anna.seen.all if event.type == "CALL_DTMF_START"] == ["4", "2", "#"]


async def test_a_desk_phone_calls_presses_keys_and_hangs_up(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    rtp = ports.take(2)
    async with Sipp(tmp_path / "sipp", ports, "callee-waits", rtp=rtp, talk=0.3) as outside, Rtp(rtp) as callee:
        async with desk_phone(tmp_path, ports, says_700, outside.port) as anna:
            await anna.dial("+37060000002")
            await anna.event("CALL_RINGING")
            await anna.talks()
            await anna.press("15")
            await anna.hang_up()
            await anna.closed()
            assert (await outside.finished()).succeeded == 1
    assert callee.keys == "15"
    assert "INVITE sip:+37060000002@" in outside.messages()[0].first


async def test_a_caller_gives_up(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    async with desk_phone(tmp_path, ports, says_700) as anna:
        async with Sipp(
            tmp_path / "sipp", ports, "caller-gives-up", to=f"127.0.0.1:{anna.sip}", number="desk1", talk=0.5
        ) as outside:
            await anna.rings()
            await anna.closed()
            await outside.finished()


async def test_both_sides_can_hang_up_first(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    async with desk_phone(tmp_path, ports, says_700) as anna:
        to = f"127.0.0.1:{anna.sip}"
        async with Sipp(tmp_path / "sipp", ports, "caller-waits", to=to, number="desk1") as outside:
            await anna.rings()
            await anna.accept()
            await anna.talks()
            await anna.hang_up()
            await outside.finished()


async def test_a_call_declined_is_told_apart(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    async with Sipp(tmp_path / "sipp", ports, "callee-busy") as outside:
        async with desk_phone(tmp_path, ports, says_700, outside.port) as anna:
            await anna.dial("100")
            assert "486" in (await anna.closed()).detail


async def test_what_does_not_happen_is_said_with_what_did(tmp_path: Path, ports: Ports, says_700: Path) -> None:
    async with desk_phone(tmp_path, ports, says_700) as anna:
        with pytest.raises(NotSeen, match="desk1: no CALL_INCOMING .within 0.2 s.; seen: nothing"):
            await anna.rings(within=0.2)
    with pytest.raises(ProcessLookupError):
        await asyncio.to_thread(anna._process.send_signal, 0)


async def test_a_softphone_calls_a_desk_phone_and_both_hear_each_other(
    tmp_path: Path, ports: Ports, says_700: Path
) -> None:
    says_1000 = tone.write(tmp_path / "1000.wav", 1000, 1)
    async with desk_phone(tmp_path, ports, says_700) as anna:
        async with Phone("outside", tmp_path / "outside", ports, says=says_1000) as outside:
            outside.call(f"sip:desk1@127.0.0.1:{anna.sip}", number="+37060000001", name="Mr Kazlauskas")
            await anna.rings()
            assert anna.screen() == "Mr Kazlauskas"
            await anna.accept()
            await outside.event("talking")
            assert (await outside.event("audio"))["codec"] == "PCMA"
            await anna.press("7")
            assert (await outside.event("key"))["key"] == "7"
            outside.press("9")
            await anna.event("CALL_DTMF_END")
            await anna.listens(1.0)
            outside.hang_up()
            await anna.closed()
            heard = Path((await outside.event("over"))["heard"])
    assert tone.heard(anna.heard(), 1000) > 0.8
    assert tone.heard(heard, 700) > 0.8


async def test_softphones_register_answer_by_themselves_and_decline(
    tmp_path: Path, ports: Ports, says_700: Path
) -> None:
    async with (
        Sipp(tmp_path / "sipp", ports, "registrar", number="desk2", password="right") as registrar,
        Phone("boris", tmp_path / "boris", ports, says=says_700, codecs=("G722",)) as boris,
        Phone("outside", tmp_path / "outside", ports, says=says_700, codecs=("PCMA", "G722")) as outside,
    ):
        boris.register(f"127.0.0.1:{registrar.port}", "desk2", "right")
        await boris.event("registered")
        boris.answer_after(0.3)
        outside.call(f"sip:desk2@127.0.0.1:{boris.port}", number="+37060000001")
        rang = await boris.event("rings")
        talking = await boris.event("talking")
        assert 0.3 <= talking["at"] - rang["at"] < 0.6
        assert (await outside.event("audio"))["codec"] == "G722"
        boris.hang_up()
        assert (await outside.event("over"))["code"] == 200
        boris.answer_after(None)
        outside.call(f"sip:desk2@127.0.0.1:{boris.port}", number="+37060000001")
        await boris.event("rings")
        boris.decline(486)
        assert (await outside.event("over"))["code"] == 486


async def test_a_softphone_that_cannot_start_says_why(tmp_path: Path, ports: Ports) -> None:
    with pytest.raises(NotSeen, match="(?s)its process ended: .*does not start with .*no-such.wav"):
        async with Phone("broken", tmp_path / "broken", ports, says=tmp_path / "no-such.wav"):
            pass


async def test_a_softphone_without_pjsip_says_what_to_do(
    tmp_path: Path, ports: Ports, says_700: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pjsua2.py").write_text("raise ImportError('libpjsua2.so.2: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotSeen, match=r"bindings are missing \(libpjsua2.so.2.*`make setup`") as told:
        async with Phone("broken", tmp_path / "broken", ports, says=says_700):
            pass
    assert "Traceback" not in str(told.value)
