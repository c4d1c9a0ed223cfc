# SPDX-License-Identifier: GPL-2.0-or-later
"""The core's own tests in C: plain, and with the address and undefined-behaviour sanitizers."""

import os
import re
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

ROOT = Path(__file__).parents[2]
SUITES = re.findall(r"^  '(\w+)',$", Path(__file__).with_name("meson.build").read_text(), re.MULTILINE)
BUILDS = {
    "plain": [],
    "sanitized": ["-Db_sanitize=address,undefined", "-Dc_args=-fno-sanitize-recover=all"],
}


def run(*command: str | Path) -> str:
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | path, text=True, stdout=PIPE, stderr=STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module", params=BUILDS)
def program(request: pytest.FixtureRequest) -> Path:
    """The C tests, built from nothing or from where the last run left off."""
    kind: str = request.param
    build = ROOT / ".build-core" / kind
    options = ["-Dextensions=false", *BUILDS[kind]]
    run("meson", "setup", *(["--reconfigure"] if (build / "build.ninja").exists() else []), build, *options)
    run("meson", "compile", "-C", build, "core-tests")
    return build / "tests" / "core" / "core-tests"


@pytest.mark.parametrize("suite", SUITES)
def test_structures_and_stories_in_c(program: Path, suite: str) -> None:
    told = run(program, suite).splitlines()
    assert told
    assert all(line.startswith(f"ok {suite}: ") for line in told)
