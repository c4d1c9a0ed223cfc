# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem plugged into the box: it is found, set up, called and calls, and goes, whatever family it is of."""

import asyncio
import errno
import fcntl
import os
import random
import re
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.lines.at.calls import Changed, Event, Incoming, Named, Over, Second
from appliance.lines.at.facts import State
from appliance.lines.at.pdu import Report
from appliance.lines.at.texts import Text, Together
from appliance.lines.modems.messages import Came, NotSent
from appliance.lines.modems.modem import Modem, Standing
from appliance.lines.modems.setup import Unfit
from appliance.lines.modems.talk import Lost
from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.mobile import HELLO

ANNA, BORIS = "+15550100", "+15550101"
FRONT = "0791447700090000440C91447700091032000862118281035180"  # one part, in UCS2
ALL = pytest.mark.parametrize("family", DIALECTS)


@dataclass
class Office:
    """Hears what a modem tells."""

    told: list[Event] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    keys: str = ""
    why: str = ""
    keep: Callable[[Came], Awaitable[None]] | None = None
    together: Together = field(default_factory=Together)
    gone: list[Came] = field(default_factory=list)  # from the modem's memory
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def stands(self, standing: Standing, why: str) -> None:
        self.standings.append(standing)
        self.why = why
        self.changed.set()

    def call(self, event: Event) -> None:
        self.told.append(event)
        self.changed.set()

    def digit(self, digit: str) -> None:
        self.keys += digit
        self.changed.set()

    def signal(self, dbm: int | None) -> None:
        self.changed.set()

    def learned(self, what: str, value: str) -> None:
        self.known[what] = value
        self.changed.set()

    async def message(self, came: Came) -> bool:
        if self.keep:
            await self.keep(came)
        assert came.message
        body, part = came.message.body, came.message.body.part
        whole = Text(came.message.sender, came.message.at, body.text)
        self.texts += self.together.add(came.message, part, came.place or 0, 0) if part else [whole]
        self.changed.set()
        return True

    def deleted(self, came: Came) -> None:
        self.gone.append(came)

    async def report(self, report: Report) -> None:
        self.reports.append(report)
        self.changed.set()

    async def until(self, what: Callable[[], object], within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while not what():
                self.changed.clear()
                await self.changed.wait()

    async def ready(self) -> None:
        await self.until(lambda: self.standings[-1:] == ["ready"])


async def no_wait(seconds: float) -> None:
    """Waits between looks are not waited out."""
    await asyncio.sleep(min(seconds, 0.002))


@asynccontextmanager
async def plugged(
    family: str, tmp_path: Path, prepare: Callable[[Simulator], object] = lambda _: None, pin: str = "", **more: object
) -> AsyncIterator[tuple[Simulator, Modem, Office]]:
    """A modem in use."""
    simulator = Simulator(DIALECTS[family], tmp_path / "modem-at")
    prepare(simulator)
    simulator.plug()
    office = Office()
    modem = Modem(str(simulator.link), office, pin=pin, sleep=no_wait, **more)  # type: ignore[arg-type]
    running = asyncio.create_task(modem.run())
    try:
        yield simulator, modem, office
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        simulator.unplug()
        assert running.cancelled()


@ALL
async def test_a_modem_is_set_up_and_registered(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        assert office.standings == ["starting", "ready"]
        assert modem.identity.imei == "350000000000006"
        assert modem.identity.model == simulator.dialect.model
        assert simulator.dialect.revision.endswith(modem.identity.revision)
        assert modem.fitted
        assert [sound.way for sound in modem.sounds] == {
            "ec25": ["uac", "tty"],
            "sim7600": ["tty"],
            "e1550": ["tty"],
            "sim800": [],
        }[family]
        assert "AT+CLIP=1" in simulator.heard and "AT+CMGF=0" in simulator.heard


@ALL
async def test_a_caller_is_known_within_one_and_a_half_seconds(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, _, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told, within=1.5)
        assert office.told == [Incoming(1, ANNA)]


@ALL
async def test_a_call_is_answered_and_the_caller_hangs_up(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        assert await modem.answer(1)
        await office.until(lambda: len(office.told) == 2)
        simulator.far_presses("5#")
        if simulator.dialect.key:
            await office.until(lambda: office.keys == "5#")
        simulator.far_hangs_up()
        await office.until(lambda: len(office.told) == 3)
        assert office.told == [Incoming(1, ANNA), Changed(1, State.ACTIVE), Over(1, 16)]


@ALL
async def test_who_hangs_up_as_he_is_answered_holds_up_nothing(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        simulator.far_hangs_up()
        await modem.answer(1)
        async with asyncio.timeout(20):
            assert await modem.dial(BORIS)
        await simulator.until(lambda: simulator.calls[0].number == BORIS)


@ALL
async def test_a_call_is_rejected_unanswered(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.hang_up(1)
        assert office.told == [Incoming(1, ANNA), Over(1, 16)]
        assert simulator.calls == []
        assert "ATA" not in simulator.heard


@ALL
async def test_we_call_press_keys_and_hang_up(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        assert await modem.dial(ANNA) == 1
        assert simulator.calls[0].number == ANNA
        simulator.far_rings()
        simulator.far_answers()
        await office.until(lambda: Changed(1, State.ACTIVE) in office.told)
        assert await modem.press(1, "12#")
        assert simulator.keys.endswith("12#")
        await modem.hang_up(1)
        assert simulator.calls == []
        assert office.told[-1] == Over(1, 16)
        assert [type(event) for event in office.told].count(Over) == 1


@pytest.mark.parametrize(
    ("family", "word", "cause"), [("ec25", "BUSY", 17), ("sim800", "NO ANSWER", 19), ("e1550", "", 17)]
)
async def test_a_call_of_ours_that_fails_says_why(family: str, word: str, cause: int, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        await modem.dial(ANNA)
        simulator.far_hangs_up(cause, word)
        await office.until(lambda: office.told[-1:] == [Over(1, cause)])


async def test_a_number_that_comes_late_does_not_hold_the_call_up(tmp_path: Path) -> None:
    def late(simulator: Simulator) -> None:
        simulator.number_from_ring, simulator.ring_every = 2, 2.0

    async with plugged("e1550", tmp_path, late) as (simulator, _, office):
        simulator.refuses.add("+CLCC")
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told, within=1.8)
        assert office.told == [Incoming(1, "")]
        await office.until(lambda: len(office.told) == 2)
        assert office.told[1] == Named(1, ANNA)


@ALL
async def test_a_caller_whose_number_never_comes_is_told_of_after_one_and_a_half_seconds(
    family: str, tmp_path: Path
) -> None:
    async with plugged(family, tmp_path) as (simulator, _, office):
        simulator.tells_numbers, simulator.hides_numbers = False, True
        await office.ready()
        began = asyncio.get_running_loop().time()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        assert office.told == [Incoming(1, "")]
        assert 1.4 <= asyncio.get_running_loop().time() - began <= 2.5  # with room for a busy machine


async def test_a_number_that_is_not_told_is_looked_up(tmp_path: Path) -> None:
    async with plugged("sim800", tmp_path) as (simulator, _, office):
        simulator.tells_numbers = False
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told, within=1.5)
        assert office.told == [Incoming(1, ANNA)]


async def test_the_second_callers_number_is_told_and_he_can_be_refused(tmp_path: Path) -> None:
    async with plugged("sim7600", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.knock(BORIS)
        await office.until(lambda: Second(2, BORIS, False) in office.told)
        await modem.hang_up(2)
        assert [call.number for call in simulator.calls] == [ANNA]
        assert not [event for event in office.told if isinstance(event, Over)]


async def test_an_end_that_the_modem_does_not_tell_is_found(tmp_path: Path) -> None:
    async with plugged("sim800", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.calls.clear()
        await office.until(lambda: office.told[-1:] == [Over(1, 16)], within=3)


@ALL
async def test_unplugged_in_mid_call_and_plugged_in_again_under_another_number(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.unplug()
        await office.until(lambda: office.told[-1:] == [Over(1, 38)])
        with pytest.raises(Lost):
            await modem.dial(BORIS)
        spare = os.openpty()  # so that the number is another
        simulator.plug()
        await office.until(lambda: office.standings[-1] == "ready", within=15)
        for each in spare:
            os.close(each)
        assert "absent" in office.standings
        simulator.ring(BORIS)
        await office.until(lambda: office.told[-1:] == [Incoming(2, BORIS)])


@ALL
async def test_messages_come_in_and_are_deleted_once_they_are_kept(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path, lambda modem: modem.memory.update({1: HELLO})) as (simulator, _, office):
        await office.ready()
        kept = asyncio.Event()

        async def keep(came: Came) -> None:
            assert came.place in simulator.memory
            await kept.wait()

        await office.until(lambda: office.texts)
        office.keep = keep
        simulator.text_comes(HELLO)
        await asyncio.sleep(0.1)
        assert simulator.memory
        kept.set()
        await simulator.until(lambda: not simulator.memory)
        assert [(text.sender, text.text) for text in office.texts] == [("+447700900123", "hellohello")] * 2


async def test_a_message_that_was_not_kept_when_the_power_went_is_told_at_the_next_start(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        keeping = asyncio.Event()

        async def keep(came: Came) -> None:
            keeping.set()
            await asyncio.Event().wait()

        office.keep = keep
        simulator.text_comes(HELLO)
        await keeping.wait()
        left = dict(simulator.memory)
    assert left and not office.texts
    async with plugged("ec25", tmp_path, lambda modem: modem.memory.update(left)) as (simulator, _, office):
        await office.until(lambda: office.texts)
        await simulator.until(lambda: not simulator.memory)
        assert [text.text for text in office.texts] == ["hellohello"]


@ALL
async def test_a_long_message_is_sent_and_its_report_comes(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        assert await modem.send("+447700900123", "x" * 200, report=True) == [1, 2]
        assert [pdu[:4] for pdu in simulator.sent] == ["0061", "0061"]
        assert all("0C91447700091032" in pdu for pdu in simulator.sent)
        simulator.text_comes("0006020C91447700091032621182810351806211828103518000", report=True)
        await office.until(lambda: office.reports)
        assert (office.reports[0].reference, office.reports[0].delivered) == (2, True)
        await simulator.until(lambda: not simulator.memory)


async def test_a_message_the_network_refuses_says_so(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.refuses.add("+CMGS")
        with pytest.raises(NotSent, match="part 1 of 1"):
            await modem.send(ANNA, "hello")


@ALL
async def test_a_balance_is_asked_for(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path, lambda modem: modem.replies.update({"*100#": "Hi There"})) as (
        _,
        modem,
        office,
    ):
        await office.ready()
        assert await modem.code("*100#") == "Hi There"


@ALL
async def test_bad_manners_do_not_confuse_us(family: str, tmp_path: Path) -> None:
    """An echo that will not stop, noise on the wire, and messages told in the middle of answers."""

    def bad(simulator: Simulator) -> None:
        simulator.keeps_echo, simulator.noise = True, b"\x00\xff\r\r\n"
        simulator.between = ["^RSSI:20", '+CREG: 1,"00C3","0A1B2C3D",7']

    async with plugged(family, tmp_path, bad) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        simulator.between = ['+CMTI: "SM",7', "RING"]
        assert await modem.answer(1)
        assert await modem.send(BORIS, "hello") == [1]
        simulator.far_hangs_up()
        await office.until(lambda: office.told[-1:] == [Over(1, 16)])
        assert office.told == [Incoming(1, ANNA), Changed(1, State.ACTIVE), Over(1, 16)]


async def test_a_modem_stuck_in_a_message_text_is_freed(tmp_path: Path) -> None:
    async with plugged("e1550", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.prompt_sticks = True
        sending = asyncio.create_task(modem.send(ANNA, "hello"))
        await simulator.until(lambda: simulator.in_text)
        talk = modem.talk
        assert talk and talk.engine.command
        talk.engine.due = talk.now  # a minute later
        talk.late()
        with pytest.raises(NotSent):
            await sending
        assert await modem.code("*100#") == "?"
        assert office.standings[-1] == "ready"


async def test_an_answer_that_comes_late_is_not_taken_for_the_next(tmp_path: Path) -> None:
    async with plugged("sim7600", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        simulator.late = 1.1  # the list of calls has a second
        await simulator.until(lambda: not simulator.late)
        simulator.refuses.add("+VTS")
        assert not await modem.press(1, "5")
        assert office.standings[-1] == "ready" and len(office.told) == 1


async def test_a_long_message_comes_in_in_parts_the_second_one_by_itself(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        await simulator.until(lambda: "AT+CMGL=4" in simulator.heard)  # it was read through
        first = simulator.text_comes(FRONT + "0A" + "0500030902010068" + "0065")
        second = FRONT + "0A" + "0500030902020079" + "0021"
        await simulator.until(lambda: f"AT+CMGR={first}" in simulator.heard)
        await simulator.until(lambda: not simulator.memory)
        assert not office.texts, "told without its other part"
        simulator.write(f"\r\n+CMT: ,{len(second) // 2 - 8}\r\n{second}\r\n")
        await office.until(lambda: office.texts)
        await simulator.until(lambda: not simulator.memory and "AT+CNMA" in simulator.heard)
        assert [(text.text, text.whole) for text in office.texts] == [("hey!", True)]


async def test_a_silent_modem_is_helped_up_the_ladder(tmp_path: Path) -> None:
    rungs: list[str] = []

    async def reset(path: str, rung: object) -> None:
        rungs.append(getattr(rung, "do", ""))
        simulator.mute = False

    async with plugged("sim7600", tmp_path, reset=reset) as (simulator, modem, office):
        await office.ready()
        simulator.mute = True
        talk = modem.talk
        assert talk
        hurry = asyncio.create_task(hurried(modem))
        await office.until(lambda: rungs, within=30)
        hurry.cancel()
        await office.until(lambda: office.standings[-1] == "ready", within=15)
        assert rungs == ["usb"]
        assert "silent" in office.standings


async def hurried(modem: Modem) -> None:
    """Time-outs come at once."""
    while True:
        await asyncio.sleep(0.01)
        talk = modem.talk
        modem.calls.look_now = True
        modem.wake.set()
        if talk and talk.engine.due is not None:
            talk.engine.due = talk.now
            talk.late()


async def test_a_pin_is_entered_once_and_only_with_tries_to_spare(tmp_path: Path) -> None:
    def locked(simulator: Simulator) -> None:
        simulator.pin, simulator.locked, simulator.tries = "1234", True, 3

    async with plugged("ec25", tmp_path, locked, pin="1234") as (simulator, _, office):
        await office.ready()
        assert [each for each in simulator.heard if "CPIN=" in each] == ['AT+CPIN="1234"']


@ALL
@pytest.mark.parametrize(
    ("tries", "pin", "why"),
    [(1, "1234", "sim-pin-at-risk"), (3, "", "sim-pin-wanted"), (3, "9999", "sim-pin-refused")],
)
async def test_a_sim_is_not_locked_by_us(family: str, tries: int, pin: str, why: str, tmp_path: Path) -> None:
    def locked(simulator: Simulator) -> None:
        simulator.pin, simulator.locked, simulator.tries = "1234", True, tries

    async with plugged(family, tmp_path, locked, pin=pin) as (simulator, modem, office):
        await office.until(lambda: re.match(why, office.why))
        await office.until(lambda: office.standings.count("unfit") >= 3)
        assert simulator.tries == tries - (why == "sim-pin-refused")
        with pytest.raises((Unfit, Lost)):
            await modem.dial(ANNA)


async def test_a_stranger_is_left_alone(tmp_path: Path) -> None:
    def stranger(simulator: Simulator) -> None:
        simulator.dialect = type(simulator.dialect)("ZTE", "MF190", "1")

    async with plugged("ec25", tmp_path, stranger) as (_, _, office):
        await office.until(lambda: office.why == "unknown-modem: ZTE MF190")


async def test_without_a_network_the_line_is_not_used(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path, lambda modem: setattr(modem, "registered", False)) as (
        simulator,
        modem,
        office,
    ):
        await office.until(lambda: office.standings == ["starting", "searching"])
        with pytest.raises(Unfit):
            await modem.dial(ANNA)
        simulator.say('+CREG: 5,"00C3","0A1B2C3D",7')
        await office.ready()


async def test_two_programs_never_share_a_port(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, modem, office):
        await office.ready()
        second = Office()
        other = asyncio.create_task(Modem(str(simulator.link), second, sleep=no_wait).run())
        await asyncio.sleep(0.2)
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        assert "ready" not in second.standings
        assert modem.talk and office.standings[-1] == "ready"
        held = os.open(simulator.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) if os.geteuid() == 0 else -1
        if held >= 0:  # root may open it, and sees both locks
            with pytest.raises(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert int.from_bytes(fcntl.ioctl(held, 0x80045440, bytes(4)), "little") == 1
            os.close(held)


async def test_a_modem_that_refuses_to_be_told_of_control_lines_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ioctl = fcntl.ioctl

    def refused(file: int, request: int, *more: object) -> object:
        if request in (termios.TIOCMBIS, termios.TIOCMBIC):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        return ioctl(file, request, *more)

    monkeypatch.setattr(fcntl, "ioctl", refused)
    async with plugged("ec25", tmp_path) as (_, _, office):
        await office.ready()


async def test_a_port_held_by_a_program_that_knows_only_the_other_lock_is_left_to_it(tmp_path: Path) -> None:
    def held(simulator: Simulator) -> None:
        plug = simulator.plug

        def plug_and_hold() -> None:
            plug()
            fcntl.ioctl(simulator.slave, termios.TIOCEXCL)

        simulator.plug = plug_and_hold  # type: ignore[method-assign]

    async with plugged("ec25", tmp_path, held) as (simulator, _, office):
        await asyncio.sleep(0.2)
        assert "starting" not in office.standings and simulator.heard == []
        fcntl.ioctl(simulator.slave, termios.TIOCNXCL)
        await office.ready()


async def test_a_listener_slow_to_keep_a_message_holds_up_no_call(tmp_path: Path) -> None:
    async with plugged("sim800", tmp_path) as (simulator, modem, office):
        await office.ready()
        keeping = asyncio.Event()

        async def keep(came: Came) -> None:
            keeping.set()
            await asyncio.Event().wait()

        office.keep = keep
        simulator.text_comes(HELLO)
        await keeping.wait()
        simulator.tells_numbers = False
        simulator.ring(ANNA)
        await office.until(lambda: office.told == [Incoming(1, ANNA)])
        assert await modem.answer(1)
        await modem.hang_up(1)
        assert office.told[-1] == Over(1, 16)


async def test_a_call_can_be_ended_when_the_network_is_gone(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.registered = False
        simulator.say("+CREG: 0")
        await office.until(lambda: office.standings[-1] == "searching")
        await modem.hang_up(1)
        assert simulator.calls == [] and office.told[-1] == Over(1, 16)


def swapped(value: int) -> str:
    """Two figures as short messages have them."""
    return f"{value % 10}{value // 10}"


async def test_a_storm_of_messages_comes_in_once_each(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        for at in range(1000):
            stamp = "62118281" + swapped(at // 60) + swapped(at % 60) + "80"
            simulator.text_comes(HELLO.replace("62118281035180", stamp))
            if at % 20 == 19:
                await simulator.until(lambda: not simulator.memory)
        await office.until(lambda: len(office.texts) == 1000)
        assert len({text.at for text in office.texts}) == 1000


async def test_whatever_bytes_a_modem_sends_it_stays_in_use(tmp_path: Path) -> None:
    dice = random.Random(1)
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        for _ in range(100):
            piece = dice.choice(
                [b"+CMTI: ", b"+CMT: ,9\r\n", b"+CLCC: 1,1,", b"> ", b"RING\r\n", b'"', b"\r\n", b"+CUSD: "]
            )
            os.write(simulator.master, piece + dice.randbytes(dice.randint(0, 60)))
            await asyncio.sleep(0.002)
        simulator.say("")
        simulator.ring(BORIS)
        await office.until(lambda: any(getattr(event, "number", "") == BORIS for event in office.told))
