# SPDX-License-Identifier: GPL-2.0-or-later
"""What lines keep over a cut of the power, and find again when ports get other names: the journal is the real one."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.calls.texts import Sms
from appliance.lines.at.facts import State
from appliance.lines.at.pdu import Deliver, decode, encode
from appliance.lines.at.texts import bodies
from appliance.lines.lines import Lines
from appliance.lines.modems.messages import Came
from appliance.lines.modems.port import closed, opened
from appliance.lines.usb import Found, Watch, together
from appliance.programs.demo.modem.simulator import Simulator
from appliance.settings.load import parse
from appliance.settings.passwords import LineSecret, Secrets
from appliance.sip.names import Stall
from appliance.store.journal import Journal
from appliance.store.reader import Reader
from tests.lines.far_end import RATE, FarEnd
from tests.lines.mobile import IMEI, OTHER_IMEI, modem
from tests.lines.silent import Silent
from tests.telephones import tone

OFFICE = '[office]\nname = "Example Ltd"\ncountry = "LT"\ntime_zone = "Europe/Vilnius"\n'


class Box:
    """The lines of a box, and all that they tell. Satisfies lines.Told and what lines tell of ports.Listener."""

    def __init__(self, folder: Path, document: str, pin: str = "", watch: Watch | None = None) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal.db", lambda id, said: pytest.fail(said), delay=0.01)
        self.told: list[Sms] = []
        self.incoming_on: list[str] = []
        self.over_with: list[int] = []
        self.legs: list[int] = []
        self.answered_legs: list[int] = []
        silent = Silent(lambda leg, digit: None)
        self.lines = Lines(self, silent, self.journal, self, folder, _now, watch, folder / "sysfs")  # type: ignore[arg-type]
        reader = Reader(folder / "journal.db")
        self.lines.learn(reader.sms_parts(), reader.sms_waiting(), reader.sms_newest())
        secret = LineSecret.model_validate({"pin": pin} if pin else {})
        self.lines.configure(parse(OFFICE + document, folder / "office.toml"), Secrets(line={"gsm": secret}))

    def line(self, line: str, usable: bool, why: str) -> None: ...
    def line_changed(self, line: str) -> None: ...
    def answered(self, leg: int) -> None:
        self.answered_legs.append(leg)

    def named(self, leg: int, number: str) -> None: ...
    def sms(self, sms: Sms) -> None:
        self.told.append(sms)

    def incoming(self, leg: int, source: str, *_: object) -> None:
        self.incoming_on.append(source)
        self.legs.append(leg)

    def over(self, leg: int, cause: int) -> None:
        self.over_with.append(cause)

    async def stands(self, standing: str, name: str = "gsm", within: float = 30.0) -> None:
        await until(lambda: self.lines.seen(name).standing == standing, within)  # type: ignore[union-attr]

    async def close(self) -> None:
        await self.lines.close()
        await asyncio.to_thread(self.journal.close)


def _now() -> int:
    return time.time_ns() // 1_000_000


async def until(what, within: float = 30.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(within):
        while not what():
            await asyncio.sleep(0.02)


def table(simulator: Simulator, name: str = "gsm", port: str = "", more: str = "") -> str:
    return f'[line.{name}]\nkind = "modem"\nport = "{port or simulator.link}"\n{more}\n'


async def test_a_pin_that_was_refused_is_not_tried_again_by_a_restart(tmp_path: Path) -> None:
    gsm = modem(tmp_path)
    gsm.pin, gsm.locked = "4711", True
    gsm.plug()
    for why in ("sim-pin-refused", "sim-pin-at-risk"):
        box = Box(tmp_path, table(gsm), pin="1234")
        await box.stands("unfit")
        assert box.lines.seen("gsm").why.startswith(why)  # type: ignore[union-attr]
        await box.close()
        gsm.unplug()
        gsm.plug()
    assert gsm.tries == 2
    gsm.unplug()
    assert "1234" not in (tmp_path / "refused-pins.json").read_text()


async def test_two_modems_whose_ports_change_places_stay_the_lines_they_are(tmp_path: Path) -> None:
    one, two = modem(tmp_path, "1"), modem(tmp_path, "2", "sim7600", OTHER_IMEI)
    ports = f"{tmp_path}/modem-?"
    document = table(one, "gsm", ports, f'imei = "{IMEI}"') + table(two, "other", ports, f'imei = "{OTHER_IMEI}"')
    one.plug()
    two.plug()
    box = Box(tmp_path, document)
    for in_a_call in (False, True):
        await asyncio.gather(box.stands("ready"), box.stands("ready", "other"))
        if in_a_call:
            one.ring("+37060000001")
            await until(lambda: box.incoming_on[-1:] == ["gsm"])
        one.unplug()
        two.unplug()
        await asyncio.gather(box.stands("absent"), box.stands("absent", "other"))
        assert box.over_with == ([38] if in_a_call else [])
        one.link, two.link = two.link, one.link
        one.plug()
        two.plug()
    await asyncio.gather(box.stands("ready", within=15), box.stands("ready", "other", within=15))
    two.ring("+37060000002")
    await until(lambda: box.incoming_on[-1:] == ["other"])
    await box.close()
    one.unplug()
    two.unplug()


def test_ports_are_known_by_socket_and_interface_whatever_they_are_called() -> None:
    ec25, sim7600 = (0x2C7C, 0x0125), (0x1E0E, 0x9001)
    found = [Found(f"/dev/ttyUSB{7 - n}", "1-1.3", ec25, n) for n in range(4)]
    found += [Found("hw:2,0", "1-1.3", ec25, None, sound=True)]
    found += [Found(f"/dev/ttyUSB{10 + n}", "1-1.4", sim7600, n) for n in range(5)]
    plugged = together(found)
    assert plugged["1-1.3"].at() == ["/dev/ttyUSB5"]
    assert plugged["1-1.3"].audio("/dev/ttyUSB5") == "/dev/ttyUSB6"
    assert plugged["1-1.3"].sound == "hw:2,0"
    assert plugged["1-1.4"].at()[0] == "/dev/ttyUSB12"
    assert plugged["1-1.4"].audio("/dev/ttyUSB12") == "/dev/ttyUSB14"
    assert together([Found("/dev/ttyUSB0", "1-2", (0x0403, 0x6001), 0)])["1-2"].at() == [], "no modem we know"


async def test_a_modem_that_is_plugged_in_and_no_lines_is_told(tmp_path: Path) -> None:
    ec25, serial = (0x2C7C, 0x0125), (0x0403, 0x6001)
    found = [Found(f"/dev/ttyUSB{n}", usb, ec25, n) for usb in ("1-1.3", "1-1.4") for n in range(4)]
    found.append(Found("/dev/ttyUSB9", "1-2", serial, 0))
    box = Box(tmp_path, '[line.gsm]\nkind = "modem"\nusb = "1-1.3"\n', watch=Watch(lambda: found))
    assert [(one.usb, one.family) for one in await box.lines.nobodys()] == [("1-1.4", "quectel")]
    await box.close()


async def sound_of_a_call(box: Box, simulator: Simulator, sound: str) -> None:
    """A call that is answered, and ended once its sound stands so."""
    await box.stands("ready")
    simulator.heard.clear()
    simulator.ring("+37060000001")
    await until(lambda: len(box.legs) > len(box.over_with))
    line = box.lines.of(box.legs[-1])
    assert line
    line.answer(box.legs[-1])
    await until(lambda: line.speech.standing == sound)
    simulator.far_hangs_up()
    await until(lambda: len(box.legs) == len(box.over_with) and line.known.sound == sound)


async def test_a_modem_that_gives_sound_to_one_call_alone_is_started_anew_and_gives_it_again(tmp_path: Path) -> None:
    simulator = modem(tmp_path, family="sim7600")
    simulator.sound_once = True
    simulator.plug()
    with FarEnd(tone.samples(1000, 1, RATE)) as far:
        simulator.far = far
        box = Box(tmp_path, table(simulator, more=f'audio_port = "{far.path}"'))
        try:
            await sound_of_a_call(box, simulator, "ok")
            await sound_of_a_call(box, simulator, "refused")
            await until(lambda: "AT+CRESET" in simulator.heard)
            await box.stands("absent")
            await sound_of_a_call(box, simulator, "ok")
        finally:
            await box.close()
            simulator.unplug()


async def test_sound_that_stalls_is_shown_and_a_port_that_is_gone_ends_the_call(tmp_path: Path) -> None:
    simulator = modem(tmp_path)
    simulator.plug()
    with FarEnd(tone.samples(1000, 1, RATE)) as far:
        box = Box(tmp_path, table(simulator, more=f'audio_port = "{far.path}"'))
        try:
            await box.stands("ready")
            simulator.ring("+37060000001")
            await until(lambda: box.legs)
            [leg] = box.legs
            line = box.lines.of(leg)
            assert line
            line.answer(leg)
            await until(lambda: line.known.sound == "ok")
            for code, sound in (
                (Stall.NOTHING_READ, "nothing-read"),
                (Stall.NOTHING_TAKEN, "nothing-taken"),
                (0, "ok"),
            ):
                box.lines.sounds(leg, code, 1000, "")
                assert line.known.sound == sound
            assert simulator.calls, "it was ended by a pause"
            box.lines.sounds(leg, Stall.GONE, 0, "No such device")
            await until(lambda: box.over_with)
            assert box.over_with == [38], "not as network out of order"
            assert line.known.sound == "gone" and not simulator.calls
            box.lines.sounds(leg, Stall.GONE, 0, "")  # it is over
        finally:
            await box.close()
            simulator.unplug()


async def test_a_port_that_another_program_has_is_waited_for_and_had_once_it_is_let_go(tmp_path: Path) -> None:
    simulator = modem(tmp_path)
    simulator.plug()
    with FarEnd(tone.samples(1000, 1, RATE)) as far:
        simulator.far = far
        box = Box(tmp_path, table(simulator, more=f'audio_port = "{far.path}"'))
        try:
            await box.stands("ready")
            theirs = opened(far.path, 115200)
            simulator.ring("+37060000001")
            await until(lambda: box.legs)
            line = box.lines.of(box.legs[0])
            assert line
            line.answer(box.legs[0])
            await until(lambda: line.known.sound == "port-taken")
            closed(theirs)
            await until(lambda: line.known.sound == "ok")
        finally:
            await box.close()
            simulator.unplug()


async def test_a_call_that_was_held_is_answered_once_and_its_sound_opened_once(tmp_path: Path) -> None:
    simulator = modem(tmp_path, family="sim7600")
    simulator.plug()
    with FarEnd(tone.samples(1000, 1, RATE)) as far:
        simulator.far = far
        box = Box(tmp_path, table(simulator, more=f'audio_port = "{far.path}"'))
        try:
            await box.stands("ready")
            simulator.ring("+37060000001")
            await until(lambda: box.legs)
            line = box.lines.of(box.legs[0])
            assert line
            line.answer(box.legs[0])
            await until(lambda: line.known.sound == "ok")
            states = []
            told = line.call
            line.call = lambda event: (states.append(getattr(event, "state", None)), told(event))  # type: ignore[method-assign,func-returns-value,assignment,misc]
            for stat, state in (("1", State.HELD), ("0", State.ACTIVE)):
                simulator.say(f'+CLCC: 1,1,{stat},0,0,"+37060000001",145')
                await until(lambda state=state: state in states)
            simulator.far_hangs_up()
            await until(lambda: box.over_with)
            assert box.answered_legs == box.legs, "answered twice"
            assert simulator.heard.count("AT+CPCMREG=1") == 1, "sound asked for twice"
        finally:
            await box.close()
            simulator.unplug()


def long(said: str, reference: int, at: datetime | None = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)) -> list[str]:
    return [encode(Deliver("+37060000001", at, body)) for body in bodies(said, reference)]


async def restarted(gsm: Simulator, box: Box) -> Box:
    """With the power of the modem, too."""
    await box.close()
    gsm.unplug()
    gsm.refuses = set()
    gsm.plug()
    return Box(box.folder, table(gsm))


def read_all(folder: Path) -> list[tuple[str, bool]]:
    return [(one.text, one.whole) for one in Reader(folder / "journal.db").sms()]


async def test_parts_that_the_power_left_undeleted_are_kept_once(tmp_path: Path) -> None:
    """The first part is deleted, then the power goes; the others are still in the modem when it is back."""
    gsm, said = modem(tmp_path), "А" * 200
    gsm.memory = dict(enumerate(long(said, 7), 1))
    gsm.refuses = {"+CMGD=2"}
    gsm.plug()
    box = Box(tmp_path, table(gsm))
    await until(lambda: box.told and list(gsm.memory) == [2])
    again = await restarted(gsm, box)
    await until(lambda: not gsm.memory)
    await again.close()
    gsm.unplug()
    assert not again.told
    assert read_all(tmp_path) == [(said, True)]


async def test_a_part_whose_modem_was_lost_while_it_was_written_down_is_not_forgotten(tmp_path: Path) -> None:
    box, parts = Box(tmp_path, ""), [Came(pdu, decode(pdu), n) for n, pdu in enumerate(long("z" * 200, 7), 1)]  # type: ignore[arg-type]
    lost = asyncio.create_task(box.lines.message("gsm", parts[0]))
    await asyncio.sleep(0)
    lost.cancel()
    for came in parts:
        assert await box.lines.message("gsm", came)
    await box.close()
    assert [one.text for one in box.told] == ["z" * 200]


async def test_a_sim_full_of_beginnings_has_room_at_once_and_their_ends_come_after_a_restart(tmp_path: Path) -> None:
    gsm, said = modem(tmp_path), [f"{n:02}" + "x" * 200 for n in range(20)]
    gsm.places = 20
    gsm.memory = {n + 1: long(said[n], n)[0] for n in range(20)}
    gsm.plug()
    box = Box(tmp_path, table(gsm))
    await until(lambda: not gsm.memory)
    gsm.text_comes(long("hello", 0)[0])
    await until(lambda: [one.text for one in box.told] == ["hello"])
    again = await restarted(gsm, box)
    await again.stands("ready")
    for n in range(20):
        gsm.text_comes(long(said[n], n)[1])
    await until(lambda: len(again.told) == 20)
    await again.close()
    gsm.unplug()
    assert sorted(read_all(tmp_path)) == sorted((each, True) for each in [*said, "hello"])


@pytest.mark.parametrize("said", ["hello", "y" * 200])
async def test_a_text_without_a_time_is_told_once_over_a_restart_and_again_when_it_is_sent_again(
    said: str, tmp_path: Path
) -> None:
    gsm, pdus = modem(tmp_path), long(said, 7, None)
    gsm.memory = dict(enumerate(pdus, 1))
    gsm.refuses = {"+CMGD"}
    gsm.plug()
    box = Box(tmp_path, table(gsm))
    await until(lambda: box.told and f"AT+CMGD={len(pdus)}" in gsm.heard)
    again = await restarted(gsm, box)
    await until(lambda: not gsm.memory)
    await again.stands("ready")
    assert not again.told
    for pdu in pdus:
        gsm.text_comes(pdu)
    await until(lambda: again.told and not gsm.memory)
    await again.close()
    gsm.unplug()
    assert read_all(tmp_path) == [(said, True)] * 2


TWICE = encode(Deliver("+37060000001", datetime.now(UTC), bodies("help", 0)[0]))


async def test_a_text_that_somebody_sends_twice_within_a_second_is_two_also_over_a_restart(tmp_path: Path) -> None:
    gsm = modem(tmp_path)
    gsm.memory = {1: TWICE, 2: TWICE}
    gsm.refuses = {"+CMGD"}
    gsm.plug()
    box = Box(tmp_path, table(gsm))
    await until(lambda: len(box.told) == 2)
    again = await restarted(gsm, box)  # the modem tells both again
    await until(lambda: not gsm.memory)
    await again.stands("ready")
    gsm.text_comes(TWICE)  # to the place of the first, which is deleted
    await until(lambda: again.told and not gsm.memory)
    await again.close()
    gsm.unplug()
    assert read_all(tmp_path) == [("help", True)] * 3


async def test_a_text_that_the_network_sends_again_as_it_did_not_hear_of_its_receipt_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gsm = modem(tmp_path)
    gsm.plug()
    box = Box(tmp_path, table(gsm))
    gsm.text_comes(TWICE)
    await until(lambda: box.told and not gsm.memory)
    monkeypatch.setitem(globals(), "_now", lambda: time.time_ns() // 1_000_000 + 35_000)
    again = await restarted(gsm, box)
    gsm.text_comes(TWICE)
    await until(lambda: not gsm.memory)
    await again.close()
    gsm.unplug()
    assert read_all(tmp_path) == [("help", True)]


async def test_a_long_text_whose_end_never_comes_is_told_with_a_gap_a_day_later_whatever_the_modem_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gsm = modem(tmp_path)
    gsm.memory = {1: long("z" * 200, 7)[0]}
    gsm.plug()
    box = Box(tmp_path, table(gsm))
    await until(lambda: not gsm.memory)
    await box.close()
    gsm.unplug()
    monkeypatch.setitem(globals(), "_now", lambda: time.time_ns() // 1_000_000 + 24 * 60 * 60 * 1000)
    again = Box(tmp_path, table(gsm))
    await until(lambda: again.told)
    await again.close()
    assert read_all(tmp_path) == [("z" * 153 + "[…]", False)]
