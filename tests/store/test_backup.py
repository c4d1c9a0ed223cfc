# SPDX-License-Identifier: GPL-2.0-or-later
"""A box is backed up while it works, and had back from that on another machine, by the owner's key alone."""

import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyrage
import pytest

from appliance.programs import backup, recover
from appliance.programs.backup import NoRecipient, OthersFolder
from appliance.programs.recover import Runs
from appliance.store import archive
from appliance.store.archive import BackupFailed
from appliance.store.backups import made

OFFICE = '[office]\nname = "Example"\ncountry = "LT"\ntime_zone = "Europe/Vilnius"\n\n[person.anna]\nname = "Anna"\n'


class House:
    """A box in a folder, its journal held open by a switch that writes."""

    def __init__(self, folder: Path, recipient: str) -> None:
        self.folder, self.state = folder, folder / "state"
        self.settings, self.backups = folder / "office.toml", folder / "backups"
        self.settings.write_text(
            f'{OFFICE}\n[backup]\nrecipient = "{recipient}"\nfolder = "{self.backups}"\nkeep = 2\n'
        )
        (folder / "secrets.toml").write_text("[phone]\n")
        for path, data in (("voicemail/1.wav", os.urandom(200_000)), ("recordings/1.lkr", b"said"), ("empty", b"")):
            (self.state / path).parent.mkdir(parents=True, exist_ok=True)
            (self.state / path).write_bytes(data)
        self.journal = sqlite3.connect(self.state / "journal.db", isolation_level=None)
        self.journal.execute("PRAGMA journal_mode=WAL")
        self.journal.execute("CREATE TABLE call (id)")
        self.journal.execute("INSERT INTO call VALUES (1)")

    def run(self, program: str, *given: str | Path) -> int:
        main = {"backup": backup.main, "recover": recover.main}[program]
        return main([*map(str, given), "--settings", str(self.settings), "--state", str(self.state)])


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str]:
    """What opens backups, and whom they are made for."""
    backup.main(["--make-key", str(tmp_path / "key.txt")])
    return tmp_path / "key.txt", capsys.readouterr().out.split('recipient = "')[1].split('"')[0]


@pytest.fixture
def house(tmp_path: Path, key: tuple[Path, str]) -> Iterator[House]:
    (tmp_path / "box").mkdir()
    house = House(tmp_path / "box", key[1])
    with closing(house.journal):
        yield house


def test_a_box_at_work_is_had_back_elsewhere_with_all_it_knew(
    house: House, key: tuple[Path, str], tmp_path: Path
) -> None:
    assert house.run("backup") == 0
    house.journal.execute("INSERT INTO call VALUES (2)")  # after it
    [one] = made(house.backups)
    assert b"Example" not in one.file.read_bytes()
    assert one.file.stat().st_mode & 0o777 == 0o640
    assert house.run("recover", one.file, "--key", key[0], "--into", tmp_path / "back") == 0
    back = tmp_path / "back"
    assert (back / "settings/office.toml").read_text() == house.settings.read_text()
    assert (back / "settings/secrets.toml").read_text() == "[phone]\n"
    assert (back / "state/voicemail/1.wav").read_bytes() == (house.state / "voicemail/1.wav").read_bytes()
    assert (back / "state/empty").read_bytes() == b""
    assert not (back / "state/recordings").exists(), "recorded calls are not asked for"
    with closing(sqlite3.connect(back / "state/journal.db")) as db:
        assert db.execute("SELECT id FROM call").fetchall() == [(1,)]
    assert sorted(path.name for path in (back / "state").iterdir()) == ["empty", "journal.db", "voicemail"]


def test_in_its_place_what_was_there_is_kept_beside(house: House, key: tuple[Path, str]) -> None:
    house.run("backup")
    house.settings.write_text("broken")
    (house.state / "voicemail/1.wav").unlink()
    [one] = made(house.backups)
    assert house.run("recover", one.file, "--key", key[0], "--in-place") == 0
    assert "Example" in house.settings.read_text() and (house.state / "voicemail/1.wav").exists()
    [before] = house.folder.glob("office.toml.before-*")
    assert before.read_text() == "broken"
    assert list(house.folder.glob("state.before-*/recordings/1.lkr"))


