# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings on the disk: sealed as they grow, sound up to where they end, and deleted when they are old."""

import asyncio
import errno
import hashlib
import os
import resource
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.calls.recorded import SEALED, WAV, Recorded
from appliance.settings.recording import Recording
from appliance.store import sealed
from appliance.store.recordings import DAY, Archive, Writing

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
KEYS = {sealed.key_id(KEY): KEY}
SECOND = os.urandom(64_000)  # of both sides at 16 kHz
NOW = 1_790_000_000_000


def recorded(id: int = 7, *, ending: str = SEALED, form: str = "wav", at: int = NOW, **more: object) -> Recorded:
    one = Recorded(id, 5, at, "city", "anna", "+37060000001", "", "sales", f"2026-09-21/{id}{ending}", form)
    return one._replace(**more)  # type: ignore[arg-type]


class Tapes:
    """What tapes have taken down and not been asked for yet; `went` is awaited until the writer has come by."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.lost, self.ended, self.held = 0, False, threading.Event()
        self.held.set()

    def read(self, tape: int) -> tuple[bytes, int, bool]:
        samples, self.waiting = b"".join(self.waiting), []
        lost, self.lost = self.lost, 0
        return samples, lost, self.ended


class Desk:
    """A writer and what it tells."""

    def __init__(self, folder: Path, key: bytes | None = KEY) -> None:
        self.tapes, self.archive = Tapes(), Archive(folder)
        self.archive.keys = KEYS
        self.done: list[Recorded] = []
        self.failed: list[str] = []
        self._news = threading.Condition()
        self.writing = Writing(folder, self.tapes.read, self._done, lambda one, why: self.failed.append(why))
        self.writing.key = key

    def _done(self, one: Recorded) -> None:
        with self._news:
            self.done.append(one)
            self._news.notify()

    def closed(self) -> Recorded:
        """The next that is, once its tape has ended."""
        self.tapes.ended = True
        with self._news:
            assert self._news.wait_for(lambda: self.done, 5)
            return self.done.pop(0)

    def heard(self, one: Recorded) -> bytes:
        """All of a recording, as an export tells it."""
        told, first = b"", 0
        while (piece := self.archive.piece(one, first))[0]:
            told += piece[0]
            first = piece[1]
        return told


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "recordings")
    yield desk
    desk.writing.close()


def written(path: Path, chunks: int = 4) -> Path:
    """A sealed file of so many seconds."""
    file = sealed.SealedFile(path, {"id": 7, "call": 5, "at": NOW, "form": "wav"}, KEY)
    for n in range(chunks):
        file.add(bytes([n]) * 16 + SECOND)
    file.close()
    return path


def opened(path: Path, keys: dict[str, bytes] = KEYS) -> bytes:
    return b"".join(sealed.chunks(path, "wav", keys))


# ---- sealed files ---------------------------------------------------------------------------------------------------


def test_what_was_sealed_opens_with_its_key_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "7.lkr")
    assert opened(path) == b"".join(bytes([n]) * 16 + SECOND for n in range(4))
    assert list(sealed.chunks(path, "wav", KEYS, 3)) == [bytes([3]) * 16 + SECOND, b""]
    with pytest.raises(sealed.NoKey):
        opened(path, {sealed.key_id(OTHER): OTHER})
    data = path.read_bytes()
    assert not any(SECOND[at : at + 12] in data for at in range(0, len(SECOND) - 12, 499))
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_recordings_of_the_same_words_have_nothing_in_common(tmp_path: Path) -> None:
    one, two = written(tmp_path / "7.lkr").read_bytes(), written(tmp_path / "8.lkr").read_bytes()
    assert len(one) == len(two) and one[-200:-180] != two[-200:-180]


def test_any_byte_that_is_changed_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "7.lkr", chunks=1)
    whole = path.read_bytes()
    for at in [*range(200), *range(200, len(whole), 1013), *range(len(whole) - 40, len(whole))]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises((sealed.Damaged, sealed.NoKey)):
            opened(path)


def test_chunks_that_are_moved_left_out_or_of_another_file_are_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "7.lkr")
    whole, begin = path.read_bytes(), len(sealed.head(path)[1])
    size = sealed.LENGTH.size + 16 + len(SECOND) + sealed.TAG
    head, chunks, last = (
        whole[:begin],
        [whole[begin + n * size : begin + (n + 1) * size] for n in range(4)],
        whole[-20:],
    )
    assert head + b"".join(chunks) + last == whole
    other = written(tmp_path / "8.lkr").read_bytes()[begin : begin + size]
    for parts in ([chunks[1], chunks[0], *chunks[2:], last], [*chunks[:2], chunks[3], last], [other, *chunks[1:], last],
                  [*chunks, last, last], [*chunks, last, b"x"]):  # fmt: skip
        path.write_bytes(head + b"".join(parts))
        with pytest.raises(sealed.Damaged):
            opened(path)


def test_a_file_cut_off_anywhere_opens_up_to_there_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "7.lkr")
    whole, begin = path.read_bytes(), len(sealed.head(path)[1])
    size = sealed.LENGTH.size + 16 + len(SECOND) + sealed.TAG
    for at in [begin, begin + 1, begin + size - 1, begin + size, begin + size + 5, len(whole) - 20, len(whole) - 1]:
        path.write_bytes(whole[:at])
        told = []
        with pytest.raises(sealed.CutOff):
            told.extend(sealed.chunks(path, "wav", KEYS))
        assert len(told) == (at - begin) // size
        scanned = sealed.scan(path, "wav")
        assert scanned.size == begin + (at - begin) // size * size and not scanned.whole
        assert scanned.samples == (at - begin) // size * (16 + len(SECOND))


def test_a_file_cut_off_is_not_made_to_look_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "7.lkr")
    whole, begin = bytearray(path.read_bytes()), len(sealed.head(path)[1])
    size = sealed.LENGTH.size + 16 + len(SECOND) + sealed.TAG
    sealed.LENGTH.pack_into(whole, begin + size, 16 + len(SECOND) | sealed.LAST)
    path.write_bytes(whole[: begin + 2 * size])
    with pytest.raises(sealed.Damaged) as fault:
        opened(path)
    assert not isinstance(fault.value, sealed.CutOff)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"LKREC",
        sealed.MAGIC,
        sealed.MAGIC + b"\xff\xff{}",
        os.urandom(500),
        sealed.MAGIC + b"\x00\x80" + b"[" * 32768,
    ],
)
def test_what_is_no_recording_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "7.lkr").write_bytes(data)
    with pytest.raises(sealed.Damaged):
        opened(tmp_path / "7.lkr")
    with pytest.raises(sealed.Damaged):
        sealed.scan(tmp_path / "7.lkr", "wav")


# ---- writing --------------------------------------------------------------------------------------------------------


def test_what_a_tape_takes_down_is_written_until_it_ends(desk: Desk) -> None:
    desk.writing.begin(recorded(), 1)
    desk.tapes.waiting.append(SECOND)
    one = desk.closed()
    path = desk.archive.path(one)
    assert (one.state, one.duration, one.lost, one.size) == ("whole", 1000, 0, path.stat().st_size)
    assert one.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert desk.heard(one) == SECOND and desk.archive.verify(one) == "" and not desk.failed


def test_a_wav_file_is_whole_for_any_program(desk: Desk) -> None:
    desk.writing.begin(recorded(ending=WAV), 1)
    desk.tapes.waiting.append(SECOND)
    one = desk.closed()
    with wave.open(str(desk.archive.path(one))) as file:
        assert file.getparams()[:4] == (2, 2, 16000, 16000) and file.readframes(16000) == SECOND
    assert desk.archive.verify(one) == "" and desk.heard(one) == SECOND


def test_the_compact_form_is_a_law(desk: Desk, tmp_path: Path) -> None:
    desk.writing.begin(recorded(form="compact"), 1)
    desk.tapes.waiting.append(SECOND[:16000])
    one = desk.closed()
    assert one.duration == 1000 and desk.heard(one) == SECOND[:16000]
    head = sealed.wav_head("compact", 16000)
    assert head[20:22] == b"\x06\x00" and head[-8:-4] == b"data" and len(head) == 58


def test_what_found_no_room_is_counted_and_silent(desk: Desk) -> None:
    desk.tapes.waiting, desk.tapes.lost = [SECOND], 8000
    desk.writing.begin(recorded(), 1)
    one = desk.closed()
    assert (one.lost, one.duration) == (500, 1500) and desk.heard(one) == SECOND + bytes(32_000)


@contextmanager
def full_disk(at: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("ending", [SEALED, WAV])
def test_when_the_disk_takes_no_more_it_is_told_and_what_there_is_stays_sound(desk: Desk, ending: str) -> None:
    desk.writing.begin(recorded(ending=ending), 1)
    with full_disk(100_000):
        for _ in range(3):
            desk.tapes.waiting.append(SECOND)
            wait(lambda: not desk.tapes.waiting)
        one = desk.closed()
    assert desk.failed == [os.strerror(errno.EFBIG)]
    assert one.state == "cut" and one.duration == 1000 and desk.heard(one) == SECOND
    assert desk.archive.verify(one) == "" and one.size == desk.archive.path(one).stat().st_size


def test_with_too_little_room_left_none_is_begun(desk: Desk) -> None:
    desk.writing.least_free = 1 << 60
    desk.writing.begin(recorded(), 1)
    one = desk.closed()
    assert "are free on the disk" in desk.failed[0] and one.state == "cut" and not desk.archive.path(one).exists()


def test_without_a_key_nothing_is_written_as_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path, key=None)
    desk.writing.begin(recorded(), 1)
    desk.closed()
    assert desk.failed and not [path for path in tmp_path.rglob("*") if path.is_file()]
    desk.writing.close()


def test_a_recording_under_way_is_written_up_to_the_end_of_the_program(desk: Desk) -> None:
    desk.writing.begin(recorded(), 1)
    desk.tapes.waiting.append(SECOND)
    desk.writing.close()
    [one] = desk.done
    assert one.state == "cut" and desk.heard(one) == SECOND


async def test_a_disk_that_stands_still_holds_up_no_loop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, write = threading.Event(), os.write

    def hangs(fd: int, data: bytes) -> int:
        stuck.wait(10)
        return write(fd, data)

    monkeypatch.setattr(os, "write", hangs)
    began = asyncio.get_running_loop().time()
    for n in range(100):
        desk.writing.begin(recorded(n), n)
        await asyncio.sleep(0)
    assert asyncio.get_running_loop().time() - began < 5
    stuck.set()
    desk.tapes.ended = True
    await asyncio.to_thread(wait, lambda: len(desk.done) == 100)


def wait(until: Callable[[], bool]) -> None:
    for _ in range(500):
        if until():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it did not come to pass within 10 s")


# ---- what is kept ---------------------------------------------------------------------------------------------------


def archive(folder: Path, *ages: int, size: int = 1_000_000) -> tuple[Archive, list[Recorded]]:
    """Recordings so many days old."""
    known = []
    for id, days in enumerate(ages, 1):
        one = recorded(id, at=NOW - days * DAY, state="whole", sha256="x")
        path = folder / one.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
        known.append(one)
    return Archive(folder), known


def expired(archive: Archive, known: list[Recorded], keep_for: int = 0, max_size: int = 0) -> list[tuple[int, str]]:
    settings = Recording(keep_for=keep_for, max_size=max_size)
    return [(one.id, why) for one, why in archive.expired(settings, NOW, known)]


def test_the_oldest_go_by_age_and_for_room_and_what_is_to_be_kept_stays(tmp_path: Path) -> None:
    kept, known = archive(tmp_path, 40, 31, 20, 10, 0)
    assert expired(kept, known) == []
    assert expired(kept, known, keep_for=30) == [(1, "age"), (2, "age")]
    assert expired(kept, known, max_size=3) == [(1, "room"), (2, "room")]
    assert expired(kept, known, keep_for=35, max_size=3) == [(1, "age"), (2, "room")]
    known[0] = known[0]._replace(kept=True)
    assert expired(kept, known, keep_for=30, max_size=2) == [(2, "age"), (3, "room"), (4, "room")]


def test_one_under_way_or_gone_already_counts_for_nothing(tmp_path: Path) -> None:
    kept, known = archive(tmp_path, 3, 2, 1)
    known[1] = known[1]._replace(state="open")
    kept.delete(known[0])
    assert expired(kept, known, max_size=1) == []


def test_the_last_of_a_day_takes_its_folder_with_it(tmp_path: Path) -> None:
    kept, known = archive(tmp_path, 2, 1)
    kept.delete(known[0])
    assert (tmp_path / "2026-09-21").is_dir()
    kept.delete(known[1])
    assert list(tmp_path.iterdir()) == []


def recover(folder: Path, known: list[Recorded], before: int = 1000) -> list[Recorded]:
    kept = Archive(folder)
    kept.keys = KEYS
    return list(kept.recover(known, before))


def test_what_a_crash_left_open_is_closed_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "2026-09-21").mkdir()
    path = written(tmp_path / "2026-09-21" / "7.lkr")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    [one] = recover(tmp_path, [recorded()])
    assert (one.state, one.duration, one.size) == ("cut", 1000, path.stat().st_size)
    assert one.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    kept = Archive(tmp_path)
    kept.keys = KEYS
    assert kept.verify(one) == "" and kept.piece(one, 0)[0] == bytes(16) + SECOND
    assert recover(tmp_path, [one]) == []


def test_a_wav_file_left_open_is_whole_for_any_program_afterwards(tmp_path: Path) -> None:
    file = sealed.WavFile(tmp_path / "2026-09-21" / "7.wav", "wav")
    file.add(SECOND + b"x")  # half a sample
    [one] = recover(tmp_path, [recorded(ending=WAV)])
    with wave.open(str(tmp_path / one.file)) as read:
        assert read.getnframes() == 16000
    assert one.state == "cut" and one.duration == 1000 and one.sha256 == sealed.digest(tmp_path / one.file)
    file.give_up()


def test_one_whose_file_never_was_is_closed_too_and_ours_are_left_alone(tmp_path: Path) -> None:
    assert recover(tmp_path, [recorded(7)]) == [recorded(7, state="cut")]
    assert recover(tmp_path, [recorded(7)], before=7) == []


def test_files_of_a_journal_set_aside_are_found(tmp_path: Path) -> None:
    (tmp_path / "2026-09-21").mkdir()
    written(tmp_path / "2026-09-21" / "7.lkr")
    (tmp_path / "2026-09-21" / "8.lkr").write_bytes(b"what is this")
    (tmp_path / "2026-09-21" / "notes.txt").write_text("not ours")
    [one] = recover(tmp_path, [])
    assert (one.id, one.call, one.at, one.state, one.duration) == (7, 5, NOW, "whole", 4001)


@pytest.mark.parametrize("ending", [SEALED, WAV])
@pytest.mark.parametrize("form", ["wav", "compact"])
def test_a_recording_is_heard_from_any_place_of_it(tmp_path: Path, ending: str, form: str) -> None:
    """Whatever the pieces it was written in; behind its end there is nothing."""
    one = recorded(ending=ending, form=form)
    path = tmp_path / one.file
    said = {"id": 7, "call": 5, "at": NOW, "form": form}
    file: sealed.Writer = sealed.SealedFile(path, said, KEY) if ending == SEALED else sealed.WavFile(path, form)
    samples = SECOND[:40_000]
    for at in range(0, len(samples), 7_000):
        file.add(samples[at : at + 7_000])
    file.close()
    for start, most in ((0, 10), (6_998, 8), (7_000, 50_000), (39_996, 100), (0, 100_000)):
        found, total = sealed.heard(path, form, KEYS, start, most)
        assert total == len(samples)
        assert found == samples[start : start + len(found)] and len(found) == min(most, len(samples) - start)
    assert sealed.heard(path, form, KEYS, 40_000, 10) == (b"", 40_000)
    assert sealed.heard(path, form, KEYS, 1 << 40, 10) == (b"", 40_000)
    if ending == SEALED:
        with pytest.raises(sealed.NoKey):
            sealed.heard(path, form, {}, 0, 10)
        path.write_bytes(path.read_bytes()[:-30])  # cut off within its end
        assert (
            sealed.heard(path, form, KEYS, 35_000, 1 << 20)[0]
            == samples[35_000 : sealed.heard(path, form, KEYS, 0, 1)[1]]
        )
