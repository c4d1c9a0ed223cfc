# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of recordings: encrypted in chunks as they grow (.lkr), or WAV. docs/recording.md has the format.

A chunk is sealed with ChaCha20-Poly1305 (RFC 8439) under a key of the file's own, its nonce being its number and whether
it is the last: none can be changed, left out or moved unseen, and a file that is cut off opens up to there.
"""

import hashlib
import json
import os
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from appliance.calls.recorded import WAV

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

MAGIC = b"LKREC\x00\x01\n"
HEAD_SIZE = struct.Struct("<H")  # bytes of JSON behind the magic
LENGTH = struct.Struct("<I")  # bytes of a chunk's plain text; its highest bit: it is the last
LAST = 1 << 31
CHUNK_MAX = 1 << 20  # bytes; a longer one is damage
TAG = 16  # bytes, RFC 8439
NONCE = struct.Struct(">7xIB")
USE = b"linekeeper recording"  # the file's key is for nothing else
PCM, A_LAW = 1, 6  # codings of WAV
SIDES = 2
COUNTS = {"wav": (16_000, 2, PCM), "compact": (8_000, 1, A_LAW)}  # by form: samples a second, bytes of one, coding
SILENCE = {"wav": b"\x00\x00", "compact": b"\xd5"}  # a sample of it, G.711


class Damaged(Exception):
    """A recording that is not what was written."""

    id = "recording-damaged"


class CutOff(Damaged):
    """It ends before its end, and is sound up to there."""

    id = "recording-cut"


class NoKey(Exception):
    """The key it was encrypted with is not known."""

    id = "recording-key"


class Scanned(NamedTuple):
    """What there is of a file: bytes of samples, bytes that are sound, and whether its end is there."""

    samples: int
    size: int
    whole: bool


def key_id(key: bytes) -> str:
    """What tells keys apart, and tells nothing of them."""
    return hashlib.sha256(USE + key).hexdigest()[:16]


def milliseconds(form: str, samples: int) -> int:
    """How long so many bytes of samples sound."""
    rate, width, _ = COUNTS[form]
    return samples * 1000 // (rate * width * SIDES)


def wav_head(form: str, samples: int) -> bytes:
    """What stands before the samples of a WAV file."""
    rate, width, coding = COUNTS[form]
    fmt = struct.pack("<HHIIHH", coding, SIDES, rate, rate * width * SIDES, width * SIDES, 8 * width)
    if coding != PCM:
        fmt += b"\0\0"
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    if coding != PCM:
        chunks += b"fact" + struct.pack("<II", 4, samples // (width * SIDES))
    size = min(4 + len(chunks) + 8 + samples, 0xFFFFFFFF)
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunks + b"data" + struct.pack("<I", min(samples, 0xFFFFFFFF))


# ---- writing --------------------------------------------------------------------------------------------------------


class Writer(Protocol):
    """A file that grows. Every method raises OSError; then it is as it was before, and give_up() is all that is left."""

    size: int

    def add(self, samples: bytes) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> str:
        """Its checksum, SHA-256 in hex, once it is on the disk."""

    def give_up(self) -> str:
        """The same of what there is."""


class _File:
    """Bytes put behind one another, whole or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.size = 0
        self._hash = hashlib.sha256()
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            os.ftruncate(self._fd, self.size)
            os.lseek(self._fd, 0, os.SEEK_END)
            raise
        self.size += len(data)
        self._hash.update(data)

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def _end(self) -> str:
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)
        return self._hash.hexdigest()

    def give_up(self) -> str:
        os.close(self._fd)
        return self._hash.hexdigest()


