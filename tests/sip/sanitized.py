# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests of this folder on an extension built with the address and undefined-behaviour sanitizers.

    .venv/bin/python tests/sip/sanitized.py [arguments of pytest]

PJSIP itself is not instrumented. The tree is the working one, but for the extension, in a folder that goes afterwards.
Exits as pytest does, or with 1 when something was reported that did not end the run.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIP = ROOT / "appliance" / "sip"
FLAGS = [
    "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fPIC", "-shared", "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
]  # fmt: skip


def printed(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def pkg_config(kind: str) -> list[str]:
    """Of the PJSIP that the build of the working tree uses."""
    commands = (ROOT / ".build" / "compile_commands.json").read_text()
    found = re.search(r"-I(\S*/pjsip/\S+)/include", commands)
    if found:
        os.environ["PKG_CONFIG_PATH"] = f"{found[1]}/lib/pkgconfig"
    return printed("pkg-config", kind, "libpjproject", "libcrypto", "alsa")


def links(into: Path) -> None:
    """The working tree as links, with a folder of its own for the extension."""
    (into / "appliance" / "sip").mkdir(parents=True)
    for folder, left_out in ((ROOT, "appliance"), (ROOT / "appliance", "sip"), (SIP, "_sip.abi3.so")):
        for one in folder.iterdir():
            if one.name != left_out:
                (into / one.relative_to(ROOT)).symlink_to(one)


def build(into: Path) -> None:
    libraries = pkg_config("--libs")
    paths = [f"-Wl,-rpath,{flag[2:]}" for flag in libraries if flag.startswith("-L")]
    python = f"-I{sysconfig.get_path('include')}"
    lines = ROOT / "appliance" / "lines"
    sources = sorted(
        map(
            str,
            [
                *SIP.glob("*.c"),
                *(lines / "pump").glob("*.c"),
                *((lines / "dahdi" / name) for name in ("digits.c", "law.c")),
            ],
        )
    )
    subprocess.run(
        ["gcc", *FLAGS, python, *pkg_config("--cflags"), *sources, "-o", into, *libraries, "-lm", *paths], check=True
    )


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="linekeeper-sanitized-") as folder:
        tree = Path(folder)
        links(tree)
        build(tree / "appliance" / "sip" / "_sip.abi3.so")
        reports = tree / "reports"
        env = os.environ | {
            "LD_PRELOAD": " ".join(printed("gcc", "-print-file-name=libasan.so")),
            "ASAN_OPTIONS": f"detect_leaks=0:log_path={reports}",  # Python keeps what it interned
            "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={reports}",
            "PYTHONMALLOC": "malloc",
        }
        arguments = sys.argv[1:] or ["-q"]
        # the first preloads a library before libasan, which that refuses; the second finds what was given back still held
        left_out = [
            "tests/sip/test_nat.py::test_no_name_server_is_waited_for",
            "tests/sip/test_subscriptions.py::test_a_hundred_thousand_changes_take_no_memory",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/sip", *[f"--deselect={one}" for one in left_out],
             *arguments],
            cwd=tree, env=env,
        )  # fmt: skip
        told = [path.read_text() for path in tree.glob("reports.*")]
        print("\n".join(told) or "the sanitizers have nothing to report")
        return done.returncode or bool(told)


if __name__ == "__main__":
    sys.exit(main())
