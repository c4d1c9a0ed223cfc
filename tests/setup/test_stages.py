# SPDX-License-Identifier: GPL-2.0-or-later
"""The set-up's stages: done once, done again for a reason, and plain about what went wrong."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of image/setup, which runs as a script and so is no package."""
    monkeypatch.syspath_prepend(ROOT / "image/setup")
    spec = importlib.util.spec_from_file_location(name, ROOT / f"image/setup/{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("stage", monkeypatch)


class Workshop:
    """Two stages over one input file; the second depends on the first's result."""

    def __init__(self, stage: ModuleType, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.input = folder / "input"
        self.output = folder / "output"
        self.input.write_text("one")
        self.work: Callable[[object], None] = lambda log: None

    def run(self) -> tuple[int, list[str]]:
        record = self.stage.Record(self.folder / "setup")
        code = self.stage.run_stages(self.stages(), record)
        return code, record.ran

    def stages(self) -> list[object]:
        make = self.stage.Stage
        copy = make("copy", "copying", lambda: [self.input.read_text()], self.output.exists, self.copy)
        return [copy, make("polish", "polishing", lambda: [self.output.read_text()], lambda: True, self.polish)]

    def copy(self, log: object) -> None:
        self.output.write_text(self.input.read_text())

    def polish(self, log: object) -> None:
        self.work(log)


@pytest.fixture
def workshop(stage: ModuleType, tmp_path: Path) -> Workshop:
    return Workshop(stage, tmp_path)


def test_a_second_run_does_nothing(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert workshop.run() == (0, ["copy", "polish"])
    capsys.readouterr()
    assert workshop.run() == (0, [])
    assert capsys.readouterr().err == ""


def test_a_changed_input_is_done_again_and_what_follows_from_it(workshop: Workshop) -> None:
    workshop.run()
    workshop.input.write_text("two")
    assert workshop.run() == (0, ["copy", "polish"])


def test_a_lost_result_is_made_again(workshop: Workshop) -> None:
    workshop.run()
    workshop.output.unlink()
    assert workshop.run() == (0, ["copy"])


def test_a_failing_stage_says_its_name_the_last_lines_the_log_and_what_to_do(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "print('first'); print('E: Temporary failure resolving deb.debian.org'); raise SystemExit(3)"
    workshop.work = lambda log: log.run([sys.executable, "-c", script], cwd=workshop.folder)  # type: ignore[attr-defined]
    assert workshop.run() == (1, ["copy"])
    told = capsys.readouterr().err
    assert "The stage 'polish' failed" in told
    assert "ended with code 3" in told
    assert "    first\n" in told
    assert "The network cannot be reached" in told
    assert f"Log: {workshop.folder}/setup/polish.log" in told
    assert "Traceback" not in told


def test_a_failed_stage_is_tried_again(workshop: Workshop, stage: ModuleType) -> None:
    def refuse(log: object) -> None:
        raise stage.Failed("no", "do better")

    workshop.work = refuse
    assert workshop.run() == (1, ["copy"])
    workshop.work = lambda log: None
    assert workshop.run() == (0, ["polish"])


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (28, "The disk is full."),
        (13, "Permission denied: /nowhere/file"),
    ],
)
def test_the_operating_systems_refusals_are_sentences(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], code: int, sentence: str
) -> None:
    def refuse(log: object) -> None:
        raise OSError(code, os.strerror(code), "/nowhere/file")

    workshop.work = refuse
    assert workshop.run()[0] == 1
    told = capsys.readouterr().err
    assert f"The stage 'polish' failed: {sentence}" in told
    assert "Traceback" not in told


def test_a_compilers_errors_are_shown_rather_than_what_came_after(stage: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("../a.c:3:5: error: expected ';'\n" + "noise\n" * 40)
    assert stage.tail(log) == "    ../a.c:3:5: error: expected ';'"


class TestPackages:
    @pytest.fixture
    def debian(self, monkeypatch: pytest.MonkeyPatch, stage: ModuleType) -> ModuleType:
        return load("debian", monkeypatch)

    def test_every_line_of_the_list_names_packages(self, debian: ModuleType) -> None:
        lines = debian.wanted(ROOT / "image/packages.txt")
        assert ["gcc"] in lines
        assert ["pkg-config", "pkgconf"] in lines

    def test_one_of_two_names_is_enough(self, debian: ModuleType, tmp_path: Path) -> None:
        listing = tmp_path / "packages.txt"
        listing.write_text("# always there\nno-such-package | dpkg\nno-such-package | nor-this # gone\n")
        assert debian.missing(listing) == [["no-such-package", "nor-this"]]

    def test_no_root_and_no_sudo_is_a_sentence_with_the_command(
        self, debian: ModuleType, stage: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listing = tmp_path / "packages.txt"
        listing.write_text("no-such-package\n")
        monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
        monkeypatch.setattr(debian.shutil, "which", lambda name: None)
        with pytest.raises(stage.Failed) as caught:
            debian.install(listing, stage.Log(tmp_path / "log"), tmp_path)
        assert "there is no sudo" in caught.value.what
        assert caught.value.advice == "As root: apt-get install --no-install-recommends no-such-package"

    def test_a_system_without_dpkg_is_told_what_to_do(
        self, debian: ModuleType, stage: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        with pytest.raises(stage.Failed, match="not Debian"):
            debian.installed(["gcc"])
