# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of files and databases as one file: a tar, compressed by gzip, encrypted as age does (age-encryption.org/v1).

Each is restored once as soon as it is written, by a key that is then forgotten: what cannot be had back is no backup.
Databases are copied by SQLite, whole while others write; of other files what is there when their turn comes.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import IO, Any, BinaryIO

import pyrage  # type: ignore[import-untyped]

SQLITE = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database
PIECE = 1 << 16  # bytes
MB = 1_000_000
SPARE = 200 * MB  # left to the box while one is made, or unpacked
LEAST = 4096  # bytes an empty file takes, about

Digests = dict[str, str]  # SHA-256 in hex, by name in the tar


class BackupFailed(Exception):
    """It was not made, or is none; nothing was changed."""

    id = "backup-failed"


def new_key() -> tuple[str, str]:
    """A secret key, and whom backups are encrypted to so that it opens them."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def key_file(secret: str, recipient: str) -> str:
    """As age-keygen writes it."""
    return f"# public key: {recipient}\n{secret}\n"


def write(sources: Mapping[str, Path], leave: Iterable[Path], out: Path, recipient: str) -> int:
    """Files and folders, each under its name, but those to be left out, into a new file; how many. Raises BackupFailed."""
    part = out.with_name(f".{out.name}.part")
    once = pyrage.x25519.Identity.generate()
    with _alone(out.parent), tempfile.TemporaryDirectory(dir=out.parent.resolve(), prefix=".backup-") as folder:
        try:
            members = dict(_members(sources, frozenset(leave), Path(folder)))
            _room(out.parent, 2 * sum(path.stat().st_size for path in members.values() if path.exists()))
            written: Digests = {}
            to = [pyrage.x25519.Recipient.from_str(recipient), once.to_public()]
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
                _through(partial(_pack, members, written), lambda stream: pyrage.encrypt_io(stream, file, to))
                file.flush()
                os.fsync(file.fileno())
            (back := Path(folder, "back")).mkdir()
            if _open(part, once, back) != written:
                raise BackupFailed("the backup does not hold what was put into it")
            whole(back)
            part.rename(out)
        except (pyrage.EncryptError, pyrage.RecipientError, tarfile.TarError, OSError, sqlite3.Error) as fault:
            raise BackupFailed(f"no backup was made: {fault}") from None
        finally:
            part.unlink(missing_ok=True)
    return len(written)


def read(archive: Path, key: str, into: Path) -> int:
    """What is in a backup, into an empty folder; how many files. Raises BackupFailed, OSError."""
    try:
        identity = pyrage.x25519.Identity.from_str(key)
    except pyrage.IdentityError:
        raise BackupFailed("the key is none; it is a line that begins with AGE-SECRET-KEY-1") from None
    count = len(_open(archive, identity, into))
    whole(into)
    return count


def whole(folder: Path) -> None:
    """Every database below a folder is sound. Raises BackupFailed."""
    folder = folder.resolve()
    for path in _files(folder):
        if _is_database(path):
            with closing(sqlite3.connect(path)) as db:
                try:
                    found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
                except sqlite3.DatabaseError as fault:
                    found = str(fault)
            if found != "ok":
                raise BackupFailed(f"{path.relative_to(folder)} is damaged: {found}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else makes one there; what one that was cut short left is gone: it lies there in the clear."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in folder.glob(".backup-*"):
            shutil.rmtree(left)
        for left in folder.glob(".*.age.part"):
            left.unlink()
        yield
    except BlockingIOError:
        raise BackupFailed(f"another backup is being made in {folder}") from None
    finally:
        os.close(lock)


def _room(folder: Path, size: int) -> None:
    """Room for so many bytes, and for what the box writes meanwhile. Raises BackupFailed."""
    if (free := shutil.disk_usage(folder).free) < size + SPARE:
        raise BackupFailed(f"{folder} has {free // MB} MB free; {(size + SPARE) // MB} MB are needed")


# ---- what goes in ---------------------------------------------------------------------------------------------------


def _members(sources: Mapping[str, Path], leave: frozenset[Path], folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file by its name in the tar; of a database a copy in the folder."""
    left = {path.resolve() for path in leave}
    for top, given in sources.items():
        source = given.resolve() if given.is_dir() else given.parent.resolve() / given.name
        if source.is_symlink():
            raise BackupFailed(f"{given} is a link; say where it leads")
        for path in _files(source):
            if left & {path.resolve(), *path.resolve().parents} or folder in path.parents:
                continue
            name = top if path == source else f"{top}/{path.relative_to(source)}"
            if _is_database(path):
                yield name, _copy(path, folder / hashlib.sha256(name.encode()).hexdigest())
            elif not (path.name.endswith(BESIDE) and _is_database(Path(str(path).rpartition("-")[0]))):
                yield name, path


def _files(source: Path) -> Iterator[Path]:
    """Every regular file below it, or itself; none by a link, which may lead to what whoever made it may not read."""
    if source.is_file():
        yield source
    for here, folders, names in os.walk(source):
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(here, name)).is_file() and not path.is_symlink())


