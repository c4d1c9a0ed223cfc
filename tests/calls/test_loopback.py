# SPDX-License-Identifier: GPL-2.0-or-later
"""A line that is checked calls the box itself: whose call it takes for its own, whose it does not, and when it gives way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.calls import loopback
from appliance.calls.loopback import Looped, NotChecked, Sent
from appliance.calls.ports import Vouched
from appliance.store.reader import Reader
from tests.calls.office import OFFICE, Office

MOBILE, LAND, CALLER = "+37060000100", "+37052000000", "+37060000001"
LINES = f"""
[line.gsm]
kind = "modem"
port = "/dev/null"
number = "{MOBILE}"
[line.exchange]
kind = "fxo"
channel = 1
number = "{LAND}"
"""
BACK = 50  # the leg that comes back
SENT = Sent(Path("signal.wav"), Path("silence.wav"), 0.1, "12")


class Loop:
    """An office in which `gsm` is checked, and what is played, recorded and pressed is so at once."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder, OFFICE.replace('lines = ["city"]\n', 'lines = ["city", "gsm"]\n') + LINES)
        self.control, self.lines = self.office.control, self.office.lines
        for name in ("gsm", "exchange"):
            self.control.line(name, True, "")
            self.lines.usable.add(name)
        self.swallowed = ""  # keys that do not come through
        self.out = self.back = 0
        played, stop, press = self.lines.play, self.lines.stop, self.lines.press
        loop = asyncio.get_running_loop()

        def plays(path: str, repeat: bool) -> int:
            port = played(path, repeat)
            loop.call_soon(self.control.played, port)
            return port

        def stops(port: int) -> None:
            stop(port)
            loop.call_soon(self.control.stopped, port, "")

        def presses(leg: int, keys: str) -> None:
            press(leg, keys)
            for key in keys:
                if key not in self.swallowed:
                    loop.call_soon(self.control.digit, self.back if leg == self.out else self.out, key)

        self.lines.play, self.lines.stop, self.lines.press = plays, stops, presses  # type: ignore[method-assign]

    def check(self, line: str = "gsm", to: str = "") -> "asyncio.Task[Looped]":
        return asyncio.create_task(self.control.loopback.run(line, to, SENT, Path("folder")))

    async def dials(self, line: str = "gsm") -> None:
        while not self.lines.legs.get(line):
            await asyncio.sleep(0)
        self.out = self.lines.legs[line][-1]

    def comes(self, number: str, line: str = "exchange", leg: int = BACK) -> None:
        self.back = leg
        self.control.incoming(leg, line, False, number, "", LAND)

    async def answers(self, leg: int = BACK) -> None:
        while not self.office.asked("answer", leg):
            await asyncio.sleep(0)
        self.control.answered(leg)
        self.control.answered(self.out)

    def rung(self) -> int:
        return sum(len(legs) for name, legs in self.lines.legs.items() if name in ("desk1", "desk2"))


@pytest_asyncio.fixture
async def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Loop]:
    for name in ("SETTLES", "TWICE"):
        monkeypatch.setattr(loopback, name, 0.0)
    for name in ("BACK_WITHIN", "BOTH_WITHIN", "KNOWN_WITHIN", "FIRST_KEY", "NEXT_KEY"):
        monkeypatch.setattr(loopback, name, 0.2)
    it = Loop(tmp_path)
    yield it
    it.office.close()


async def refused(check: "asyncio.Task[Looped]") -> str:
    with pytest.raises(NotChecked) as why:
        await check
    return why.value.id


