# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages of image/packages.txt: which are missing, and how they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from stage import Failed, Log


def wanted(listing: Path) -> list[list[str]]:
    """Each line's alternatives, best first."""
    lines = (line.partition("#")[0].strip() for line in listing.read_text().splitlines())
    return [[name.strip() for name in line.split("|")] for line in lines if line]


def installed(names: Iterable[str]) -> set[str]:
    """Those of the names that dpkg has installed."""
    command = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failed(
            "This system has no dpkg, so it is not Debian or one of its kind.",
            "Install what image/packages.txt lists by your own means, then run make setup SETUP=--no-packages.",
        ) from None
    return {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}


def missing(listing: Path) -> list[list[str]]:
    """The lines of which no alternative is installed."""
    lines = wanted(listing)
    have = installed(name for names in lines for name in names)
    return [names for names in lines if not have.intersection(names)]


def install(listing: Path, log: Log, root: Path) -> None:
    """Installs what is missing; no call of apt when nothing is."""
    lines = missing(listing)
    if not lines:
        return
    names = ", ".join(names[0] for names in lines)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = [*as_root(names), "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    log.run([*apt, "update"], cwd=root, env=env)
    chosen = [choose(alternatives) for alternatives in lines]
    log.run([*apt, "install", "--yes", "--no-install-recommends", *chosen], cwd=root, env=env)


def as_root(names: str) -> list[str]:
    """How a command is run as root here."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise Failed(
            f"Packages are missing ({names}), and there is no sudo to install them with.",
            f"As root: apt-get install --no-install-recommends {names.replace(',', '')}",
        )
    if subprocess.run(["sudo", "-v"], check=False).returncode != 0:
        raise Failed(
            f"Packages are missing ({names}), and sudo did not let us install them.",
            f"Have an administrator run: apt-get install --no-install-recommends {names.replace(',', '')}",
        )
    return ["sudo", "DEBIAN_FRONTEND=noninteractive"]


def choose(alternatives: list[str]) -> str:
    """The first alternative that this release of Debian has."""
    for name in alternatives:
        done = subprocess.run(["apt-cache", "show", "--no-all-versions", name], capture_output=True, check=False)
        if done.returncode == 0:
            return name
    raise Failed(f"Debian here has no package {' or '.join(alternatives)}.", "Linekeeper needs Debian 12 or 13.")
