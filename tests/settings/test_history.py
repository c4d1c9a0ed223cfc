# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings are applied whole or not at all, and every version can be brought back."""

import os
import resource
import signal
import stat
import sys
import textwrap
from pathlib import Path
from subprocess import PIPE, run

import pytest

from appliance.settings.files import DiskFull
from appliance.settings.history import History, NoSuchVersion

OLD, NEW = "# old\n" * 50, "# new, ąčę\n" * 90


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "office.toml"


@pytest.fixture
def history(tmp_path: Path, path: Path) -> History:
    path.parent.mkdir()
    return History(tmp_path / "history")


def test_every_version_is_kept_and_the_last_is_in_force(history: History, path: Path) -> None:
    assert (history.current(), history.versions()) == (None, [])
    one = history.apply(path, OLD, at=1000, comment="first")
    two = history.apply(path, NEW, at=2000)
    assert path.read_text() == NEW
    assert history.versions() == [one, two]
    assert (one.number, one.at, one.comment, two.number) == (1, 1000, "first", 2)
    assert (history.current(), history.document(1), history.document(2)) == (two, OLD, NEW)


def test_an_older_version_comes_back_as_a_new_one(history: History, path: Path) -> None:
    history.apply(path, OLD, at=1)
    history.apply(path, NEW, at=2)
    again = history.restore(path, 1, at=3)
    assert (again.number, again.comment, path.read_text()) == (3, "version 1 again", OLD)
    assert len(history.versions()) == 3
    with pytest.raises(NoSuchVersion):
        history.restore(path, 9, at=4)


def test_applying_what_is_in_force_changes_nothing(history: History, path: Path) -> None:
    history.apply(path, OLD, at=1)
    before = path.stat()
    assert history.apply(path, OLD, at=2).number == 1
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_document_edited_by_hand_is_kept_when_it_is_applied(history: History, path: Path) -> None:
    history.apply(path, OLD, at=1)
    path.write_text(NEW)
    assert history.apply(path, NEW, at=2).number == 2
    assert history.document(2) == NEW


def test_a_new_process_finds_what_another_applied(history: History, path: Path) -> None:
    history.apply(path, OLD, at=1)
    assert History(history.folder).versions() == history.versions()


def test_the_documents_mode_and_link_stay(history: History, path: Path) -> None:
    real = path.with_name("real.toml")
    real.write_text(OLD)
    real.chmod(0o604)
    path.symlink_to(real)
    history.apply(path, NEW, at=1)
    assert path.is_symlink()
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == (NEW, 0o604)


CHILD = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from appliance.settings.history import History

    left, half = int(sys.argv[3]), sys.argv[4] == "half"

    def dying(name):
        call = getattr(os, name)
        def counted(*args, **named):
            global left
            left -= 1
            if left < 0:
                if half and name == "write":
                    call(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)
        return counted

    for name in ("open", "write", "fsync", "fchmod", "close", "rename", "unlink", "mkdir"):
        setattr(os, name, dying(name))
    History(Path(sys.argv[1])).apply(Path(sys.argv[2]), sys.stdin.read(), at=2, comment="new")
""")


def apply_in_child(history: History, path: Path, calls: int, how: str) -> int:
    """Apply NEW in a process that is killed before one more than so many calls of the system; how it ended."""
    args = [sys.executable, "-c", CHILD, str(history.folder), str(path), str(calls), how]
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return run(args, input=NEW.encode(), stderr=PIPE, check=False, env=os.environ | here).returncode


@pytest.mark.parametrize("how", ["whole", "half"])
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_and_the_next_start_goes_on(
    history: History, path: Path, how: str
) -> None:
    history.apply(path, OLD, at=1, comment="old")
    seen = set()
    for calls in range(100):
        ended = apply_in_child(history, path, calls, how)
        text = path.read_text()
        assert text in (OLD, NEW)
        assert [history.document(v.number) for v in history.versions()] in ([OLD], [OLD, NEW])
        seen.add((text == NEW, len(history.versions())))
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        assert history.apply(path, text, at=3).sha256 == history.versions()[-1].sha256
        for version in history.folder.iterdir():
            if version.name != "00000001.version":
                version.unlink()
        assert history.apply(path, OLD, at=4).number == 1
    else:
        pytest.fail("it never came to an end")
    assert seen == {(False, 1), (True, 1), (True, 2)}
    assert sorted(each.name for each in history.folder.iterdir()) == ["00000001.version", "00000002.version"]
    assert os.listdir(path.parent) == ["office.toml"]


def test_a_version_cut_short_anywhere_is_no_version_and_the_others_stay(history: History, path: Path) -> None:
    one = history.apply(path, "a = 1\n", at=1)
    history.apply(path, "b = 1\n", at=2)
    file = history.folder / "00000002.version"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert (history.versions(), history.current()) == ([one], one)
        with pytest.raises(NoSuchVersion):
            history.document(2)
    assert history.apply(path, "c = 1\n", at=3).number == 3
    file.write_bytes(whole.replace(b"b = 1", b"b = 2"))
    assert [each.number for each in history.versions()] == [1, 3]


def test_a_full_disk_is_told_and_changes_nothing(history: History, path: Path) -> None:
    """The limit on a file's size stands for the disk's end: the same call of the system fails, part of the way."""
    one = history.apply(path, OLD, at=1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(DiskFull, match=r"the disk is full; nothing was changed") as told:
            history.apply(path, NEW, at=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.id == "disk-full"
    assert (path.read_text(), history.versions()) == (OLD, [one])
    assert [len(os.listdir(folder)) for folder in (path.parent, history.folder)] == [1, 1]
    assert history.apply(path, NEW, at=3).number == 2


def test_when_the_document_cannot_be_replaced_no_version_is_left(history: History, path: Path) -> None:
    history.apply(path, OLD, at=1)
    path.unlink()
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        history.apply(path, NEW, at=2)
    assert len(list(history.folder.iterdir())) == 1
