# SPDX-License-Identifier: GPL-2.0-or-later
"""ofono's phonesim, which Debian has in sid alone, unpacked in a folder of its own with all it needs; once, a minute or two."""

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).parents[2]
THERE = TREE / ".build" / "phonesim"
ROOT = THERE / "root"
LINKS = ("bin", "lib", "lib64", "sbin")  # Debian's, into usr
PACKAGE = "ofono-phonesim"


def install() -> None:
    if (ROOT / "usr" / "bin" / PACKAGE).exists():
        return
    sys.path.insert(0, str(TREE / "image" / "pjsip"))
    from source import debian_mirrors, own_apt  # type: ignore[import-not-found]

    THERE.mkdir(parents=True, exist_ok=True)
    print(f"unpacking {PACKAGE} of Debian's sid in {THERE}, a minute or two", flush=True)
    settings = [
        *own_apt(THERE, next(debian_mirrors())),
        "-o",
        "APT::Install-Recommends=false",
        "-o",
        "Debug::NoLocking=1",
    ]
    sources = THERE / "sid.sources"
    sources.write_text(sources.read_text().replace("Types: deb-src", "Types: deb"))
    subprocess.run(["apt-get", *settings, "-qq", "update"], check=True)
    subprocess.run(["apt-get", *settings, "-qq", "--download-only", "-y", "install", PACKAGE], check=True)
    part = THERE / "part"
    for package in sorted((THERE / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, part], check=True)
    for name in LINKS:
        if not (part / name).exists():
            (part / name).symlink_to(f"usr/{name}")
    part.rename(ROOT)


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as fault:
        sys.exit(f"phonesim is not to be had: {fault}")
