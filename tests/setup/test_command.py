# SPDX-License-Identifier: GPL-2.0-or-later
"""`python3 image/setup` and `python3 image/pjsip` as they are run."""

import os
import subprocess
import sys
from pathlib import Path
from runpy import run_path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def small_tree(folder: Path, pjsip: str) -> Path:
    """What the set-up reads, with a stand-in for image/pjsip."""
    (folder / "image/pjsip").mkdir(parents=True)
    (folder / "image/setup").mkdir()
    (folder / "image/pjsip/__main__.py").write_text(pjsip)
    for file in ("pyproject.toml", "meson.build", "image/packages.txt", *names("image/setup")):
        (folder / file).write_bytes((ROOT / file).read_bytes())
    return folder


def names(folder: str) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in (ROOT / folder).glob("*.py")]


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_told_in_a_sentence(version: tuple[int, ...]) -> None:
    too_old = run_path(str(ROOT / "image/setup/__main__.py"), run_name="not main")["too_old"]
    assert too_old(version).startswith(
        f"Linekeeper needs Python 3.11 or newer; this is {version[0]}.{version[1]} ({sys.executable})"
    )


def test_a_new_python_is_not_refused() -> None:
    too_old = run_path(str(ROOT / "image/setup/__main__.py"), run_name="not main")["too_old"]
    assert too_old((3, 11, 0)) is None
    assert too_old(sys.version_info) is None


def test_the_entry_is_plain_enough_for_an_old_python_to_read() -> None:
    """No f-string, annotation or other thing that would make Python 2 or 3.5 stop with a SyntaxError."""
    code = (ROOT / "image/setup/__main__.py").read_text()
    assert 'f"' not in code
    assert "->" not in code
    assert ":=" not in code


def test_a_failing_stage_ends_the_command_with_its_name_and_advice(tmp_path: Path) -> None:
    tree = small_tree(tmp_path, "raise SystemExit('the compiler is on holiday')")
    done = run(tree / "image/setup", "--no-packages")
    assert done.returncode == 1
    assert "the compiler is on holiday" in done.stderr
    assert "The stage 'pjsip' failed: PJSIP was not built" in done.stderr
    assert "run make setup again" in done.stderr
    assert f"Log: {tree}/.build/setup/pjsip.log" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_finished_stage_is_not_run_again_by_the_next_command(tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    prefix.mkdir()
    (prefix / "complete").touch()
    tree = small_tree(tmp_path / "tree", f"print({str(prefix)!r})")
    pyproject = (tree / "pyproject.toml").read_text()
    (tree / "pyproject.toml").write_text(pyproject.replace('"aiomqtt==', '"not a requirement =='))  # so venv fails
    first = run(tree / "image/setup", "--no-packages")
    assert "pjsip: done" in first.stderr
    assert "The stage 'venv' failed" in first.stderr
    second = run(tree / "image/setup", "--no-packages")
    assert "pjsip" not in second.stderr
    assert "The stage 'venv' failed" in second.stderr


def test_this_tree_is_set_up_and_nothing_is_left_to_do() -> None:
    done = run(ROOT / "image/setup", "--dry-run", "--no-packages")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "the tree was edited since `make setup`"


def test_a_corrupted_tarball_is_refused_by_its_hash(tmp_path: Path) -> None:
    tarball = tmp_path / "pjproject.tar.xz"
    tarball.write_bytes(b"not what Debian signed")
    done = run(ROOT / "image/pjsip", "--tarball", tarball, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{tarball} is not the file expected: its SHA-256 is" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "cache/linekeeper/pjsip").glob("2.*"))


def test_a_tarball_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    done = run(ROOT / "image/pjsip", "--tarball", tmp_path / "none", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_build_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    cache = tmp_path / "linekeeper/pjsip"
    (cache / "2.17-0123456789ab/lib").mkdir(parents=True)
    done = run(ROOT / "image/pjsip", "--prefix-only", XDG_CACHE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")


def test_programs_import_from_the_tree_and_compile_nothing(tmp_path: Path) -> None:
    """Several start at once: none may run ninja, whose folder they would share."""
    script = (
        "import os, subprocess\n"
        "def forbidden(*words, **how): raise SystemExit(f'ran {words}')\n"
        "subprocess.Popen.__init__ = forbidden\n"
        "import appliance.core._core as core, appliance.sip._sip as sip, appliance.settings as settings\n"
        "print(core.__file__, sip.__file__, settings.__file__, sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    tree = ROOT / "appliance"
    assert done.stdout.splitlines() == [
        str(tree / path) for path in ("core/_core.abi3.so", "sip/_sip.abi3.so", "settings/__init__.py")
    ]
