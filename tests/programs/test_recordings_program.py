# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper recordings` lists recorded calls, proves, exports, keeps and deletes them."""

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control import messages as m
from appliance.control import recordings as r
from appliance.programs import recordings as program
from tests.control.office import SmallOffice


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[SmallOffice]:
    async with SmallOffice(tmp_path / "control.sock") as office:
        yield office


async def run(tmp_path: Path, *given: str) -> int:
    words = [*given, "--socket", str(tmp_path / "control.sock"), "--state", str(tmp_path)]
    return await asyncio.to_thread(program.main, words)


async def test_it_lists_them_a_line_each(
    office: SmallOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(tmp_path) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("7  call 5  20") and line.endswith("  2 s  whole  sales  +37060000001 - anna")


async def test_one_that_was_changed_is_told_and_ends_with_1(
    office: SmallOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(tmp_path, "--verify") == 1
    assert capsys.readouterr().out == "7  it was changed\n"


async def test_an_export_is_a_wav_file_for_its_owner_alone_and_replaces_none(
    office: SmallOffice, tmp_path: Path
) -> None:
    out = tmp_path / "out.wav"
    assert await run(tmp_path, "--export", "7", "--out", str(out)) == 0
    with wave.open(str(out)) as file:
        assert file.getparams()[:4] == (2, 2, 16000, 12000)
    assert out.stat().st_mode & 0o777 == 0o600
    before = out.read_bytes()
    with pytest.raises(FileExistsError):
        await run(tmp_path, "--export", "7", "--out", str(out))
    assert out.read_bytes() == before


async def test_an_export_may_be_opus_that_any_program_plays(office: SmallOffice, tmp_path: Path) -> None:
    out, back = tmp_path / "out.opus", tmp_path / "back.wav"
    assert await run(tmp_path, "--export", "7", "--out", str(out)) == 0
    assert out.read_bytes()[:4] == b"OggS" and out.stat().st_mode & 0o777 == 0o600
    played = await asyncio.create_subprocess_exec("ffmpeg", "-nostdin", "-v", "error", "-i", str(out), str(back))
    assert await played.wait() == 0
    with wave.open(str(back)) as file:
        assert file.getnchannels() == 2 and abs(file.getnframes() / file.getframerate() - 0.75) < 0.1


async def test_an_export_that_fails_leaves_no_file(
    office: SmallOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "CODER", "false")
    with pytest.raises(OSError):
        await run(tmp_path, "--export", "7", "--out", str(tmp_path / "out.opus"))
    assert not (tmp_path / "out.opus").exists()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("--keep", r.KeepRecording(1, 7)),
        ("--release", r.KeepRecording(1, 7, kept=False)),
        ("--delete", r.DeleteRecording(1, 7)),
    ],
)
async def test_one_is_kept_or_deleted(office: SmallOffice, tmp_path: Path, given: str, asked: m.Request) -> None:
    assert await run(tmp_path, given, "7") == 0
    assert [request for request, _ in office.asked] == [asked]
