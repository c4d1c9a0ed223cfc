# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of hardware/ say of modems and boards what the code and the udev rules do, and leave no modem out."""

import re
from pathlib import Path

import pytest

from appliance.lines.at.detect import family_of
from appliance.lines.at.families import FAMILIES, PORT_MODE, Family, Ports, Usb
from appliance.lines.at.gains import SIDES, command

ROOT = Path(__file__).parents[2]
HARDWARE = ROOT / "hardware"
RULES = (ROOT / "systemd/udev/78-linekeeper-modems.rules").read_text().splitlines()
PAGES = sorted(page for page in (HARDWARE / "modems").glob("*.md") if page.name != "README.md")
ROW = re.compile(r"^\| ([0-9a-f]{4}):([0-9a-f]{4}) \| (\S+) \| (\S+) \|", re.MULTILINE)
PARTS = ("## Wiring", "## Asked at run time", "## Firmware", "## udev")
BY_NAME = {family.name: family for family in FAMILIES}
names = [page.stem for page in PAGES]


def family(page: str) -> Family:
    found = re.search(r"^Family: `(\w+)`\.", page, re.MULTILINE)
    assert found, "its family is not said"
    return BY_NAME[found[1]]


def models(page: str) -> list[str]:
    found = re.search(r"Models: (.*?)\.$", page, re.MULTILINE)
    assert found, "its models are not said"
    return re.findall(r"`([^`]+)`", found[1])


def ids(page: str) -> dict[Usb, Ports]:
    def interface(said: str) -> int | None:
        assert re.fullmatch(r"if\d\d|asked|none", said)
        return int(said[2:]) if said.startswith("if") else None

    return {(int(v, 16), int(p, 16)): Ports(interface(at), interface(sound)) for v, p, at, sound in ROW.findall(page)}


def rules(page: str) -> list[str]:
    return [line for block in re.findall(r"```udev\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_a_page_says_what_the_box_does(page: Path) -> None:
    text = page.read_text()
    its = family(text)
    for model in models(text):
        assert family_of(*model.split(" ", 1)) is its, f"{model} is not taken for one of {its.name}"
    for usb, ports in ids(text).items():
        assert its.usb.get(usb) == ports, f"{usb[0]:04x}:{usb[1]:04x}"
    asked = [way.probe.text for way in its.sounds] + [way.start[-1] for way in its.sounds]
    asked += [what for side in SIDES if (what := command(its, side))] + ([its.pin.command.text] if its.pin else [])
    asked += [PORT_MODE.text] if any(ports.at is None for ports in its.usb.values()) and its.name == "huawei" else []
    assert [what for what in asked if f"`{what}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_a_page_has_its_parts_and_the_udev_rules_of_its_ports(page: Path) -> None:
    text = page.read_text()
    shown = rules(text)
    assert [part for part in PARTS if part not in text and not (part == "## Wiring" and "Wiring" in text)] == []
    assert [line for line in shown if line not in RULES] == []
    for vendor, product in ids(text):
        of = [line for line in shown if f'=="{vendor:04x}"' in line and re.search(rf'["|]{product:04x}["|]', line)]
        known = [line for line in RULES if "LINEKEEPER_ROLE" in line and f'=="{vendor:04x}"' in line]
        roles = [line for line in known if re.search(rf'["|]{product:04x}["|]', line)]
        assert of or not roles, f"{vendor:04x}:{product:04x} has no rule on the page"


def test_every_id_and_every_model_of_every_family_has_a_page() -> None:
    texts = [page.read_text() for page in PAGES]
    for one in FAMILIES:
        its = [text for text in texts if family(text) is one]
        assert {usb for text in its for usb in ids(text)} == set(one.usb), one.name
        group = re.search(r"\((?!\?)([^()]+)\)", one.models)
        named = [model for text in its for model in models(text)]
        for kind in (group[1] if group else one.models).split("|"):
            assert any(re.search(kind, model, re.IGNORECASE) for model in named), f"{one.name}: no page for {kind}"


def test_the_overview_lists_every_page_and_links_lead_somewhere() -> None:
    for folder in ("modems", "boards", "cards"):
        overview = (HARDWARE / folder / "README.md").read_text()
        for page in (HARDWARE / folder).glob("*.md"):
            assert page.name == "README.md" or f"({page.name})" in overview, f"{page} is not listed"
    for page in HARDWARE.glob("*/*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page}: {link}"