@pytest.mark.parametrize("step", range(6))
def test_a_recovery_that_was_cut_short_leaves_the_old_or_is_ended_by_the_next_start(
    house: House, key: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    house.run("backup")
    house.settings.write_text("broken")
    (house.state / "voicemail/1.wav").unlink()
    [one] = made(house.backups)
    renames, rename = [], Path.rename

    def cut(self: Path, target: Path) -> Path:
        if not self.name.endswith(".part") and len(renames) == step:
            raise SystemExit("the power fails")
        renames.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut)
    with pytest.raises(SystemExit):
        house.run("recover", one.file, "--key", key[0], "--in-place")
    monkeypatch.undo()
    assert house.run("recover", "--go-on") == 0
    assert "Example" in house.settings.read_text() and (house.state / "voicemail/1.wav").exists()
    [before] = house.folder.glob("office.toml.before-*")
    assert before.read_text() == "broken" and list(house.folder.glob("state.before-*/recordings/1.lkr"))
    assert not [path for path in house.folder.iterdir() if path.name.startswith(".")], "nothing is left lying about"


def test_a_recovery_that_finds_the_disk_full_leaves_the_old_whole(
    house: House, key: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run("backup")
    house.settings.write_text("broken")
    [one] = made(house.backups)
    move = shutil.move

    def full(source: Path, target: Path) -> None:
        if target.name.startswith(".secrets"):
            raise OSError(28, "No space left on device")
        move(source, target)

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(OSError, match="No space"):
        house.run("recover", one.file, "--key", key[0], "--in-place")
    assert house.settings.read_text() == "broken" and (house.state / "recordings/1.lkr").exists()
    assert not [path for path in house.folder.iterdir() if path.name.startswith(".")]


def test_a_backup_is_tried_on_the_disk_of_the_box_and_one_that_grows_without_end_is_not_unpacked(
    house: House, key: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run("backup")
    [one] = made(house.backups)
    where: list[Path] = []
    read = archive.read
    monkeypatch.setattr(archive, "read", lambda file, by, into: [where.append(into), read(file, by, into)][1])
    assert house.run("recover", one.file, "--key", key[0]) == 0
    assert where[0].parent == house.folder
    about = shutil.disk_usage(house.folder)._replace(free=archive.SPARE + 100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: about)
    with pytest.raises(BackupFailed, match="free"):
        house.run("recover", one.file, "--key", key[0])


def test_a_database_that_was_swapped_for_a_link_is_not_copied(house: House, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "others.db")) as db:
        db.execute("CREATE TABLE secret (id)")
    (house.state / "swapped").symlink_to(tmp_path)
    for swapped in (house.state / "office.db", house.state / "swapped/others.db"):
        if not swapped.exists():
            swapped.symlink_to(tmp_path / "others.db")
        with pytest.raises(FileNotFoundError):
            archive._copy(swapped, tmp_path / "copy.db")
        assert not (tmp_path / "copy.db").exists()


def test_a_box_whose_document_had_a_fault_is_had_back_with_it(
    house: House, key: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    house.backups.mkdir()
    sound, broken = house.settings.read_text(), 'nonsense = "1"\n'
    archive.write(
        {"settings/office.toml": _written(house.folder / "b.toml", broken + sound), "state": house.state},
        (),
        house.backups / "broken.age",
        key[1],
    )
    capsys.readouterr()
    assert house.run("recover", house.backups / "broken.age", "--key", key[0]) == 0
    assert "nonsense" in (said := capsys.readouterr().out) and "whose settings have faults" in said


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_while_the_box_works_nothing_is_put_in_its_place(house: House, key: tuple[Path, str]) -> None:
    import socket

    house.run("backup")
    with socket.socket(socket.AF_UNIX) as switch:
        switch.bind(str(house.state / "control.sock"))
        switch.listen()
        with pytest.raises(Runs, match="end it first"):
            house.run("recover", made(house.backups)[0].file, "--key", key[0], "--in-place")


def test_the_oldest_go(house: House) -> None:
    for day in (1, 2, 3):
        house.backups.mkdir(exist_ok=True)
        (house.backups / f"linekeeper-2026010{day}-000000.age").write_bytes(b"old")
    (house.backups / "other.txt").write_text("not ours")
    house.run("backup")
    left = sorted(path.name for path in house.backups.iterdir())
    assert len(left) == 3 and "linekeeper-20260103-000000.age" in left and "other.txt" in left


def test_a_damaged_database_is_no_backup(house: House) -> None:
    (house.state / "office.db").write_bytes(b"SQLite format 3\0" + os.urandom(4096))
    with pytest.raises((BackupFailed, sqlite3.DatabaseError)):
        house.run("backup")
    assert list(house.backups.iterdir()) == [], "nothing half made is left"


def test_another_key_a_cut_file_and_no_key_are_sentences(house: House, key: tuple[Path, str], tmp_path: Path) -> None:
    house.run("backup")
    [one] = made(house.backups)
    other, cut = tmp_path / "other.txt", tmp_path / "cut.age"
    backup.main(["--make-key", str(other)])
    cut.write_bytes(one.file.read_bytes()[:-100])
    for file, by in ((one.file, other), (cut, key[0]), (one.file, house.settings), (house.settings, key[0])):
        with pytest.raises(BackupFailed):
            house.run("recover", file, "--key", by)
    house.settings.write_text(OFFICE)
    with pytest.raises(NoRecipient, match="make-key"):
        house.run("backup")


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "link"])
def test_what_a_stranger_put_into_one_goes_nowhere_else(name: str, key: tuple[Path, str], tmp_path: Path) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as writing:
        about = tarfile.TarInfo(name)
        if name == "link":
            about.type, about.linkname = tarfile.SYMTYPE, "/etc"
        about.size = 0
        writing.addfile(about, io.BytesIO())
    forged = tmp_path / "forged.age"
    forged.write_bytes(pyrage.encrypt(tar.getvalue(), [pyrage.x25519.Recipient.from_str(key[1])]))
    (into := tmp_path / "into").mkdir()
    secret = next(line for line in key[0].read_text().splitlines() if line.startswith("AGE"))
    with pytest.raises(BackupFailed, match="no file of a backup"):
        archive.read(forged, secret, into)
    assert list(into.rglob("*")) == []


