# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways in the settings: what goes ill together, and the trunk that each is."""

from pathlib import Path

import pytest

from appliance.settings.faults import SettingsFaults
from appliance.settings.lines import GatewayLine
from appliance.settings.load import parse
from appliance.settings.passwords import Secrets
from appliance.settings.provisioning import devices
from tests.settings.documents import TWO

OFFICE = f"""{TWO}
[phone.hall]
[phone.line-taken]
[phone.ours]
mac = "000b82000009"
[line.copper]
kind = "gateway"
"""


def faults(more: str) -> list[str]:
    try:
        parse(OFFICE + more, Path("office.toml"))
    except SettingsFaults as found:
        return [str(fault).partition(" ")[2] for fault in found.faults]
    return []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('mac = "00-0b-82-00-00-01"\nphone = "hall"\nscenario = "main"\n', ""),
        ('host = "192.0.2.1"\nscenario = "main"\n', ""),
        ('mac = "000b82000009"\n', "line.copper.mac: "),
        ('mac = "000b82000001"\nhost = "192.0.2.1"\n', "line.copper.host: goes ill with mac"),
        ('phone = "hall"\n', "line.copper.phone: is given nothing"),
        ('mac = "000b82000001"\nphone = "ours"\n', "line.copper.phone: "),
        ('mac = "000b82000001"\nphone = "nobodys"\n', "line.copper.phone: "),
        ('[line.taken]\nkind = "gateway"\n', "line.taken: registers as"),
        ('[line.two]\nkind = "gateway"\nmac = "000b82000001"\nphone = "hall"\n'
         '[line.three]\nkind = "gateway"\nmac = "000b82000002"\nphone = "hall"\n', "line.three.phone: "),
        ('[line.two]\nkind = "gateway"\nmac = "000b82000001"\n[line.three]\nkind = "gateway"\nmac = "000b82000001"\n',
         "line.three.mac: "),
        ('host = "192.0.2.1"\n[line.two]\nkind = "gateway"\nhost = "192.0.2.1"\n', "line.two.host: "),
        ('host = "192.0.2.1"\n[line.two]\nkind = "sip"\nhost = "192.0.2.1"\n', "line.two.host: "),
        ("channels = 0\n", "line.copper.channels: "),
    ],
)  # fmt: skip
def test_what_goes_ill_with_a_gateway_is_said_where_it_stands(more: str, said: str) -> None:
    found = faults(more)
    assert found == [] if not said else len(found) == 1 and found[0].startswith(said), found


def test_a_gateway_is_a_trunk_where_it_is() -> None:
    line = parse(f'{OFFICE}number = "+37052000000"\n', Path("office.toml")).line["copper"]
    assert isinstance(line, GatewayLine) and line.registers_here
    trunk = line.at("192.0.2.7", 5062)
    assert (trunk.host, trunk.port, trunk.channels, trunk.qualify, trunk.trust) == ("192.0.2.7", 5062, 1, 30, "network")
    assert (trunk.registers, trunk.shown, trunk.dial_as) == (False, "+37052000000", "national")


def test_without_a_key_nobody_has_a_secret() -> None:
    settings = parse(f'{OFFICE}mac = "000b82000001"\n', Path("office.toml"))
    known = Secrets.model_validate({"line": {"copper": {"password": "correct-horse"}}})
    [device] = devices(settings, known)
    assert (device.account, device.secret, device.admin) == ("line-copper", "", "")
