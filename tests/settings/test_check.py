# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper check`, as typed."""

from pathlib import Path

import pytest

from appliance.programs.check import main
from tests.settings.documents import EXAMPLE, TWO


@pytest.fixture
def office(tmp_path: Path) -> Path:
    path = tmp_path / "office.toml"
    path.write_text(TWO)
    return path


def test_the_example_is_sound(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "office.toml"
    path.write_text(EXAMPLE.read_text())
    assert main([str(path)]) == 0
    assert capsys.readouterr().out == (
        "office.toml: sound: 2 phones, 2 people, 2 lines, 1 queue, 1 chain, 1 scenario, 1 caller list, 1 action\n"
        f"There is no {tmp_path}/secrets.toml: passwords were not looked at.\n"
    )


def test_a_fault_is_printed_with_its_place(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office.write_text(TWO.replace('"102"', '"101"'))
    assert main([str(office)]) == 1
    assert capsys.readouterr().out == (
        'office.toml:12:13 person.boris.extension: "101" is the extension of person.anna; accepted: another\n'
    )


def test_missing_passwords_are_faults_once_there_is_a_file_for_them_and_can_be_filled(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = office.with_name("kept.toml")
    assert main([str(office), "--secrets", str(secrets)]) == 1
    assert "phone.desk1: has no password" in capsys.readouterr().out
    assert main([str(office), "--secrets", str(secrets), "--fill"]) == 0
    assert main([str(office), "--secrets", str(secrets)]) == 0
    assert capsys.readouterr().out == "office.toml: sound: 2 phones, 2 people\n" * 2


def test_a_file_that_cannot_be_read_is_no_fault_of_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "office.toml")]) == 2
    assert capsys.readouterr().err == f"linekeeper check: {tmp_path}/office.toml: No such file or directory\n"


def test_what_may_not_be_meant_is_told_and_blocks_nothing(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office.write_text(TWO + '[queue.sales]\npeople = ["anna", "boris"]\nmax_wait = 900\n')
    assert main([str(office)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("warning: office.toml:16:12 queue.sales.max_wait: callers may wait 900 seconds")
    assert told[1].startswith("office.toml: sound: ")


def test_warnings_come_after_golden_calls_that_fail(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = '[line.city]\nkind = "sip"\nhost = "192.0.2.1"\n'
    golden = '[[golden]]\nname = "x"\nwhen = "2027-01-04 10:00"\nexpect = "refused"\n'
    office.write_text(f'{TWO}{line}[queue.sales]\npeople = ["anna"]\nmax_wait = 900\n{golden}')
    assert main([str(office)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert "golden[0].expect" in told[0]
    assert told[-1].startswith("warning: ")