class SealedFile(_File):
    """Satisfies Writer."""

    def __init__(self, path: Path, head: Mapping[str, object], key: bytes) -> None:
        """head: what may be read without the key."""
        super().__init__(path)
        salt = os.urandom(16)
        said = json.dumps({**head, "key": key_id(key), "salt": salt.hex()}).encode()
        self._head = MAGIC + HEAD_SIZE.pack(len(said)) + said
        self._cipher, self._number = _cipher(key, salt), 0
        self._put(self._head)

    def add(self, samples: bytes) -> None:
        for at in range(0, len(samples), CHUNK_MAX):
            self._seal(samples[at : at + CHUNK_MAX], 0)

    def close(self) -> str:
        self._seal(b"", 1)
        return self._end()

    def _seal(self, samples: bytes, last: int) -> None:
        sealed = self._cipher.encrypt(NONCE.pack(self._number, last), samples, self._head)
        self._put(LENGTH.pack(len(samples) | LAST * last) + sealed)
        self._number += 1


class WavFile(_File):
    """Satisfies Writer. What its head says of its length is right once it is closed."""

    def __init__(self, path: Path, form: str) -> None:
        super().__init__(path)
        self._form = form
        self._head = len(wav_head(form, 0))
        self._put(wav_head(form, 0))

    def add(self, samples: bytes) -> None:
        self._put(samples)

    def close(self) -> str:
        self._complete()
        self._end()
        return digest(self._path)

    def give_up(self) -> str:
        try:
            self._complete()
        finally:
            os.close(self._fd)
        return digest(self._path)

    def _complete(self) -> None:
        os.pwrite(self._fd, wav_head(self._form, self.size - self._head), 0)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cipher(key: bytes, salt: bytes) -> "ChaCha20Poly1305":
    """That of one file. What it needs takes 7 MB: it is loaded where something is encrypted, and only then."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=salt, info=USE).derive(key))


# ---- reading --------------------------------------------------------------------------------------------------------


def head(path: Path) -> tuple[dict[str, Any], bytes]:
    """What an encrypted file says of itself, and its bytes. Raises Damaged, OSError."""
    with path.open("rb") as file:
        begin = file.read(len(MAGIC) + HEAD_SIZE.size)
        if not begin.startswith(MAGIC) or len(begin) < len(MAGIC) + HEAD_SIZE.size:
            raise Damaged(f"{path} is no recording")
        begin += file.read(HEAD_SIZE.unpack_from(begin, len(MAGIC))[0])
    try:
        said = json.loads(begin[len(MAGIC) + HEAD_SIZE.size :])
        bytes.fromhex(said["salt"])
        if said["form"] not in COUNTS or not all(isinstance(said[key], int) for key in ("id", "call", "at")):
            raise ValueError("not ours")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Damaged(f"{path} says nothing of itself that can be read") from None
    return said, begin


def chunks(path: Path, form: str, keys: Mapping[str, bytes], first: int = 0) -> Iterator[bytes]:
    """The samples of a recording, a chunk at a time, from one on. keys: by their key_id.

    Raises CutOff where it ends before its end, Damaged, NoKey, OSError."""
    return _plain_chunks(path, form, first) if path.suffix == WAV else _opened(path, keys, first)


def _opened(path: Path, keys: Mapping[str, bytes], first: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        places = enumerate(_places(file.fileno(), path, len(head(path)[1])))
        asked = ((number, place) for number, place in places if number >= first or place.last)
        for number, samples in _decrypted(path, keys, asked):
            if number >= first:
                yield samples


def scan(path: Path, form: str) -> Scanned:
    """How much of a file is there, which needs no key. Raises Damaged, OSError."""
    size = path.stat().st_size
    if path.suffix == WAV:
        begin = len(wav_head(form, 0))
        width = COUNTS[form][1] * SIDES
        samples = max(0, size - begin) // width * width
        with path.open("rb") as file:
            return Scanned(samples, begin + samples, file.read(begin) == wav_head(form, samples))
    _, begun = head(path)
    samples, sound = 0, len(begun)
    with path.open("rb") as file:
        try:
            for _, length, last in _places(file.fileno(), path, sound):
                samples += length
                sound += LENGTH.size + length + TAG
                if last:
                    return Scanned(samples, sound, sound == size)
        except Damaged:
            pass
    return Scanned(samples, sound, False)


class Place(NamedTuple):
    """A chunk of an encrypted file: where its length stands, how long its samples are, whether it is the last."""

    at: int
    length: int
    last: int


def _places(fd: int, path: Path, at: int) -> Iterator[Place]:
    """Each chunk. Raises CutOff, Damaged."""
    size = os.fstat(fd).st_size
    while True:
        said = os.pread(fd, LENGTH.size, at)
        if len(said) < LENGTH.size:
            raise CutOff(f"{path} ends before its end")
        length = LENGTH.unpack(said)[0] & ~LAST
        last = int(LENGTH.unpack(said)[0] & LAST != 0)
        if length > CHUNK_MAX or (not length and not last):
            raise Damaged(f"{path} was changed, or is cut off, at byte {at}")
        place = Place(at, length, last)
        at += LENGTH.size + length + TAG
        if at > size:
            raise CutOff(f"{path} ends before its end")
        yield place
        if last:
            if at < size:
                raise Damaged(f"{path} has something behind its end")
            return


@lru_cache(maxsize=16)
def layout(path: Path, size: int) -> tuple[tuple[Place, ...], tuple[int, ...]]:
    """The chunks of a file of so many bytes that grows no more, and how many samples (bytes) are before the end of each.

    Raises Damaged, OSError. One that is cut off has those that are there."""
    begin = len(head(path)[1])
    places = list[Place]()
    with path.open("rb") as file:
        try:
            places.extend(_places(file.fileno(), path, begin))
        except CutOff:
            pass
    return tuple(places), tuple(accumulate(place.length for place in places))


def heard(path: Path, form: str, keys: Mapping[str, bytes], start: int, most: int) -> tuple[bytes, int]:
    """Samples from a byte of them on, at most so many and perhaps fewer, b"" behind the end; and how many bytes there are in all.

    Raises Damaged, NoKey, OSError."""
    if path.suffix == WAV:
        begin = len(wav_head(form, 0))
        total = max(0, path.stat().st_size - begin) // (COUNTS[form][1] * SIDES) * COUNTS[form][1] * SIDES
        with path.open("rb") as file:
            file.seek(begin + start)
            return file.read(max(0, min(most, total - start))), total
    places, ends = layout(path, path.stat().st_size)
    total, found, first = ends[-1] if ends else 0, bytearray(), bisect_right(ends, start)
    for number, samples in _decrypted(path, keys, enumerate(places[first:], first)):
        found += samples[max(0, start - (ends[number] - len(samples))) :]
        if len(found) >= most:
            break
    return bytes(found[:most]), total


def _decrypted(
    path: Path, keys: Mapping[str, bytes], places: Iterable[tuple[int, Place]]
) -> Iterator[tuple[int, bytes]]:
    """Chunks by their numbers. Raises Damaged, NoKey, OSError."""
    from cryptography.exceptions import InvalidTag

    said, begin = head(path)
    if (key := keys.get(str(said.get("key")))) is None:
        raise NoKey(f"{path} was encrypted with another key than those in secrets.toml")
    cipher = _cipher(key, bytes.fromhex(said["salt"]))
    with path.open("rb") as file:
        for number, place in places:
            file.seek(place.at + LENGTH.size)
            try:
                yield number, cipher.decrypt(NONCE.pack(number, place.last), file.read(place.length + TAG), begin)
            except InvalidTag:
                raise Damaged(f"{path} was changed, in its chunk {number}") from None


def _plain_chunks(path: Path, form: str, first: int) -> Iterator[bytes]:
    rate, width, _ = COUNTS[form]
    with path.open("rb") as file:
        file.seek(len(wav_head(form, 0)) + first * rate * width * SIDES)
        while samples := file.read(rate * width * SIDES):
            yield samples
