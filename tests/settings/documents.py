# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings documents the tests begin with."""

from pathlib import Path

from appliance.settings.faults import Fault, SettingsFaults
from appliance.settings.load import parse
from appliance.settings.models import Settings

EXAMPLE = Path(__file__).parents[2] / "office.example.toml"
SMALL = """\
[office]
name = "Small Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
"""
TWO = (
    SMALL
    + """
[phone.desk1]
[phone.desk2]
[person.anna]
extension = "101"
phones = ["desk1"]
[person.boris]
extension = "102"
phones = ["desk2"]
"""
)
WIRED = (
    TWO
    + """
[line.city]
kind = "sip"
host = "192.0.2.1"
"""
)


def settings(text: str) -> Settings:
    return parse(text, Path("office.toml"))


def faults(text: str) -> tuple[Fault, ...]:
    """The faults told of a document, () when it is sound."""
    try:
        parse(text, Path("office.toml"))
    except SettingsFaults as error:
        return error.faults
    return ()


def told(text: str) -> list[str]:
    return [str(fault) for fault in faults(text)]
