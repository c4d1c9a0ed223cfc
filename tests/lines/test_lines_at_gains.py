# SPDX-License-Identifier: GPL-2.0-or-later
"""How loud a modem is: what it says of its levels, and which one it is turned to."""

import pytest

from appliance.lines.at.families import FAMILIES
from appliance.lines.at.gains import SIDES, Gain, asked, command, read, turned
from tests.lines.said import answer

LEVEL, LEVELS = asked("AT+QMIC")


def test_a_level_and_its_scale_are_read() -> None:
    level = answer(LEVEL, b"\r\n+QMIC: 20577,16384\r\n\r\nOK\r\n")
    levels = answer(LEVELS, b"\r\n+QMIC: (0-65535),(0-65535)\r\n\r\nOK\r\n")
    assert read("said", "AT+QMIC", level, levels) == Gain("said", "AT+QMIC", 20577, 0, 65535)


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        (b"\r\nERROR\r\n", b"\r\n+QMIC: (0-8)\r\n\r\nOK\r\n"),
        (b"\r\n+QMIC: 3\r\n\r\nOK\r\n", b"\r\nOK\r\n"),
        (b"\r\n+QMIC: 9\r\n\r\nOK\r\n", b"\r\n+QMIC: (0-8)\r\n\r\nOK\r\n"),
        (b"\r\n+QMIC: loud\r\n\r\nOK\r\n", b"\r\n+QMIC: (low,high)\r\n\r\nOK\r\n"),
    ],
)
def test_a_modem_that_does_not_say_so_is_left_alone(level: bytes, levels: bytes) -> None:
    assert read("said", "AT+QMIC", answer(LEVEL, level), answer(LEVELS, levels)) is None


@pytest.mark.parametrize(
    ("now", "most", "db", "level"),
    [
        (20000, 65535, 6, 39905),
        (20000, 65535, -6, 10024),
        (60000, 65535, 6, 65535),
        (3, 8, 6, 5),
        (3, 8, 0.5, 4),
        (8, 8, -4, 7),
        (8, 8, 12, 8),
        (0, 8, -12, 0),
        (5, 8, 0, 5),
    ],
)
def test_which_level_is_proposed(now: int, most: int, db: float, level: int) -> None:
    assert turned(Gain("heard", "AT+CLVL", now, 0, most), db) == level


def test_only_commands_that_are_known_are_used() -> None:
    known = {family.name: [command(family, side) for side in SIDES] for family in FAMILIES}
    assert known == {
        "quectel": ["AT+QMIC", "AT+QRXGAIN"],
        "sim7600": ["AT+CMICGAIN", "AT+COUTGAIN"],
        "huawei": ["", "AT+CLVL"],
        "silent": ["", ""],
    }
