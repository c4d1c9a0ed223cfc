# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds PJSIP's shared libraries and its pjsua2 Python wheel, and shows how far it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from failure import Failure

HERE = Path(__file__).resolve().parent

CONFIGURE = (
    "--enable-shared",
    "--enable-epoll",
    "--enable-speex-resample",
    "--with-external-speex",
    "--with-external-gsm",
    "--with-external-srtp",
    "--disable-sound",  # a null device's clock drives the conference bridge
    "--disable-video",
    "--disable-sdl",
    "--disable-ffmpeg",
    "--disable-v4l2",
    "--disable-openh264",
    "--disable-vpx",
    "--disable-libyuv",
    "--disable-libwebrtc",
    "--disable-ilbc-codec",
    "--disable-g7221-codec",
    "--disable-opencore-amr",
    "--disable-silk",
    "--disable-bcg729",
    "--disable-lyra",
    "--disable-upnp",
)
CFLAGS = "-O3 -g1 -DNDEBUG"  # 3: loops of codecs; G.722 takes 30 % less than by 2
WHEEL_TOOLS = ("setuptools==80.9.0", "wheel==0.45.1")
OBJECTS = 280  # about as many files are compiled; only for the counter

Say = Callable[[str], None]


class Steps:
    """Runs the commands of a build one after another into one log."""

    def __init__(self, log: Path, say: Say) -> None:
        self.log = log
        self.say = say

    def run(self, title: str, command: list[str], where: Path, env: Mapping[str, str] = os.environ) -> None:
        """One command, its compiled files counted live; a Failure with the log's last lines if it fails."""
        began = time.monotonic()
        counted = 0
        with self.log.open("a") as out:
            out.write(f"\n$ {' '.join(command)}\n")
            with subprocess.Popen(
                command,
                cwd=where,
                env=env,
                text=True,
                errors="replace",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as child:
                assert child.stdout is not None
                for line in child.stdout:
                    out.write(line)
                    if is_compilation(line):
                        counted += 1
                        show_counter(title, counted)
            code = child.returncode
        if code != 0:
            raise Failure(f"PJSIP: {title} failed.\n{last_lines(self.log)}", advice_for(self.log), str(self.log))
        clear_counter()
        files = f", {counted} files" if counted else ""
        self.say(f"  {title}: {time.monotonic() - began:.0f} s{files}")


def is_compilation(line: str) -> bool:
    return re.search(r"\s-c\s", line) is not None and re.search(r"\s-o\s+\S+\.o\b", line) is not None


def show_counter(title: str, counted: int) -> None:
    if sys.stderr.isatty():
        print(f"\r  {title}: {counted} of about {max(OBJECTS, counted)} files", end="", file=sys.stderr, flush=True)


def clear_counter() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def last_lines(log: Path, count: int = 15) -> str:
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines)


def advice_for(log: Path) -> str:
    """The likeliest remedy, from what the log says."""
    text = log.read_text(errors="replace")[-20000:]
    if "No space left on device" in text:
        return "The disk is full: free about 500 MB and run this again."
    if "cc1" in text and "Killed" in text:
        return "The compiler ran out of memory: try again with --jobs 1."
    if match := re.search(r"fatal error: (\S+): No such file", text):
        return f"The header {match[1]} is missing: install the packages of image/packages.txt."
    return "Read the log; it holds everything the build said."


def patches() -> list[Path]:
    """What we change of the source, in the order it is done; each says why."""
    return sorted(HERE.glob("*.patch"))


def unpack(tarball: Path, into: Path) -> Path:
    """The source tree, with what is ours and what Debian left out."""
    with tarfile.open(tarball) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(into, filter="data")
        else:
            archive.extractall(into)
    tree = next(path for path in into.iterdir() if (path / "aconfigure").exists())
    shutil.copyfile(HERE / "config_site.h", tree / "pjlib/include/pj/config_site.h")
    # Debian removes this file as not free; the makefile still names it.
    (tree / "pjmedia/src/pjmedia-audiodev/bdimad_dev.c").write_text("typedef int linekeeper_no_bdimad;\n")
    return tree


def version_of(tree: Path) -> str:
    text = (tree / "version.mak").read_text()
    parts = [re.search(rf"PJ_VERSION_{name}\s*:=[ \t]*(\S*)", text) for name in ("MAJOR", "MINOR", "REV")]
    return ".".join(part[1] for part in parts if part and part[1])


def compile_libraries(tree: Path, prefix: Path, staging: Path, jobs: int, steps: Steps) -> None:
    """Our patches, `make lib` and `make install`, for `prefix` but into `staging`."""
    for patch in patches():
        steps.run(f"patch {patch.stem}", ["patch", "--strip=1", "--fuzz=0", f"--input={patch}"], tree)
    env = {**os.environ, "CFLAGS": CFLAGS, "CXXFLAGS": CFLAGS, "LDFLAGS": f"-Wl,-rpath,{prefix}/lib"}
    # aconfigure, not configure: the latter writes a config.log of its own and hides what failed
    steps.run("configure", ["./aconfigure", f"--prefix={prefix}", *CONFIGURE], tree, env)
    for library in ("pjlib", "pjlib-util", "pjnath", "third_party", "pjmedia", "pjsip"):
        (tree / library / "lib").mkdir(exist_ok=True)
    steps.run("dependencies", ["make", "dep"], tree)
    steps.run("libraries", ["make", f"-j{jobs}", "lib"], tree)
    steps.run("install", ["make", "install", f"DESTDIR={staging}"], tree)


def build_wheel(tree: Path, prefix: Path, into: Path, python: str, steps: Steps) -> None:
    """The pjsua2 wheel for this very Python, finding the libraries by their final place."""
    folder = tree / "pjsip-apps/src/swig/python"
    tools = tree / "wheel-tools"
    steps.run("folder for wheel tools", [python, "-m", "venv", str(tools)], tree)
    own_python = str(tools / "bin/python")
    steps.run("wheel tools", [own_python, "-m", "pip", "install", "--quiet", *WHEEL_TOOLS], tree)
    env = {**os.environ, "LDFLAGS": f"-Wl,-rpath,{prefix}/lib", "CFLAGS": "-O0 -g0"}  # glue: compiled in half the time
    steps.run("pjsua2 wheel, the slowest file", ["make", "wheel", f"PYTHON_EXE={own_python}"], folder, env)
    into.mkdir(parents=True, exist_ok=True)
    for wheel in (folder / "dist").glob("*.whl"):
        shutil.copy(wheel, into)