async def test_its_own_call_is_answered_by_nobody_else(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    assert loop.lines.shown[-1][:2] == ("gsm", LAND)
    loop.comes("860000100")  # as the exchange writes it
    await loop.answers()
    looped = await check
    assert (looped.other, looped.said.keys, looped.heard.keys) == ("exchange", "12", "12")
    assert [path for path in loop.lines.files.values() if "wav" in path] == [
        "silence.wav",
        "folder/both.wav",
        *(f"folder/said-{what}.wav" for what in ("heard", "timed", "back")),
        "signal.wav",
        *(f"folder/heard-{what}.wav" for what in ("heard", "timed", "back")),
        "signal.wav",
    ]
    assert loop.rung() == 0
    assert loop.office.asked("hang up", loop.out) == loop.office.asked("hang up", BACK) == [16]
    assert not loop.control.calls


async def test_both_ends_of_it_are_heard_and_nobody_else(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.comes(MOBILE)
    heard: list[set[tuple[int, int]]] = []
    hear = loop.lines.hear
    loop.lines.hear = lambda *pair: (hear(*pair), heard.append(set(loop.lines.heard)))[0]  # type: ignore[method-assign]
    await loop.answers()
    await check
    ports = {path.removeprefix("folder/"): port for port, path in loop.lines.files.items() if "heard-" not in path}
    silence, both = ports["silence.wav"], ports["both.wav"]
    first, timed, back = (ports[f"said-{what}.wav"] for what in ("heard", "timed", "back"))
    player = next(port for listener, port in heard[9] if listener == loop.out and port != silence)
    talk = {(loop.out, silence), (BACK, silence), (both, loop.out), (both, BACK)}
    assert heard[3] == talk
    assert heard[9] - talk == {
        (first, BACK),
        (timed, BACK),
        (timed, player),
        (back, loop.out),
        (back, player),
        (loop.out, player),
    }


async def test_another_caller_meanwhile_rings_the_desks(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.control.incoming(60, "exchange", False, CALLER, "", LAND)
    loop.control.incoming(61, "city", False, "", "", "052000001")
    assert loop.rung() > 0 and not {60, 61} & loop.control.loopback.legs.keys()
    loop.comes(MOBILE)
    await loop.answers()
    assert (await check).other == "exchange"


async def test_a_call_without_a_number_is_known_by_keys(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.comes("")
    await loop.answers()
    await check
    pressed = [what for what, leg, _ in loop.lines.asked if what.startswith("press") and leg == loop.out]
    assert len(pressed) == 2 and len(pressed[0]) == len("press 1234")
    assert loop.rung() == 0


async def test_a_stranger_without_a_number_is_a_caller_as_any_other(loop: Loop) -> None:
    loop.swallowed = "0123456789"
    check = loop.check()
    await loop.dials()
    loop.comes("")
    await loop.answers()
    assert await refused(check) == "not-known"
    assert loop.rung() > 0
    assert not loop.office.asked("hang up", BACK)
    assert loop.office.call.up


async def test_a_stranger_keeps_his_name_and_the_number_the_line_vouches_for(loop: Loop) -> None:
    loop.swallowed = "0123456789"
    loop.office.apply(OFFICE.replace('host = "192.0.2.7"', 'host = "192.0.2.7"\ntrust = "asserted"'))
    check = loop.check("city", MOBILE)
    await loop.dials("city")
    loop.back = BACK
    loop.control.incoming(BACK, "city", False, "860000009", "Mr X", LAND, Vouched("+37060000008"))
    await loop.answers()
    assert await refused(check) == "not-known"
    assert (loop.office.call.caller, loop.office.call.name) == ("+37060000008", "Mr X")


async def test_a_stranger_whose_number_comes_late_is_shown_with_it(loop: Loop) -> None:
    loop.swallowed = "0123456789"
    check = loop.check()
    await loop.dials()
    loop.comes("")
    loop.control.named(BACK, CALLER)
    await loop.answers()
    assert await refused(check) == "not-known"
    assert loop.office.call.caller == CALLER


async def test_a_stranger_who_gives_up_while_a_line_is_checked_is_missed(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.comes("")
    loop.control.named(BACK, CALLER)
    loop.control.over(BACK, 16)
    assert await refused(check) == "ended"
    await loop.office.journal.durable()
    missed = [one for one in Reader(loop.office.path).calls() if one.caller == CALLER]
    assert [(one.line, one.outcome) for one in missed] == [("exchange", "abandoned")]


async def test_a_stranger_stays_when_the_check_ends_before_its_time(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.comes("")
    loop.control.over(loop.out, 17)
    assert await refused(check) == "ended"
    assert loop.rung() > 0 and not loop.office.asked("hang up", BACK)


async def test_its_own_call_that_ends_early_is_nobodys_missed_call(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.comes(MOBILE)
    loop.control.over(BACK, 16)
    assert await refused(check) == "ended"
    await loop.office.journal.durable()
    assert len(Reader(loop.office.path).calls()) == 1


async def test_a_number_that_comes_late_makes_it_known(loop: Loop) -> None:
    loop.swallowed = "0123456789"
    check = loop.check()
    await loop.dials()
    loop.comes("")
    loop.control.named(BACK, MOBILE)
    await loop.answers()
    assert (await check).said.keys == ""


async def test_nobody_comes_back(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.control.answered(loop.out)  # by somebody else
    with pytest.raises(NotChecked, match="answered, but not by this box"):
        await check
    assert loop.office.asked("hang up", loop.out) == [16]
    assert await loop.office.outcome() == "refused"


async def test_it_ends_before_its_time(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.control.over(loop.out, 17)
    with pytest.raises(NotChecked, match="cause 17 on line gsm"):
        await check


async def test_a_call_for_help_gets_its_line(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    loop.comes(MOBILE)
    loop.lines.usable.discard("city")
    loop.control.incoming(70, "desk1", True, "", "", "112")
    assert loop.office.asked("hang up", loop.out) == [16]
    assert await refused(check) == "ended"
    assert await refused(loop.check()) == "emergency"


@pytest.mark.parametrize(
    ("line", "to", "why"),
    [
        ("isdn", "", "unknown"),
        ("gsm", "112", "number-refused"),
        ("gsm", "+1 900 555 0100", "number-refused"),
    ],
)
async def test_what_is_not_called(loop: Loop, line: str, to: str, why: str) -> None:
    assert await refused(loop.check(line, to)) == why


async def test_a_line_that_is_down_or_busy_is_not_checked(loop: Loop) -> None:
    loop.control.line("gsm", False, "absent")
    assert await refused(loop.check()) == "line-down"
    loop.control.incoming(60, "exchange", False, CALLER, "", LAND)
    assert await refused(loop.check("exchange")) == "line-busy"


async def test_without_another_number_of_ours_one_is_asked_for(loop: Loop) -> None:
    loop.control.line("exchange", False, "unplugged")
    with pytest.raises(NotChecked, match="--to"):
        await loop.check()


async def test_a_trunk_calls_its_own_number(loop: Loop) -> None:
    for name in ("gsm", "exchange"):
        loop.control.line(name, False, "")
    loop.office.apply(OFFICE.replace('host = "192.0.2.7"', f'host = "192.0.2.7"\ncaller = "{LAND}"'))
    check = loop.check("city")
    await loop.dials("city")
    loop.comes(LAND, "city")
    await loop.answers()
    assert (await check).other == "city"


async def test_closing_the_box_ends_it(loop: Loop) -> None:
    check = loop.check()
    await loop.dials()
    closing = asyncio.create_task(loop.control.finish(1.0))
    assert await refused(check) == "ended"
    loop.control.over(loop.out, 16)
    await closing
