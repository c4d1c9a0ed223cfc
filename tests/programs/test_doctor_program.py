# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper doctor`: the verdict in words and in figures."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from appliance.control.doctor import CheckLine, Finding, Gain, LineChecked, Way
from appliance.control.messages import Apply, Document, Watch
from appliance.programs.doctor import turned, words
from appliance.programs.line_doctor import LineDoctor

WELL = Way(gain=-0.4, noise=-67.0, delay=148.0, clips=None, lost=0, echo_loss=None, echo_delay=None)
QUIET = Finding(id="too-quiet", way="said", words="", todo="")


def said(way: Way, *findings: Finding, gains: tuple[Gain, ...] = (), language: str = "en") -> list[str]:
    checked = LineChecked(line="gsm", other="city", call=1, at=1, said=way, heard=WELL, findings=findings, gains=gains)
    return words(checked, language)


def test_a_line_that_is_well() -> None:
    text = said(WELL)
    assert text[:2] == ["Line “gsm”, by a call that came back by “city”:", "- All is well."]
    figures = {line[:18].strip(): line[18:].split() for line in text[4:]}
    assert figures["gain"] == ["-0.4", "dB", "-0.4", "dB"]
    assert figures["echo"] == ["none", "none"]
    assert figures["keys heard"] == ["all", "all"]


def test_a_line_that_is_not_with_what_to_do() -> None:
    way = msgspec.structs.replace(WELL, gain=-8.1)
    level = Gain(way="said", command="AT+QMIC", now=15000, proposed=37500)
    assert said(way, QUIET, gains=(level,))[1:3] == [
        "- Line “gsm”: what is said into it arrives 8.1 dB too quiet. Turn this line up: the gain of its microphone.",
        "- Try AT+QMIC=37500; it is 15000. (--set: gain_said)",
    ]


def test_it_is_told_in_another_language() -> None:
    text = said(msgspec.structs.replace(WELL, gain=-8.1), QUIET, language="uk")
    assert text[0] == "Лінія «gsm», за дзвінком, який повернувся через «city»:"
    assert text[1].startswith("- Лінія «gsm»: те, що в неї кажуть, доходить на 8.1 дБ тихіше, ніж треба.")


def test_what_a_check_recorded_that_was_cut_short_is_gone_after_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "line-check-old").mkdir()
    (tmp_path / "line-check-old/both.wav").write_bytes(b"said")
    nobody = cast(Any, None)
    LineDoctor(nobody, nobody, nobody, tmp_path, cast(Any, SimpleNamespace()), nobody)
    assert list(tmp_path.iterdir()) == []


def test_a_level_that_made_it_no_better_is_set_back_and_keeps_what_others_changed_meanwhile() -> None:
    level = Gain(way="said", command="AT+QMIC", now=15000, proposed=37500)
    checked = LineChecked(line="gsm", other="city", call=1, at=1, said=WELL, heard=WELL, gains=(level,))

    class Switch:
        document = '[line.gsm]\nkind = "modem"\n'

        async def request(self, asked: object) -> object:
            match asked:
                case Document():
                    return self
                case Apply():
                    self.document = asked.document
                case Watch():
                    return SimpleNamespace(lines=[SimpleNamespace(id="gsm", usable=True)])
                case CheckLine():
                    assert "gain_said = 37500" in self.document
                    self.document += '\n[person.anna]\nname = "Anna"\n'
                    return checked
            return None

    switch = Switch()
    assert asyncio.run(turned(cast(Any, switch), checked, "")) is checked
    assert "gain_said = 15000" in switch.document and "Anna" in switch.document
