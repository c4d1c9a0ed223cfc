# SPDX-License-Identifier: GPL-2.0-or-later
"""What people give of secrets.toml is kept as the file has it, or refused without a word of it."""

import stat
from pathlib import Path

import pytest

from appliance.settings import pins
from appliance.settings.faults import SettingsFaults
from appliance.settings.given import GIVEN, drop, keep
from appliance.settings.passwords import Secrets, over, read_secrets, told

KEY = "A" * 43 + "="
OTHER = "B" * 43 + "="
BEFORE = f'# kept by hand\n[mqtt]\nuser = "box"\npassword = "old"\n[recording]\nkey = "{KEY}"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets.toml"
    path.write_text(BEFORE)
    path.chmod(0o600)
    return path


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = pins.hashed
    monkeypatch.setattr(pins, "hashed", lambda pin, cost=4, salt=b"": hashed(pin, cost, salt))


def test_what_is_given_stands_there_and_the_rest_as_it_was(file: Path) -> None:
    keep(file, "mqtt", "", {"password": 'new "one" \\ \''})
    keep(file, "broker", "cloud", {"user": "vilnius", "password": "p"})
    keep(file, "phone", "desk1", {"password": "long-enough"})
    keep(file, "mail", "", {"password": "of the box"})
    keep(file, "hashing", "", {"key": "long-enough"})
    known = read_secrets(file)
    assert known.mqtt and known.mqtt.password.get_secret_value() == 'new "one" \\ \''
    assert known.mqtt.user.get_secret_value() == "box" and known.broker["cloud"].user.get_secret_value() == "vilnius"
    assert file.read_text().startswith("# kept by hand\n") and stat.S_IMODE(file.stat().st_mode) == 0o600


def test_pins_and_codes_are_kept_hashed_and_keys_of_before_one_after_the_other(file: Path) -> None:
    keep(file, "mailbox", "office", {"pin": "4711"})
    keep(file, "proof", "anna", {"pin": "47110", "codes": "12345678  87654321"})
    keep(file, "recording", "", {"old": OTHER})
    keep(file, "recording", "", {"old": OTHER})
    known = read_secrets(file)
    assert pins.is_pin("4711", known.mailbox["office"].pin.get_secret_value())
    codes = [code.get_secret_value() for code in known.proof["anna"].codes]
    assert len(codes) == 2 and pins.found("87654321", codes) == codes[1:]
    assert known.recording and len(known.recording.old) == 1
    assert "4711" not in file.read_text() and "12345678" not in file.read_text()


@pytest.mark.parametrize(
    ("table", "name", "given", "accepted"),
    [
        ("mail", "", {"password": "x" * 129}, "1 to 128 printable"),
        ("mail", "", {"password": "zeile\nzwei"}, "1 to 128 printable"),
        ("mqtt", "", {"user": "tab\tulator"}, "1 to 128 printable"),
        ("broker", "cloud", {"password": "alone"}, "broker.cloud.user: is missing"),
        ("line", "gsm", {"pin": "47-11"}, "4 to 8 digits"),
        ("mailbox", "office", {"pin": "471"}, "4 to 12 digits"),
        ("proof", "anna", {"codes": "1234567"}, "codes of eight digits"),
        ("proof", "anna", {"totp": "short"}, "base 32"),
        ("hashing", "", {"key": "with spaces in it"}, "without spaces"),
        ("recording", "", {"old": "AAAA"}, "as base64"),
        ("recording", "", {"key": OTHER}, "no such thing is given"),  # made, not typed
        ("provisioning", "", {"key": OTHER}, "no such thing is given"),
        ("mail", "", {}, "no such thing is given"),
        ("mail", "anna", {"password": "of the box"}, "no such thing is given"),
        ("phone", "", {"password": "long-enough"}, "no such thing is given"),
        ("nothing", "", {"password": "long-enough"}, "no such thing is given"),
    ],
)
def test_what_is_none_is_refused_and_nothing_changed(
    file: Path, table: str, name: str, given: dict[str, str], accepted: str
) -> None:
    with pytest.raises(SettingsFaults) as refused:
        keep(file, table, name, given)
    assert accepted in str(refused.value)
    assert not any(value in str(refused.value) for value in given.values() if value not in ("alone", "short"))
    assert file.read_text() == BEFORE


def test_what_is_taken_back_is_gone_and_the_rest_as_it_was(file: Path) -> None:
    keep(file, "mailbox", "office", {"pin": "4711"})
    keep(file, "mailbox", "sales", {"pin": "4712"})
    for _again in range(2):
        drop(file, "mailbox", "office")
        drop(file, "mqtt", "")
    known = read_secrets(file)
    assert set(known.mailbox) == {"sales"} and known.mqtt is None and known.recording
    for table, name in (("recording", ""), ("phone", "desk1"), ("mailbox", ""), ("nothing", "")):
        with pytest.raises(SettingsFaults, match="is needed"):
            drop(file, table, name)


def test_a_file_with_faults_is_left_to_whoever_wrote_it(file: Path) -> None:
    file.write_text("[mqtt\n")
    with pytest.raises(SettingsFaults):
        keep(file, "mail", "", {"password": "of the box"})
    assert file.read_text() == "[mqtt\n"


def test_what_the_switch_tells_goes_before_a_programs_own_file_field_by_field(file: Path) -> None:
    keep(file, "proof", "anna", {"pin": "4711"})
    own = Secrets.model_validate(
        {
            "mqtt": {"user": "mine", "password": "mine"},
            "proof": {"anna": {"totp": "A" * 32}, "boris": {"totp": "B" * 32}},
        }
    )
    both = over(own, told(read_secrets(file), ("mqtt", "broker", "proof")))
    assert both.mqtt and both.mqtt.password.get_secret_value() == "old"
    assert both.proof["anna"].pin and both.proof["anna"].totp and both.proof["boris"].totp
    assert both.recording is None, "of others' tables nothing is told"


def test_all_of_the_file_is_given_or_made() -> None:
    assert set(Secrets.model_fields) - set(GIVEN) == {"provisioning"}
