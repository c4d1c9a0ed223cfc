# SPDX-License-Identifier: GPL-2.0-or-later
"""guard.c and fence.c by themselves, under the sanitizers: IPv6, a million sources, and the kernel's filter."""

import subprocess
from pathlib import Path

import pytest

from tests.sip.sanitized import SIP, pkg_config

FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


def test_the_guard_keeps_its_word_whatever_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PKG_CONFIG_PATH", "")  # pkg_config() sets it to that of the PJSIP we use
    libraries = pkg_config("--libs")
    paths = [f"-Wl,-rpath,{flag[2:]}" for flag in libraries if flag.startswith("-L")]
    sources = [
        Path(__file__).with_name("guard.c"),
        *(SIP / f"{name}.c" for name in ("guard", "source", "scanner", "fence")),
    ]
    program = tmp_path / "guard"
    subprocess.run(["gcc", *FLAGS, *pkg_config("--cflags"), *sources, "-o", program, *libraries, *paths], check=True)
    done = subprocess.run([program], capture_output=True, text=True, env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 0 and done.stdout.endswith("the guard keeps its word\n"), done.stderr
