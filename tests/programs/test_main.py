# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper` on the command line: what it answers, and that every trouble is a sentence and an exit code."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.programs.__main__ import PROGRAMS, sentence
from appliance.programs.demo.ports import NoPorts
from appliance.settings.faults import Fault, SettingsFaults
from appliance.web.app import PortTaken


def linekeeper(*given: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The program with these arguments, in an interpreter where `before` was run first."""
    text = f"import sys, runpy; sys.argv = ['linekeeper', *{list(given)!r}]; {before}\n"
    text += "runpy.run_module('appliance.programs', run_name='__main__')"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False)


def test_help_has_a_line_for_each_program() -> None:
    help = linekeeper("-h")
    assert help.returncode == 0
    assert linekeeper().stdout == help.stdout
    for name, says in PROGRAMS.items():
        assert f"  {name:8}{says}\n" in help.stdout


def test_it_tells_its_version() -> None:
    version = linekeeper("--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "linekeeper")


def test_a_program_that_is_not_there_is_told_in_one_line() -> None:
    wrong = linekeeper("swtich")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("linekeeper: there is no program 'swtich'; there are switch, ")
    assert wrong.stderr.count("\n") == 1


@pytest.mark.parametrize("program", ["switch", "bridge", "web", "run"])
def test_each_program_tells_what_it_takes(program: str) -> None:
    help = linekeeper(program, "-h")
    assert help.returncode == 0
    for option in ("--settings", "--state", "--socket", "--log-level"):
        assert option in help.stdout


@pytest.mark.parametrize("program", ["switch", "bridge", "web", "run"])
def test_a_document_that_is_not_there_is_a_sentence(program: str, tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    told = linekeeper(program, "--settings", str(missing), "--state", str(tmp_path))
    assert (told.returncode, told.stderr) == (66, f"linekeeper {program}: {missing} is not there\n")


@pytest.mark.parametrize("program", ["switch", "bridge", "web", "run"])
def test_a_faulty_document_is_told_with_its_place(program: str, tmp_path: Path) -> None:
    document = tmp_path / "office.toml"
    document.write_text("[office]\nnam = 1\n")
    told = linekeeper(program, "--settings", str(document), "--state", str(tmp_path))
    assert told.returncode == 78
    assert "office.toml:2:1 office.nam: is not known" in told.stderr
    assert "Traceback" not in told.stderr


def test_checking_settings_needs_no_web_server() -> None:
    heavy = "import atexit; atexit.register(lambda: print(*sorted(sys.modules)))"
    loaded = linekeeper("check", "office.example.toml", before=heavy).stdout.split()
    assert "appliance.settings.models" in loaded
    assert not {"fastapi", "uvicorn", "aiomqtt", "appliance.sip"} & set(loaded)


def test_an_old_python_is_told_so() -> None:
    told = linekeeper("check", before="sys.version_info = (3, 9, 2, 'final', 0)")
    assert told.returncode == 1
    assert told.stderr == "linekeeper: Python 3.9 is too old; it needs 3.11 or newer\n"


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("appliance.core._core", "this program is not built whole"),
        ("appliance.sip._sip", "this program is not built whole"),
        ("msgspec", "the Python package msgspec is missing or broken"),
    ],
)
def test_a_missing_part_is_named(missing: str, says: str, tmp_path: Path) -> None:
    told = linekeeper("switch", "--state", str(tmp_path), before=f"sys.modules[{missing!r}] = None")
    assert told.returncode == 69
    assert says in told.stderr
    assert "Traceback" not in told.stderr


def test_a_fault_of_our_own_keeps_its_trace_and_ends_with_a_sentence() -> None:
    broken = "import types; m = types.ModuleType('m'); m.main = lambda given: 1 / 0; sys.modules['appliance.programs.web'] = m"
    told = linekeeper("web", before=broken)
    assert told.returncode == 70
    assert "Traceback" in told.stderr
    assert told.stderr.splitlines()[-1].startswith("linekeeper web: ZeroDivisionError ended it")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "journal.db"), 74, "the disk is full (journal.db)"),
        (PermissionError(errno.EACCES, "", "/etc/x"), 77, "no permission for /etc/x"),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign"), 69, "the address to listen on is not one of this machine"),
        (PortTaken("port 80 is taken"), 69, "port 80 is taken"),
        (NoPorts("all ports are taken by other simulated offices"), 69, "all ports are taken"),
        (SettingsFaults([Fault("x", "office.toml", 1, 2, "a.b", "is wrong")]), 78, "office.toml:1:2 a.b: is wrong"),
        (ImportError("libpjsua.so.2: cannot open", name="appliance.sip._sip"), 69, "PJSIP is missing"),
    ],
)
def test_known_troubles_have_a_code_and_a_sentence(error: Exception, code: int, says: str) -> None:
    told = sentence(error)
    assert told
    assert told[0] == code
    assert says in told[1]


def test_what_is_not_known_is_not_hidden_behind_a_sentence() -> None:
    assert sentence(ValueError("something of ours")) is None
