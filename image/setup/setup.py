# SPDX-License-Identifier: GPL-2.0-or-later
"""The stages from a bare Debian to a Linekeeper that runs: packages, pjsip, venv, install, compile, scripts."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

import debian
from stage import Failed, Log, Record, Stage, content, run_stages, say

ROOT = Path(__file__).resolve().parents[2]
VENV_MB = 400
MESON = ("meson.build", "meson.options", "make.py")  # what meson reads, and the maker of sounds that it runs
PAGES = "appliance/web/static/fetched"  # where the pages look for scripts that are not ours
FETCHED = {  # of each package of package.json, the files that pages use
    "htmx.org": ("dist/htmx.min.js",),
    "htmx-ext-sse": ("dist/sse.min.js",),
    "uplot": ("dist/uPlot.iife.min.js", "dist/uPlot.min.css"),
}
PJSIP_ADVICE = """\
Once that is mended, run make setup again. An option of image/pjsip is given like this:
  make setup SETUP=--pjsip=--tarball=FILE"""


class Setup:
    """The stages for one tree; `root` is its top folder."""

    def __init__(self, root: Path, pjsip_options: list[str]) -> None:
        self.root = root
        self.build = root / ".build"
        self.venv = root / ".venv"
        self.pjsip_options = pjsip_options
        self.record = Record(self.build / "setup")
        self.project = tomllib.loads((root / "pyproject.toml").read_text())

    def stages(self, *, packages: bool) -> Iterator[Stage]:
        if packages:
            listing = self.root / "image/packages.txt"
            yield Stage(
                "packages",
                "installing Debian packages, a minute or two",
                lambda: [listing.read_text()],
                lambda: not debian.missing(listing),
                lambda log: debian.install(listing, log, self.root),
            )
        yield Stage(
            "pjsip",
            "building PJSIP if it is not in the cache, some minutes",
            self.pjsip_facts,
            self.has_pjsip,
            self.make_pjsip,
        )
        yield Stage("venv", "installing Python packages", self.venv_facts, self.has_packages, self.make_venv)
        yield Stage("install", "linking this tree into .venv", self.install_facts, self.has_install, self.make_install)
        yield Stage("compile", "compiling our C", self.compile_facts, self.has_made, self.make_compile)
        yield Stage("scripts", "fetching scripts by npm", self.script_facts, self.has_scripts, self.make_scripts)

    # -- pjsip

    @property
    def prefix(self) -> Path:
        """Where PJSIP is installed."""
        note = self.record.folder / "pjsip.prefix"
        return Path(note.read_text().strip()) if note.exists() else Path("/nonexistent")

    def python_facts(self) -> list[str]:
        return [sys.base_prefix, platform.python_version(), str(sysconfig.get_config_var("SOABI")), platform.machine()]

    def pjsip_facts(self) -> list[str]:
        scripts = content(self.root, (self.root / "image/pjsip").glob("*.[ph]*"))
        return [*self.python_facts(), *scripts]

    def has_pjsip(self) -> bool:
        return (self.prefix / "complete").exists() and not self.pjsip_options

    def make_pjsip(self, log: Log) -> None:
        header = Path(sysconfig.get_path("include")) / "Python.h"
        if not header.exists():
            raise Failed(
                f"{header} is missing, so this Python cannot be built against.",
                "Install its development files (python3-dev for Debian's own), "
                "or run make setup PYTHON=/usr/bin/python3.",
            )
        command = [sys.executable, str(self.root / "image/pjsip"), *self.pjsip_options]
        # its progress goes to the terminal as it comes, its result to us; no tool of it may ask anything
        done = subprocess.run(
            command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode != 0:
            raise Failed("PJSIP was not built; the reason is above.", PJSIP_ADVICE)
        log.path.write_text(done.stdout)
        (self.record.folder / "pjsip.prefix").write_text(done.stdout)

    # -- venv

    def requirements(self) -> list[str]:
        """Every Python package, exactly pinned; pyproject.toml is the only place that names them."""
        return [
            *self.project["project"]["dependencies"],
            *self.project["dependency-groups"]["dev"],
            *self.project["build-system"]["requires"],
        ]

    def constraints(self) -> list[str]:
        return list(self.project["tool"]["linekeeper"]["constraints"])

    def venv_facts(self) -> list[str]:
        return [*self.python_facts(), *self.requirements(), *self.constraints(), str(self.prefix)]

    def has_venv(self) -> bool:
        return (self.venv / "bin/pip").exists() and (self.venv / "bin/python").exists()

    def has_packages(self) -> bool:
        """The last to come are PJSIP's bindings."""
        return self.has_venv() and any(self.venv.glob("lib/python3.*/site-packages/_pjsua2*.so"))

    def make_venv(self, log: Log) -> None:
        need_space(self.root, VENV_MB)
        note = self.venv / "linekeeper.python"
        facts = "\n".join(self.python_facts())
        if not (note.exists() and note.read_text() == facts and self.has_venv()):
            shutil.rmtree(self.venv, ignore_errors=True)
            (self.record.folder / "install.stamp").unlink(missing_ok=True)
            advice = "Install python3-venv, or run make setup PYTHON=/usr/bin/python3."
            log.run([sys.executable, "-m", "venv", str(self.venv)], cwd=self.root, advice=advice)
            note.write_text(facts)
        wheels = sorted(str(path) for path in (self.prefix / "wheels").glob("*.whl"))
        constraints = self.record.folder / "constraints.txt"
        constraints.write_text("\n".join(self.constraints()) + "\n")
        pip = [str(self.venv / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install"]
        log.run([*pip, "--constraint", str(constraints), *self.requirements()], cwd=self.root)
        log.run([*pip, "--force-reinstall", "--no-deps", *wheels], cwd=self.root)  # same version, other PJSIP

    # -- our own code

    def environment(self) -> dict[str, str]:
        """For meson and pip: our PJSIP, and the tools of our .venv first."""
        found = [str(self.prefix / "lib/pkgconfig"), os.environ.get("PKG_CONFIG_PATH", "")]
        path = f"{self.venv / 'bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}"
        return {**os.environ, "PKG_CONFIG_PATH": ":".join(filter(None, found)), "PATH": path}

    def install_facts(self) -> list[str]:
        tables = [self.project["project"], self.project["build-system"], self.project["tool"].get("meson-python")]
        return [*self.venv_facts(), *map(repr, tables)]

    def has_install(self) -> bool:
        return (self.build / "build.ninja").exists() and (self.venv / "bin/linekeeper").exists()

    def has_made(self) -> bool:
        return self.has_install() and all(link.exists() for link, _ in self.made())

    def make_install(self, log: Log) -> None:
        if (self.build / "meson-info").exists():  # configured for another PJSIP or Python
            for stale in ("meson-private", "meson-info", "meson-logs", "build.ninja"):
                remove(self.build / stale)
        pip = [str(self.venv / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install"]
        options = ["--no-build-isolation", "--no-deps", "--config-settings=build-dir=.build", "--editable", "."]
        advice = "If it is our C that does not compile, mend it and run make again."
        log.run([*pip, *options], cwd=self.root, env=self.environment(), advice=advice)
        self.run_from_tree()

    def run_from_tree(self) -> None:
        """Imports come straight from the tree. meson-python's own finder would run ninja in every program that starts,
        keep no bytecode, and let programs that start together race for one build folder; it is put to sleep."""
        packages = next((self.venv / "lib").glob("python3.*/site-packages"))
        sleep = f"import os; os.environ.setdefault('MESONPY_EDITABLE_SKIP', {str(self.build)!r})"
        (packages / "_linekeeper_tree.pth").write_text(f"{sleep}\n{self.root}\n")

    def compile_facts(self) -> list[str]:
        """All that meson or a compiler reads."""
        code = [path for path in sources(self.root) if path.suffix in (".c", ".h") or path.name in MESON]
        return [*self.install_facts(), *content(self.root, code)]

    def make_compile(self, log: Log) -> None:
        ninja = [str(self.venv / "bin/ninja"), "-C", str(self.build)]
        log.run(ninja, cwd=self.root, env=self.environment(), advice="Mend what the compiler complains of.")
        for link, built in self.made():
            if not (link.is_symlink() and link.readlink() == built):
                link.unlink(missing_ok=True)
                link.symlink_to(built)

    # -- scripts for pages and their tests

    def script_facts(self) -> list[str]:
        return [(self.root / "package.json").read_text()]

    def has_scripts(self) -> bool:
        """All that package.json names, in .build/npm, and those of the pages where these look for them."""
        listing = json.loads(self.script_facts()[0])
        wanted = {**listing.get("dependencies", {}), **listing.get("devDependencies", {})}
        fetched = all((self.build / "npm/node_modules" / name / "package.json").exists() for name in wanted)
        return fetched and all(copy.exists() for copy, _ in self.script_copies())

    def script_copies(self) -> Iterator[tuple[Path, Path]]:
        """Each file the pages use, and the fetched one it is a copy of."""
        listing = json.loads(self.script_facts()[0])
        for name, files in FETCHED.items():
            if name in listing.get("dependencies", {}):
                for file in files:
                    yield self.root / PAGES / Path(file).name, self.build / "npm/node_modules" / name / file

    def make_scripts(self, log: Log) -> None:
        folder = self.build / "npm"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.root / "package.json", folder)
        npm = [
            "npm",
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--prefix",
            str(folder),
        ]
        log.run(npm, cwd=folder, advice="Is the npm registry to be reached? Run make setup again then.")
        (self.root / PAGES).mkdir(parents=True, exist_ok=True)
        for copy, fetched in self.script_copies():
            shutil.copy(fetched, copy)

    def made(self) -> Iterator[tuple[Path, Path]]:
        """Where each thing that is made, and not written, is looked for, and where it is."""
        for pattern in ("*/_*.so", "sounds/*.wav"):
            for built in (self.build / "appliance").glob(pattern):
                yield self.root / "appliance" / built.parent.name / built.name, built


def sources(root: Path) -> Iterator[Path]:
    """Files of our tree that are compiled or say how."""
    yield from root.glob("meson*")
    for folder in ("appliance", "tests", "bench"):
        for at, folders, names in os.walk(root / folder):
            folders[:] = [name for name in folders if not name.startswith((".", "__"))]
            yield from (Path(at) / name for name in names)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def need_space(folder: Path, megabytes: int) -> None:
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < megabytes:
        raise Failed(
            f"Only {free} MB are free here; {megabytes} are needed.", "Free some space and run make setup again."
        )


def main(arguments: list[str]) -> int:
    """Does every stage that is not done; says so when none was left."""
    parser = argparse.ArgumentParser(
        prog="image/setup", description="Makes everything Linekeeper needs on this machine."
    )
    parser.add_argument("--no-packages", action="store_true", help="leave Debian's packages to me")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; exit code 1 if anything")
    parser.add_argument("--quiet", action="store_true", help="say nothing when there is nothing to do")
    parser.add_argument("--pjsip", action="append", default=[], metavar="OPTION", help="passed on to image/pjsip")
    options = parser.parse_args(arguments)
    setup = Setup(ROOT, options.pjsip)
    stages = list(setup.stages(packages=not options.no_packages))
    try:
        if options.dry_run:
            return dry_run(stages, setup.record)
        setup.record.folder.mkdir(parents=True, exist_ok=True)
        with (setup.record.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # a second make waits for the first
            code = run_stages(stages, setup.record)
    except (OSError, Failed) as error:
        say(f"The set-up cannot start: {error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Nothing half-made is used: run make setup again to go on.")
        return 130
    if code == 0 and not setup.record.ran and not options.quiet:
        say("Everything is set up.")
    return code


def dry_run(stages: list[Stage], record: Record) -> int:
    due = [stage for stage in stages if not record.is_done(stage)]
    for stage in due:
        print(f"{stage.name}: {stage.doing}")
    return 1 if due else 0
