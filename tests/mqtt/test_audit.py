# SPDX-License-Identifier: GPL-2.0-or-later
"""The log of decisions: what was written stays, and what was changed is told with its line."""

import os
from pathlib import Path

import pytest

from appliance.mqtt import audit
from appliance.mqtt.audit import Broken, Head, Log, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / audit.FILE


def written(path: Path, times: int = 5) -> Log:
    log = Log(path)
    for n in range(times):
        log.add(1000 + n, "gate", "deny", "closed", {"number": f"+3706000000{n}", "listed": True})
    return log


def test_a_log_goes_on_after_a_restart_and_holds(path: Path) -> None:
    written(path)
    head = written(path).head
    entries = list(read(path, head))
    assert [entry.seq for entry in entries] == list(range(1, 11))
    assert entries[0].facts["number"] == "+37060000000"


@pytest.mark.parametrize("line", [1, 3, 5])
def test_a_changed_line_is_told_with_its_number(path: Path, line: int) -> None:
    head = written(path).head
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b"closed", b"nobody")
    path.write_bytes(b"".join(lines))
    with pytest.raises(Broken, match=f"line {min(line + 1, 5)}: "):
        list(read(path, head))


@pytest.mark.parametrize("line", [0, 2, 4])
def test_a_line_taken_out_is_told(path: Path, line: int) -> None:
    head = written(path).head
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[line]
    path.write_bytes(b"".join(lines))
    with pytest.raises(Broken):
        list(read(path, head))
    if line == 4:
        assert list(read(path)), "what is missing at the end only the number kept apart can tell"


def test_lines_in_another_order_or_spelling_are_told(path: Path) -> None:
    written(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    with pytest.raises(Broken, match="line 1: "):
        list(read(path))
    path.write_bytes(lines[0].replace(b'"seq":1', b'"seq": 1') + b"".join(lines[1:]))
    with pytest.raises(Broken, match="not as it was written"):
        list(read(path))
    path.write_bytes(b"nonsense\n")
    with pytest.raises(Broken, match="no entry"):
        list(read(path))


def test_what_a_power_cut_left_of_a_line_is_taken_away_and_the_log_goes_on(path: Path) -> None:
    written(path)
    with path.open("ab") as log:
        log.write(b'{"seq":6,"at":')
    with pytest.raises(Broken, match="line 6: it is not whole"):
        list(read(path))
    head = written(path, 1).head
    assert [entry.seq for entry in read(path, head)] == [1, 2, 3, 4, 5, 6]


def test_a_long_log_goes_on_in_another_file_and_the_chain_with_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LARGEST", 400)
    head = written(path, 12).head
    assert len(audit.files(path)) > 2
    assert written(path, 1).head.seq == 13
    assert [entry.seq for entry in read(path)] == list(range(1, 14))
    os.unlink(audit.files(path)[0])
    with pytest.raises(Broken):
        list(read(path, head))


def test_an_empty_log_is_sound_unless_something_was_written(path: Path) -> None:
    assert list(read(path)) == []
    with pytest.raises(Broken, match="3 were written"):
        list(read(path, Head(3, "x")))


def test_a_disk_that_takes_nothing_leaves_no_half_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = written(path)

    def full(file: int) -> None:
        raise OSError(28, "full")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError):
            log.add(1, "gate", "fire", "", {})
    log.add(2, "gate", "deny", "", {})
    assert [entry.seq for entry in read(path, log.head)] == [1, 2, 3, 4, 5, 6]
