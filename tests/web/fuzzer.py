# SPDX-License-Identifier: GPL-2.0-or-later
"""Schemathesis in a virtual environment of its own, once: what it needs is not what ours do. `python -m tests.web.fuzzer`"""

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

TREE = Path(__file__).parents[2]
THERE = TREE / ".build" / "schemathesis"
PROGRAM = THERE / "venv" / "bin" / "schemathesis"
WHAT = "api-fuzz"  # the group in pyproject.toml


def install() -> None:
    """As pyproject.toml says, unless that was done."""
    stamp = THERE / "installed"
    wanted = list(tomllib.loads((TREE / "pyproject.toml").read_text())["dependency-groups"][WHAT])
    if stamp.exists() and stamp.read_text() == "\n".join(wanted):
        return
    print(f"installing {wanted[0]} in {THERE}, a minute", flush=True)
    venv.create(THERE / "venv", with_pip=True, clear=True)
    pip = [str(PROGRAM.with_name("pip")), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *wanted], check=True)
    stamp.write_text("\n".join(wanted))


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as fault:
        sys.exit(f"Schemathesis is not installed: {fault}")
