# SPDX-License-Identifier: GPL-2.0-or-later
"""Home Assistant itself in a virtual environment of its own, once; some minutes. `python -m tests.homeassistant.install`"""

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

TREE = Path(__file__).parents[2]
THERE = TREE / ".build" / "homeassistant"
HASS = THERE / "venv" / "bin" / "hass"
WHAT = "homeassistant"  # the group in pyproject.toml; the first of it is Home Assistant


def wanted() -> list[str]:
    groups = tomllib.loads((TREE / "pyproject.toml").read_text())["dependency-groups"]
    return list(groups[WHAT])


def install() -> None:
    stamp, packages = THERE / "installed", wanted()
    if stamp.exists() and stamp.read_text() == "\n".join(packages):
        return
    print(f"installing {packages[0]} in {THERE}, some minutes", flush=True)
    venv.create(THERE / "venv", with_pip=True, clear=True)
    pip = [str(HASS.with_name("pip")), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, packages[0]], check=True)
    [constraints] = THERE.glob("venv/lib/*/site-packages/homeassistant/package_constraints.txt")  # its own word
    subprocess.run([*pip, "--constraint", str(constraints), *packages], check=True)
    stamp.write_text("\n".join(packages))


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as fault:
        sys.exit(f"Home Assistant is not installed: {fault}")
