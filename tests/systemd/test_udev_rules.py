# SPDX-License-Identifier: GPL-2.0-or-later
"""The udev rules: each modem we know gets its names and is left alone by ModemManager, and nothing else is touched.

Where udev can check a file (`udevadm verify`, systemd 254 and later) it does; devices are made up and the rules read here."""

import re
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from appliance.lines.at.families import FAMILIES, Ports

RULES = Path(__file__).parents[2] / "systemd/udev/78-linekeeper-modems.rules"
TOKEN = re.compile(r'([A-Z]+)(?:\{([^}]+)\})?(==|!=|\+=|=)"([^"]*)"')
MATCHES = {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "DRIVERS", "ATTR", "ATTRS", "ENV"}
ASSIGNS = {"ENV", "ATTR", "GROUP", "MODE", "SYMLINK", "GOTO", "LABEL", "RUN"}
UNKNOWN = (0x0403, 0x6001)  # a serial cable
KNOWN: dict[tuple[int, int], Ports] = {}
for _family in reversed(FAMILIES):  # of an id that two have, the one with sound
    for _ids, _ports in _family.usb.items():
        if _ids not in KNOWN or _ports.audio is not None:
            KNOWN[_ids] = _ports


class Token(NamedTuple):
    key: str
    of: str
    operator: str
    value: str


def rules() -> list[list[Token]]:
    """Each rule as its tokens; nothing may be left over."""
    found = []
    for line in RULES.read_text().splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(rf"{TOKEN.pattern}(, {TOKEN.pattern})*", line), f"no rule of udev: {line}"
            found.append([Token(*token) for token in TOKEN.findall(line)])
    return found


class Device(NamedTuple):
    """What the rules look at, and what they made of it."""

    subsystem: str
    ids: tuple[int, int]
    env: dict[str, str]
    socket: str = "1-1.3"
    action: str = "add"

    def value(self, token: Token) -> str:
        vendor, product = (f"{id:04x}" for id in self.ids)
        attributes = {"idVendor": vendor, "idProduct": product}
        plain = {"ACTION": self.action, "SUBSYSTEM": self.subsystem, "SUBSYSTEMS": "usb", "DRIVERS": "usb"}
        if token.key in ("ATTR", "ATTRS"):
            return attributes[token.of] if token.key == "ATTRS" or self.subsystem == "usb" else ""
        return self.env.get(token.of, "") if token.key == "ENV" else plain[token.key]

    def holds(self, token: Token) -> bool:
        matches = any(fnmatchcase(self.value(token), one) for one in token.value.split("|"))
        return matches is (token.operator == "==")

    def written(self, text: str) -> str:
        return re.sub(r"\$env\{([^}]+)\}", lambda found: self.env[found[1]], text.replace("$id", self.socket))


def plugged(device: Device) -> dict[str, list[str]]:
    """What udev does for it: what is assigned, by key."""
    done: dict[str, list[str]] = {}
    goto = ""
    for rule in rules():
        if goto:
            if not any(token.key == "LABEL" and token.value == goto for token in rule):
                continue
            goto = ""
        if all(device.holds(token) for token in rule if token.operator in ("==", "!=")):
            for token in (token for token in rule if token.operator in ("=", "+=")):
                if token.key == "GOTO":
                    goto = token.value
                elif token.key == "ENV":
                    device.env[token.of] = device.written(token.value)
                elif token.key != "LABEL":
                    name = f"{token.key}{{{token.of}}}" if token.of else token.key
                    done.setdefault(name, []).append(device.written(token.value))
    assert not goto, f"there is no label {goto}"
    return done | {f"ENV{{{name}}}": [value] for name, value in device.env.items()}


def port(ids: tuple[int, int], interface: int | None) -> Device:
    vendor, product = (f"{id:04x}" for id in ids)
    env = {"ID_VENDOR_ID": vendor, "ID_MODEL_ID": product}
    return Device("tty", ids, env | ({"ID_USB_INTERFACE_NUM": f"{interface:02x}"} if interface is not None else {}))


def test_udev_understands_them() -> None:
    for rule in rules():
        for token in rule:
            assert token.key in (MATCHES if token.operator in ("==", "!=") else ASSIGNS), token
            assert (token.operator == "+=") is (token.key in ("SYMLINK", "RUN")), token
    udevadm = shutil.which("udevadm")
    if udevadm and subprocess.run([udevadm, "verify", "--help"], capture_output=True, check=False).returncode == 0:
        checked = subprocess.run([udevadm, "verify", str(RULES)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize("ids", KNOWN, ids=lambda ids: f"{ids[0]:04x}:{ids[1]:04x}")
def test_every_modem_we_know_is_named_by_its_socket_and_left_alone_by_modemmanager(ids: tuple[int, int]) -> None:
    device = plugged(Device("usb", ids, {"DEVTYPE": "usb_device"}))
    assert device["ENV{ID_MM_DEVICE_IGNORE}"] == ["1"] and device["ATTR{power/control}"] == ["on"]
    named = {}
    for interface in range(8):
        made = plugged(port(ids, interface))
        assert made["ENV{ID_MM_DEVICE_IGNORE}"] == ["1"]
        assert (made["GROUP"], made["MODE"]) == (["dialout"], ["0660"])
        first, *more = made["SYMLINK"]
        assert first == f"linekeeper/1-1.3-if{interface:02x}"
        named |= {name.removeprefix("linekeeper/1-1.3-"): interface for name in more}
    at, audio = KNOWN[ids].at, KNOWN[ids].audio
    assert named == ({"at": at} if at is not None else {}) | ({"pcm": audio} if audio is not None else {})


@pytest.mark.parametrize(
    "other",
    [
        Device("usb", UNKNOWN, {"DEVTYPE": "usb_device"}),
        port(UNKNOWN, 0),
        Device("tty", (0x2C7C, 0x0125), {}),  # a port that is of no interface
        Device("net", (0x2C7C, 0x0125), {"ID_USB_INTERFACE_NUM": "04"}),
        Device("usb", (0x2C7C, 0x0125), {"DEVTYPE": "usb_device"}, action="remove"),
    ],
)
def test_nothing_else_is_touched(other: Device) -> None:
    before = dict(other.env)
    assert plugged(other) == {f"ENV{{{name}}}": [value] for name, value in before.items()}
