# SPDX-License-Identifier: GPL-2.0-or-later
"""Both fuzzers of the core for some minutes, side by side: python -m tests.fuzz.fuzz --minutes 10.

They begin with the stories and with what was found before (corpus/found-*.tar.xz). What they find is kept in
.build-fuzz/corpus; --keep packs the least of it that reaches as much. Whatever breaks one is written there too and told;
it ends with 1 then.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".build-fuzz"
SEEDS = Path(__file__).parent / "corpus"
WHAT = ("plan", "day")
LARGEST = {"plan": 8192, "day": 1 + 16 * 200}  # bytes of an input
OPTIONS = [
    "-Dextensions=false",
    "-Dfuzz=true",
    "-Db_sanitize=address,undefined",
    "-Db_lundef=false",
    "-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=all",
]


def build(*targets: str) -> Path:
    """The folder of the programs, built with clang."""
    place = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "CC": "clang"}
    quiet = {"cwd": ROOT, "env": os.environ | place, "check": True, "stdout": subprocess.DEVNULL}
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, *OPTIONS], **quiet)  # type: ignore[call-overload]
    subprocess.run(["meson", "compile", "-C", BUILD, *targets], **quiet)  # type: ignore[call-overload]
    return BUILD / "tests" / "fuzz"


def command(programs: Path, what: str, *options: str) -> list[str]:
    kept = BUILD / "corpus" / what
    if not kept.exists():
        kept.mkdir(parents=True)
        with tarfile.open(SEEDS / f"found-{what}.tar.xz") as found:
            found.extractall(kept, filter="data")
    limits = [
        f"-max_len={LARGEST[what]}",
        "-timeout=100",  # by the clock, and the machine may be busy
        "-report_slow_units=100",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={BUILD}/broken-{what}-",
    ]
    return [str(programs / f"fuzz-{what}"), *limits, *options, str(kept), str(SEEDS / what)]


def keep(programs: Path, what: str) -> None:
    """The least of what was found that reaches as much, packed; the stories are there already."""
    with tempfile.TemporaryDirectory() as least:
        words = command(programs, what)
        for story in (SEEDS / what).iterdir():
            (Path(least) / story.name).write_bytes(story.read_bytes())
        subprocess.run([*words[:-2], "-merge=1", least, *words[-2:]], check=True, stderr=subprocess.DEVNULL)
        with tarfile.open(SEEDS / f"found-{what}.tar.xz", "w:xz") as packed:
            for found in sorted(Path(least).iterdir()):
                if not (SEEDS / what / found.name).exists():
                    entry = tarfile.TarInfo(found.name)
                    entry.size = found.stat().st_size
                    with found.open("rb") as content:
                        packed.addfile(entry, content)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--keep", action="store_true", help="pack what was found, for the next time")
    wanted = parser.parse_args()
    seconds = round(60 * wanted.minutes)
    programs = build("fuzz-plan", "fuzz-day")
    if wanted.keep:
        for what in WHAT:
            keep(programs, what)
        return 0
    log = {what: BUILD / f"{what}.log" for what in WHAT}
    running = {}
    for what in WHAT:
        with log[what].open("w") as told:
            options = [f"-max_total_time={seconds}", "-print_final_stats=1"]
            running[what] = subprocess.Popen(command(programs, what, *options), stdout=told, stderr=told)
    print(f"{seconds} s each; told in {', '.join(str(path.relative_to(ROOT)) for path in log.values())}", flush=True)
    broken = [what for what, process in running.items() if process.wait() != 0]
    for what in WHAT:
        lines = log[what].read_text(errors="replace").splitlines()
        print(what, *(line for line in lines if line.startswith("stat::number_of_executed") or "DONE" in line))
        if what in broken:
            print(*lines[-40:], sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
