# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper lines`, `sms` and `ussd`: what they ask of the switch, and what they print."""

import asyncio
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from appliance.control import messages as m
from appliance.control.doctor import Finding, LineChecked, Way
from appliance.control.modems import Code, Modem, SendText, Sms, Texts
from appliance.programs import lines, sms, ussd
from tests.control.office import SmallOffice

READY = Modem(
    standing="ready", signal=-71, sim="ready", registration="home", operator="Tele 2", balance="12.50",
    imei="350000000000006", model="Quectel EC25",
)  # fmt: skip
CITY = m.Line(id="city", name="City", kind="sip", usable=True, state="talking", calls=(5,))


class Lines(SmallOffice):
    def __init__(self, path: Path, *lines: m.Line) -> None:
        super().__init__(path)
        self.lines = lines

    def _snapshot(self) -> m.Office:
        return msgspec.structs.replace(super()._snapshot(), lines=self.lines)


async def run(program: ModuleType, folder: Path, *given: str, lines: tuple[m.Line, ...] = ()) -> tuple[int, m.Request]:
    """Its exit code and the last thing it asked; options stand before words, as a subcommand wants them."""
    async with Lines(folder / "control.sock", *lines) as office:
        words = ["--socket", str(folder / "control.sock"), "--state", str(folder), *given]
        code = await asyncio.to_thread(program.main, words)
        return code, office.asked[-1][0] if office.asked else m.Watch(0)


def modem_line(modem: Modem) -> m.Line:
    return m.Line(id="gsm", name="Mobile", kind="modem", usable=modem.standing == "ready", modem=modem)


async def test_lines_are_listed_with_what_is_known_of_a_modem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await run(lines, tmp_path, lines=(CITY, modem_line(READY))))[0] == 0
    city, gsm = capsys.readouterr().out.splitlines()
    assert city.split() == ["city", "sip", "works", "talking"]
    for fact in (
        "ready",
        "-71 dBm",
        "SIM ready",
        "Tele 2 home",
        "balance 12.50",
        "Quectel EC25",
        "IMEI 350000000000006",
    ):
        assert fact in gsm
    assert "silent" not in gsm
    await run(lines, tmp_path, lines=(modem_line(msgspec.structs.replace(READY, sound="refused")),))
    assert "calls are silent: refused" in capsys.readouterr().out


async def test_a_line_that_was_checked_says_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    way = Way(gain=-8.1, noise=-67.0, delay=148.0, clips=None, lost=0, echo_loss=None, echo_delay=None)
    last = LineChecked(line="city", other="gsm", call=5, at=1_790_000_000_000, said=way, heard=way)
    quiet = Finding(id="too-quiet", way="said", words="It is 8.1 dB too quiet.", todo="Turn it up.")
    await run(lines, tmp_path, lines=(msgspec.structs.replace(CITY, checked=last),))
    assert capsys.readouterr().out.splitlines()[1].endswith("by a call that came back by gsm: all is well")
    ill = msgspec.structs.replace(last, findings=(quiet,))
    await run(lines, tmp_path, lines=(msgspec.structs.replace(CITY, checked=ill),))
    _, when, found = capsys.readouterr().out.splitlines()
    assert when.strip().startswith("checked 2026-09-2")
    assert found.strip() == "- It is 8.1 dB too quiet. Turn it up."


async def test_a_line_that_is_down_is_told_with_why_and_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unfit = Modem(standing="unfit", why="sim-pin-wanted", sim="sim-pin-wanted")
    assert (await run(lines, tmp_path, lines=(CITY, modem_line(unfit))))[0] == 1
    gsm = capsys.readouterr().out.splitlines()[1]
    assert "down" in gsm and "unfit sim-pin-wanted" in gsm and "SIM pin-wanted" in gsm


@pytest.mark.parametrize("given", [(), ("list",)])
async def test_text_messages_are_listed_a_line_each(
    given: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(sms, tmp_path, *given) == (0, Texts(1))
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("8  19") and line.endswith("  gsm  sent  +37060000001  Hello")


def test_what_strangers_write_moves_no_cursor_and_takes_one_line() -> None:
    bad = Sms(id=9, line="gsm", state="received", at=1, number="\x1b[2JBANK", text="one\ntwo\x1b[31m", whole=False)
    line = sms.line(bad)
    assert "\x1b" not in line and "\n" not in line
    assert line.endswith("[2JBANK  one two [31m  (a part is missing)")


async def test_one_is_sent_to_a_number_or_a_person_by_a_line(tmp_path: Path) -> None:
    assert await run(sms, tmp_path, "send", "person.anna", "The door is open.", "--line", "gsm") == (
        0,
        SendText(1, "person.anna", "The door is open.", "gsm"),
    )


async def test_the_network_is_asked_by_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(ussd, tmp_path, "gsm", "*100#") == (0, Code(1, "gsm", "*100#"))
    assert capsys.readouterr().out == "Balance: 1.50\n"


async def test_a_code_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(m.Refused, match="Not understood"):
        await run(ussd, tmp_path, "gsm", "reboot")
