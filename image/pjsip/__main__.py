# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches, builds and caches PJSIP with its Python bindings; prints the folder it is installed in.

    python3 image/pjsip [--tarball FILE [--sha256 HASH]] [--accept-version VERSION] [--jobs N] [--prefix-only]

The folder is ${XDG_CACHE_HOME:-~/.cache}/linekeeper/pjsip/<version>-<hash of all that matters>; it appears complete or
not at all. Compile against it with PKG_CONFIG_PATH=<folder>/lib/pkgconfig; the wheel is in <folder>/wheels.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import build
import source
from failure import Failure

HERE = Path(__file__).resolve().parent
NEEDED_MB = 700  # source, objects and the result, with room to spare


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "linekeeper/pjsip"


def fingerprint(sha256: str) -> str:
    """All that decides what is built: source, our patches, options, these scripts, the Python's ABI and the system."""
    digest = hashlib.sha256()
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    facts = [sha256, sysconfig.get_config_var("SOABI"), platform.machine()]
    for fact in [*facts, release.get("ID"), release.get("VERSION_ID")]:
        digest.update(f"{fact}\n".encode())
    for file in (HERE / "build.py", HERE / "config_site.h", *build.patches()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def finished(mark: str) -> Path | None:
    """The installed result of that fingerprint, if there is one."""
    return next((path.parent for path in cache().glob(f"*-{mark}/complete")), None)


def build_into_cache(options: argparse.Namespace, work: Path, log: Path) -> Path:
    say("PJSIP: fetching the source")
    tarball = source.obtain(work, log, given=options.tarball, sha256=options.sha256, accepted=options.accept_version)
    mark = fingerprint(source.sha256_of(tarball))
    if ready := finished(mark):
        return ready
    tree = build.unpack(tarball, work)
    prefix = cache() / f"{build.version_of(tree)}-{mark}"
    staging = work / "staging"
    say(f"PJSIP {build.version_of(tree)}: building, a few minutes; log: {log}")
    steps = build.Steps(log, say)
    build.compile_libraries(tree, prefix, staging, options.jobs, steps)
    built = staging / prefix.relative_to("/")
    check_libraries(built)
    build.build_wheel(tree, prefix, built / "wheels", sys.executable, steps)
    (built / "complete").write_text(source.sha256_of(tarball) + "\n")
    built.rename(prefix)
    return prefix


@contextmanager
def only_builder() -> Iterator[None]:
    """One build at a time; who waited finds it done."""
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for abandoned in cache().glob("building-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        yield


def check_libraries(built: Path) -> None:
    if not (built / "lib/libpjsua2.so").exists():
        raise Failure("PJSIP was built without libpjsua2.", "Is g++ installed? See image/packages.txt.")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="image/pjsip", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tarball", type=Path, help="a pjproject source tarball to use instead of Debian's mirror")
    parser.add_argument("--sha256", help="what --tarball must hash to, when it is not the release pinned here")
    parser.add_argument("--accept-version", help="build Debian's newer version, when the pinned one is gone")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prefix-only", action="store_true", help="print the folder if it is built; build nothing")
    options = parser.parse_args(arguments)
    if options.tarball is None and options.accept_version is None and (ready := finished(fingerprint(source.SHA256))):
        print(ready)
        return 0
    if options.prefix_only:
        return 1
    return build_with_report(options)


def build_with_report(options: argparse.Namespace) -> int:
    began = time.monotonic()
    try:
        cache().mkdir(parents=True, exist_ok=True)
        log = cache() / "build.log"
        free_mb = shutil.disk_usage(cache()).free // 1_000_000
        if free_mb < NEEDED_MB:
            raise Failure(
                f"Only {free_mb} MB are free in {cache()}; PJSIP's build needs {NEEDED_MB}.", "Free some space."
            )
        with only_builder(), tempfile.TemporaryDirectory(prefix="building-", dir=cache()) as work:
            log.write_text("")
            prefix = build_into_cache(options, Path(work), log)
    except Failure as failure:
        say(failure.what)
        say("\n".join(filter(None, [failure.advice, failure.log and f"Log: {failure.log}"])))
        return 1
    except KeyboardInterrupt:
        say("\nPJSIP: stopped; nothing half-built is kept.")
        return 130
    except OSError as error:
        say(f"PJSIP: {error.strerror or error}: {error.filename or cache()}")
        return 1
    say(f"PJSIP is ready after {time.monotonic() - began:.0f} s")
    print(prefix)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