def test_a_link_that_a_program_put_there_leads_nowhere(house: House, key: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("secret")
    (house.state / "voicemail/2.wav").symlink_to(tmp_path / "shadow")
    house.run("backup")
    assert house.run("recover", made(house.backups)[0].file, "--key", key[0], "--into", tmp_path / "back") == 0
    assert not (tmp_path / "back/state/voicemail/2.wav").exists()
    (house.folder / "web.toml").symlink_to(tmp_path / "shadow")
    with pytest.raises(BackupFailed, match="is a link"):
        house.run("backup")


def test_a_file_below_a_folder_that_was_swapped_for_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_text("secret")
    (tmp_path / "voicemail").symlink_to(tmp_path / "etc")
    stream = io.BytesIO()
    digests: dict[str, str] = {}
    archive._pack({"shadow": tmp_path / "voicemail/shadow"}, digests, stream)
    assert digests == {}


def test_what_a_cut_backup_left_goes_and_a_clock_that_was_ahead_takes_no_new_one(house: House) -> None:
    (house.backups / ".backup-old").mkdir(parents=True)
    (house.backups / ".backup-old/journal").write_bytes(b"in the clear")
    for year in (2097, 2098, 2099):
        (house.backups / f"linekeeper-{year}0101-000000.age").write_bytes(b"ahead")
    house.run("backup")
    left = sorted(path.name for path in house.backups.iterdir())
    assert len(left) == 2 and left[1] == "linekeeper-20990101-000000.age"


def test_a_full_disk_is_left_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SPARE", 1 << 60)
    with pytest.raises(BackupFailed, match="MB free"):
        house.run("backup")
    assert list(house.backups.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone writes where others may")
def test_root_writes_no_backup_where_others_may_write(house: House) -> None:
    house.backups.mkdir()
    os.chown(house.backups, 65534, 65534)
    with pytest.raises(OthersFolder, match="others than root"):
        house.run("backup")
    assert list(house.backups.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
def test_a_file_put_in_place_belongs_to_whom_the_one_before_did(house: House, key: tuple[Path, str]) -> None:
    house.run("backup")
    os.chown(house.settings, 65534, 65534)
    assert house.run("recover", made(house.backups)[0].file, "--key", key[0], "--in-place") == 0
    assert (house.settings.stat().st_uid, house.settings.stat().st_gid) == (65534, 65534)
