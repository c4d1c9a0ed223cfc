# SPDX-License-Identifier: GPL-2.0-or-later
"""What we measure ourselves against, installed apart: `make bench` does it, or `python bench/testbed/others.py`.

Not in .venv: Ciw brings numpy and networkx along, and a package `tests` of its own, which would hide ours.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
THERE = ROOT / ".build-bench"


def wanted() -> list[str]:
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["bench"])


def install() -> None:
    """As pyproject.toml says, unless that was done."""
    note = THERE / "installed"
    facts = "\n".join([sys.version, *wanted()])
    if note.exists() and note.read_text() == facts:
        return
    shutil.rmtree(THERE, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--target", str(THERE), *wanted()], check=True)
    shutil.rmtree(THERE / "tests", ignore_errors=True)
    note.write_text(facts)


def on_path() -> None:
    """So that they can be imported; ends the program in a sentence when they are not there."""
    if not (THERE / "installed").exists():
        sys.exit("What we measure ourselves against is not installed: python bench/testbed/others.py")
    sys.path.append(str(THERE))


if __name__ == "__main__":
    install()
