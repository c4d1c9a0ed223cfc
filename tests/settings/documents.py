# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings documents the tests begin with."""

from pathlib import Path

from appliance.settings.faults import Fault, SettingsFaults
from appliance.settings.load import parse
from appliance.settings.models import Settings

EXAMPLE = Path(__file__).parents[2] / "office.example.toml"
FULL = EXAMPLE.with_name("docs") / "office.full.toml"
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


PROMPTS = "".join(f'[prompt.{name}]\nfile = "/{name}.wav"\n' for name in ("hello", "bye"))


def graph(*steps: str, before: str = WIRED) -> str:
    """A document whose scenario has these steps, `name: field = value; ...`, beginning with the first."""
    names = [step.partition(":")[0] for step in steps]
    text = before + PROMPTS + f'[scenario.main]\nstart = "{names[0]}"\n'
    for step in steps:
        name, _, fields = step.partition(":")
        text += f"[scenario.main.step.{name}]\n" + "".join(f"{each.strip()}\n" for each in fields.split(";"))
    return text


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
