# SPDX-License-Identifier: GPL-2.0-or-later
"""Where PJSIP's source comes from: a component of Debian's source package `asterisk`, known by its SHA-256."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from failure import Failure

DEBIAN_VERSION = "22.10.1+dfsg+~cs6.17.60671434"
SHA256 = "6860c2f7604b4eee75f38151a9ef69774eb3f0c5286fc1d14bc1db2dc5a9e8aa"

POOL = "pool/main/a/asterisk/"
FALLBACK = "http://deb.debian.org/debian/"
APT_HELPER = "/usr/lib/apt/apt-helper"
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")  # the second name is Debian 13's


@dataclass(frozen=True)
class Tarball:
    """A source tarball: where it is and what it must hash to."""

    place: str
    sha256: str
    version: str


def tarball_name(version: str) -> str:
    return f"asterisk_{version}.orig-Xpjproject.tar.xz"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hash(path: Path, expected: str) -> None:
    """Refuses a file that is not byte for byte the one meant."""
    found = sha256_of(path)
    if found != expected:
        raise Failure(
            f"{path} is not the file expected: its SHA-256 is {found}, it should be {expected}.",
            "Delete it and fetch it again; if it is another release that you trust, give its hash with --sha256.",
        )


def debian_mirrors() -> Iterator[str]:
    """Base addresses of the Debian mirrors this machine's apt knows, in either form of its lists, then Debian's own."""
    seen: set[str] = set()
    for line in apt_lines("update", "--print-uris"):  # prints where it would look, and looks nowhere
        match = re.match(r"'(\S+/)dists/\S+/InRelease'", line)
        base = match[1] if match else ""
        if "/debian" in base and "security" not in base and base not in seen:
            seen.add(base)
            yield base
    if FALLBACK not in seen:
        yield FALLBACK


def apt_lines(*arguments: str) -> list[str]:
    """Lines apt-get prints; none where there is no apt."""
    try:
        done = subprocess.run(["apt-get", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return done.stdout.splitlines()


def fetch(wanted: Tarball, into: Path, log: Path) -> bool:
    """Downloads through apt, so that its proxies and certificates hold; False where the pool has no such file."""
    if not os.access(APT_HELPER, os.X_OK):
        raise Failure(
            "This system has no apt, so PJSIP's source cannot be fetched from Debian.",
            f"Get {tarball_name(DEBIAN_VERSION)} from any Debian mirror ({POOL}) and give it with --tarball FILE.",
        )
    partial = into.with_suffix(".part")
    command = [APT_HELPER, "download-file", wanted.place, str(partial), f"SHA256:{wanted.sha256}"]
    with log.open("a") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0 or not partial.exists():
        partial.unlink(missing_ok=True)
        return False
    check_hash(partial, wanted.sha256)
    partial.rename(into)
    return True


def fetch_pinned(into: Path, log: Path) -> bool:
    """The release this project is made with, from the first mirror that still has it."""
    name = urllib.parse.quote(tarball_name(DEBIAN_VERSION), safe="+~")
    return any(fetch(Tarball(base + POOL + name, SHA256, DEBIAN_VERSION), into, log) for base in debian_mirrors())


def newest_in_sid(work: Path, log: Path) -> Tarball:
    """What Debian's development release carries now, from its signed index, by an apt configuration of its own."""
    base = next(debian_mirrors())
    settings = own_apt(work, base)
    with log.open("a") as out:
        updated = subprocess.run(["apt-get", *settings, "update"], stdout=out, stderr=subprocess.STDOUT, check=False)
    lines = apt_lines(*settings, "source", "--download-only", "--print-uris", "--only-source", "asterisk")
    found = parse_print_uris(lines)
    if updated.returncode != 0 or found is None:
        raise Failure(
            f"Debian's source index could not be read from {base}.",
            "Check the network and try again, or give the source with --tarball FILE.",
            str(log),
        )
    return found


def own_apt(work: Path, base: str) -> list[str]:
    """Options that give apt sources, lists and a cache of its own under `work`; the machine's are left alone."""
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    (work / "status").touch()
    (work / "none").mkdir(exist_ok=True)
    keyring = next((path for name in KEYRINGS if (path := Path("/usr/share/keyrings") / name).exists()), None)
    if keyring is None:
        raise Failure(
            "Debian's archive keyring is missing.", "Install the package debian-archive-keyring and try again."
        )
    sources = work / "sid.sources"
    sources.write_text(f"Types: deb-src\nURIs: {base}\nSuites: sid\nComponents: main\nSigned-By: {keyring}\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": work / "none",
        "Dir::State": work,
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "Acquire::Check-Valid-Until": "false",  # a mirror may be a snapshot; signatures stay checked
        "APT::Update::Post-Invoke-Success": "",
        "APT::Sandbox::User": Path(work).owner(),  # the lists are in a folder of the caller's
    }
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def parse_print_uris(lines: list[str]) -> Tarball | None:
    """The pjproject component among the lines `'URI' name size SHA256:hash`."""
    pattern = re.compile(r"'([^']+)' asterisk_(\S+)\.orig-Xpjproject\.tar\.\w+ \d+ SHA256:([0-9a-f]{64})")
    for line in lines:
        if match := pattern.fullmatch(line.strip()):
            return Tarball(match[1], match[3], urllib.parse.unquote(match[2]))
    return None


def obtain(work: Path, log: Path, *, given: Path | None, sha256: str | None, accepted: str | None) -> Path:
    """Puts the tarball under `work`: the one given, the pinned one, or a newer one whose version was accepted."""
    tarball = work / "pjproject.tar.xz"
    if given is not None:
        check_hash(given, sha256 or SHA256)
        shutil.copyfile(given, tarball)
        return tarball
    if accepted in (None, DEBIAN_VERSION) and fetch_pinned(tarball, log):
        return tarball
    newer = newest_in_sid(work / "apt", log)
    if newer.version != accepted:
        raise Failure(
            f"The Debian mirror no longer carries {tarball_name(DEBIAN_VERSION)}; it has version {newer.version}.",
            f"To build with that one, say so: --accept-version '{newer.version}'. "
            "Or give the older file, for instance from snapshot.debian.org, with --tarball FILE.",
        )
    if not fetch(newer, tarball, log):
        raise Failure(f"{newer.place} could not be fetched.", "Check the network and try again.", str(log))
    return tarball
