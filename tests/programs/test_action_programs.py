# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper proof` makes what the bridge knows again; `linekeeper audit` tells what was decided, and what was changed."""

import io
import tomllib
from pathlib import Path

import pyotp
import pytest

from appliance.mqtt import audit, record
from appliance.mqtt.ladder import Memory
from appliance.mqtt.proofs import WRONG, prove
from appliance.programs import audit as program
from appliance.programs import proof
from appliance.settings import pins
from appliance.settings.files import prepare, put
from appliance.settings.passwords import Secrets

NOW = 1_790_000_000_000


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = pins.hashed
    monkeypatch.setattr(pins, "hashed", lambda pin, cost=4, salt=b"": hashed(pin, cost, salt))


def made(capsys: pytest.CaptureFixture[str]) -> tuple[Secrets, str]:
    """What was printed, as secrets; and what was said beside."""
    out, err = capsys.readouterr()
    return Secrets.model_validate(tomllib.loads(out)), err


def test_a_pin_made_is_the_pin_known(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("4711\n"))
    assert proof.main(["anna"]) == 0
    secrets, said = made(capsys)
    assert prove("4711", "pin", secrets.proof, NOW).holder == "anna"
    assert said == ""


def test_the_pin_of_a_mailbox_is_made_the_same_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("4711\n"))
    assert proof.main(["office", "--mailbox"]) == 0
    secrets, _ = made(capsys)
    assert pins.is_pin("4711", secrets.mailbox["office"].pin.get_secret_value())


@pytest.mark.parametrize("pin", ["", "471", "47a1", "1" * 13])
def test_what_is_no_pin_is_refused(pin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(pin + "\n"))
    with pytest.raises(proof.NoPin):
        proof.main(["anna"])


def test_an_app_that_reads_the_address_makes_the_right_codes(capsys: pytest.CaptureFixture[str]) -> None:
    proof.main(["anna", "--totp"])
    secrets, said = made(capsys)
    app = pyotp.parse_uri(said.partition(": ")[2].strip())
    assert isinstance(app, pyotp.TOTP)
    assert prove(app.at(NOW // 1000), "totp", secrets.proof, NOW).holder == "anna"


def test_each_code_on_the_list_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    proof.main(["boris", "--codes", "3"])
    secrets, said = made(capsys)
    codes = said.partition(": ")[2].split()
    assert len({prove(code, "code", secrets.proof, NOW).once for code in codes}) == 3
    assert prove("00000000", "code", secrets.proof, NOW) == WRONG or "00000000" in codes


def kept(folder: Path) -> Path:
    log = audit.Log(folder / audit.FILE)
    for n in range(3):
        head = log.add(NOW + n, "gate" if n else "lamp", "deny", "closed", {"number": "+37060000001", "listed": True})
    data = record.msgspec.json.encode(record.Kept(Memory(), (head.seq, head.hash)))
    put(prepare(folder / record.MEMORY, data, 0o600), folder / record.MEMORY)
    return folder / audit.FILE


def test_the_log_is_printed_and_found_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(tmp_path)
    assert program.main(["--state", str(tmp_path), "--action", "gate", "--last", "1"]) == 0
    decided, verdict = capsys.readouterr().out.splitlines()
    assert "gate: deny closed  number=+37060000001 listed=true" in decided
    assert verdict.endswith("3 entries, the chain holds")


def test_a_changed_or_shortened_log_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = kept(tmp_path)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0].replace(b"closed", b"wanted") + b"".join(lines[1:]))
    with pytest.raises(audit.Broken, match="line 2: "):
        program.main(["--state", str(tmp_path)])
    assert "lamp: deny wanted" in capsys.readouterr().out, "what holds is printed"
    log.write_bytes(b"".join(lines[:2]))
    with pytest.raises(audit.Broken, match="ends with number 2, and 3 were written"):
        program.main(["--state", str(tmp_path)])
    (tmp_path / record.MEMORY).write_text("nonsense")
    with pytest.raises(audit.Broken, match=record.MEMORY):
        program.main(["--state", str(tmp_path)])