def _plain(path: Path) -> BinaryIO:
    """A regular file that is where it was found, whatever its folder's owner puts there. Raises OSError."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and os.readlink(f"/proc/self/fd/{file.fileno()}") == str(path):
        return file
    file.close()
    raise FileNotFoundError(errno.ENOENT, "it is another by now", str(path))


def _is_database(path: Path) -> bool:
    try:
        with _plain(path) as file:
            return file.read(len(SQLITE)) == SQLITE
    except FileNotFoundError:
        return False


def _copy(database: Path, to: Path) -> Path:
    """SQLite opens by path and follows links, whatever the path leads to by then: what it opened is looked at before it is
    read. Raises FileNotFoundError."""
    _room(to.parent, database.stat().st_size)
    ours = {str(database), *(f"{database}{end}" for end in BESIDE)}
    before = _opened()
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # now all of it is open, and stays so
        if {path for file, path in _opened().items() if before.get(file) != path} - ours:
            raise FileNotFoundError(errno.ENOENT, "it is another by now", str(database))
        with closing(sqlite3.connect(to)) as copy:
            db.backup(copy)
    return to


def _opened() -> dict[str, str]:
    """The files we have open, by descriptor; of their paths what the kernel says, which knows no links."""
    found = {}
    for file in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the folder itself is closed again
            path = os.readlink(f"/proc/self/fd/{file}")
            if path.startswith("/") and not path.startswith(("/dev/", "/proc/")):
                found[file] = path
    return found


def _pack(members: Mapping[str, Path], digests: Digests, stream: BinaryIO) -> None:
    with tarfile.open(fileobj=stream, mode="w|gz") as tar:
        for name, path in members.items():
            try:
                file = _plain(path)
            except FileNotFoundError:
                continue  # somebody deleted his message meanwhile
            with file:
                about = tarfile.TarInfo(name)
                status = os.fstat(file.fileno())
                about.size, about.mtime, about.mode = status.st_size, int(status.st_mtime), status.st_mode & 0o777
                digested = _Digested(file)
                tar.addfile(about, digested)  # type: ignore[arg-type]
                digests[name] = digested.sha256.hexdigest()


class _Digested:
    """A file whose bytes are counted into a digest as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


# ---- and out --------------------------------------------------------------------------------------------------------


def _open(archive: Path, identity: Any, into: Path) -> Digests:
    """What came out, by its digests. Whoever knows the recipient may have made it, so nothing in it is believed."""
    digests: Digests = {}
    try:
        with archive.open("rb") as file:
            _through(lambda stream: pyrage.decrypt_io(file, stream, [identity]), partial(_unpack, into, digests))
    except pyrage.DecryptError as fault:
        raise BackupFailed(f"{archive.name} is not opened by this key: {fault}") from None
    except (
        tarfile.TarError,
        EOFError,
        OSError,
    ) as fault:  # age tells what it cannot decrypt as an OSError without a number
        if isinstance(fault, OSError) and fault.errno and not isinstance(fault, FileExistsError):
            raise
        raise BackupFailed(f"{archive.name} is damaged: {fault}") from None
    return digests


def _unpack(into: Path, digests: Digests, stream: BinaryIO) -> None:
    """Raises BackupFailed, also before the disk is full: a small file may hold any number of zeros."""
    free = room = shutil.disk_usage(into).free - SPARE
    with tarfile.open(fileobj=stream, mode="r|gz") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            if not member.isreg() or name.is_absolute() or ".." in name.parts or not name.parts:
                raise BackupFailed(f"there is something in it that is no file of a backup: {member.name[:80]!r}")
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if (room := room - member.size - LEAST) < 0:
                raise BackupFailed(f"what is in it does not go into the {max(free, 0) // MB} MB that are free")
            source = tar.extractfile(member)
            assert source is not None  # it is a regular file
            with open(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, member.mode & 0o777), "wb"
            ) as out:
                digested = _Digested(source)
                while data := digested.read(PIECE):
                    out.write(data)
            digests[member.name] = digested.sha256.hexdigest()
    while stream.read(PIECE):  # what stands behind the end of a tar
        pass


def _through(write: Callable[[BinaryIO], object], read: Callable[[BinaryIO], object]) -> None:
    """One writes in a thread of its own what the other reads; of their faults the first, which made the other."""
    ends = os.pipe()
    source, sink = os.fdopen(ends[0], "rb"), os.fdopen(ends[1], "wb")
    faults: list[BaseException] = []

    def one(do: Callable[[BinaryIO], object], end: BinaryIO) -> None:
        try:
            do(end)
        except BaseException as fault:
            faults.append(fault)
        with suppress(BrokenPipeError):
            end.close()

    writing = Thread(target=one, args=(write, sink))
    writing.start()
    one(read, source)
    writing.join()
    if faults:
        raise faults[0]
