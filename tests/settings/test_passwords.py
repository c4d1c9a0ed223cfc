# SPDX-License-Identifier: GPL-2.0-or-later
"""Passwords are kept apart, closed to others, never shown, and made when missing."""

import os
import stat
from pathlib import Path

import pytest

from appliance.settings.faults import SettingsFaults
from appliance.settings.load import read
from appliance.settings.passwords import Secrets, fill_secrets, read_secrets, registering
from appliance.settings.provisioning import Device, devices
from tests.settings.documents import TWO, settings

GIVEN = '# kept by hand\n[phone.desk1]\npassword = "a-good-one"\n'
TRUNK = TWO + '[line.backup]\nkind = "sip"\nhost = "192.0.2.1"\nregister = true\nuser = "100200"\n'


@pytest.fixture
def office(tmp_path: Path) -> Path:
    path = tmp_path / "office.toml"
    path.write_text(TWO)
    return path


def keep(office: Path, text: str, mode: int = 0o600) -> Path:
    path = office.with_name("secrets.toml")
    path.write_text(text)
    path.chmod(mode)
    return path


def told(office: Path) -> list[str]:
    with pytest.raises(SettingsFaults) as faults:
        read(office)
    return [str(fault) for fault in faults.value.faults]


def test_a_telephone_without_a_password_is_told_where_it_stands_in_the_document(office: Path) -> None:
    keep(office, GIVEN)
    assert told(office) == [
        "office.toml:7:8 phone.desk2: has no password in secrets.toml; "
        'accepted: [phone.desk2] with password = "..." there'
    ]


def test_a_line_that_registers_needs_a_password_and_it_is_never_made_up(office: Path) -> None:
    office.write_text(TRUNK)
    with pytest.raises(SettingsFaults, match=r"line\.backup: has no password"):
        read(office, fill=True)
    path = office.with_name("secrets.toml")
    path.write_text(path.read_text() + '[line.backup]\npassword = "x"\n')
    assert read(office).secrets.line["backup"].password.get_secret_value() == "x"


def test_missing_passwords_are_made_once_and_what_stood_there_stays(office: Path) -> None:
    path = keep(office, GIVEN)
    made = read(office, fill=True).secrets
    assert path.read_text().startswith(GIVEN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.phone["desk1"].password.get_secret_value() == "a-good-one"
    assert len(made.phone["desk2"].password.get_secret_value()) == 24
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert fill_secrets(settings(TWO), path) == made == read(office).secrets
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_file_made_new_is_closed_to_others_whatever_the_umask(office: Path) -> None:
    before = os.umask(0)
    try:
        fill_secrets(settings(TWO), office.with_name("secrets.toml"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(office.with_name("secrets.toml").stat().st_mode) == 0o600
    assert sorted(os.listdir(office.parent)) == ["office.toml", "secrets.toml"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_others_can_read_is_refused(office: Path, mode: int) -> None:
    keep(office, GIVEN, mode)
    assert told(office) == [f"secrets.toml: others may read it (mode 0{mode:o}); accepted: 0600"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[phone.desk1]\npassword = "sevench"\n',
            "secrets.toml:2:12 phone.desk1.password: what is given is not accepted",
        ),
        (
            '[phone.desk1]\npassword = "with space"\n',
            "what is given is not accepted; accepted: 8 to 128 printable ASCII",
        ),
        ("[phone.desk1]\npassword = 12345678\n", "what is given is not accepted"),
        ('[phone.desk1]\npasword = "hidden-from-all"\n', 'did you mean "password"?'),
        ('[phone.desk1]\npassword = "hidden-from-all\n', "secrets.toml:2:28: this is not TOML"),
        ('[mqtt]\nuser = "u"\n', "mqtt.password: is missing"),
        ("phone = { desk1 = { password = 'hidden-from-all' } }\n[phone.desk1]\n", "is given twice"),
    ],
)
def test_a_fault_in_secrets_shows_no_secret(office: Path, text: str, words: str) -> None:
    keep(office, text)
    found = "\n".join(told(office))
    assert words in found
    for secret in ("sevench", "with space", "12345678", "hidden"):
        assert secret not in found


def test_secrets_show_nothing_of_themselves(office: Path) -> None:
    secrets = read_secrets(keep(office, GIVEN + '[mqtt]\nuser = "home"\npassword = "a-good-one"\n'))
    assert secrets.mqtt is not None
    assert secrets.mqtt.user.get_secret_value() == "home"
    for shown in (repr(secrets), str(secrets), f"{secrets}", repr(secrets.model_dump()), secrets.model_dump_json()):
        assert "a-good-one" not in shown
        assert "home" not in shown


def test_passwords_of_telephones_long_gone_are_no_fault(office: Path) -> None:
    keep(office, GIVEN + '[phone.desk2]\npassword = "another-one"\n[phone.desk3]\npassword = "another-one"\n')
    assert "desk3" in read(office).secrets.phone


def test_no_file_is_no_secrets(tmp_path: Path) -> None:
    assert read_secrets(tmp_path / "secrets.toml") == Secrets()


def test_the_key_of_provisioning_is_made_when_it_is_needed_and_asked_for_when_not(office: Path) -> None:
    office.write_text("[provisioning]\n" + TWO)
    with pytest.raises(SettingsFaults, match=r"provisioning: has no key"):
        read(office)
    made = read(office, fill=True).secrets.provisioning
    assert made and made == read(office, fill=True).secrets.provisioning


def test_where_a_telephones_settings_are_changes_with_its_name_address_and_password(office: Path) -> None:
    def given(mac: str, mac2: str) -> dict[str, Device]:
        text = TWO.replace("[phone.desk1]", f'[phone.desk1]\nmac = "{mac}"')
        office.write_text("[provisioning]\n" + text.replace("[phone.desk2]", f'[phone.desk2]\nmac = "{mac2}"'))
        read_now = read(office, fill=True)
        return {one.account: one for one in devices(read_now.settings, read_now.secrets)}

    first = given("00:04:13:00:00:01", "000413000002")
    one = first["desk1"]
    assert given("000413000001", "000413000002")["desk1"] == one and len(one.secret) == 32
    moved = given("000413000003", "000413000001")
    path = office.with_name("secrets.toml")
    path.write_text(path.read_text().replace(one.password, "another-password"))
    other = given("000413000001", "000413000002")["desk1"]
    told = [one, first["desk2"], moved["desk1"], moved["desk2"], other]
    assert len({each.secret for each in told} | {each.admin for each in told}) == 10
    known = read(office)
    assert not any(
        each.secret for each in devices(known.settings, known.secrets.model_copy(update={"provisioning": None}))
    )


GATEWAY = """[provisioning]
[line.copper]
kind = "gateway"
mac = "000b82000001"
phone = "desk2"
[line.other]
kind = "gateway"
host = "192.0.2.14"
"""


def test_a_gateway_that_registers_is_given_a_password_of_its_own(office: Path) -> None:
    office.write_text(GATEWAY + TWO)
    known = read(office, fill=True)
    accounts = dict(registering(known.settings, known.secrets))
    assert accounts.keys() == {"desk1", "desk2", "line-copper"} and len(set(accounts.values())) == 3
    [device] = devices(known.settings, known.secrets)
    assert (device.account, device.mac, device.password) == ("line-copper", "000b82000001", accounts["line-copper"])
    path = office.with_name("secrets.toml")
    path.write_text(path.read_text().replace("[line.copper]", "[line.gone]"))
    assert told(office) == [
        "office.toml:2:7 line.copper: has no password in secrets.toml; "
        'accepted: [line.copper] with password = "..." there'
    ]
