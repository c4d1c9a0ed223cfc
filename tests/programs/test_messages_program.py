# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper messages` lists voicemail, and changes a message."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control import messages as m
from appliance.programs import messages as program
from tests.control.office import MESSAGE, SmallOffice


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[SmallOffice]:
    async with SmallOffice(tmp_path / "control.sock") as office:
        yield office


async def run(tmp_path: Path, *given: str) -> None:
    words = [*given, "--socket", str(tmp_path / "control.sock"), "--state", str(tmp_path)]
    assert await asyncio.to_thread(program.main, words) == 0


async def test_it_lists_them_a_line_each(
    office: SmallOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(tmp_path, "office")
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("5  office  20")
    assert line.endswith("  2 s  new  +37060000001  /a.wav")
    assert [request for request, _ in office.asked] == [
        m.Messages(1, "office"),
        m.Messages(2, "office", after=MESSAGE.id),
    ]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("--heard", m.SetMessage(1, 5, state="heard", by="command")),
        ("--saved", m.SetMessage(1, 5, state="saved", by="command")),
        ("--handled", m.SetMessage(1, 5, handled=True, by="command")),
        ("--delete", m.DeleteMessage(1, 5, by="command")),
    ],
)
async def test_or_says_what_became_of_one(office: SmallOffice, tmp_path: Path, given: str, asked: m.Request) -> None:
    await run(tmp_path, given, "5")
    assert [request for request, _ in office.asked] == [asked]
