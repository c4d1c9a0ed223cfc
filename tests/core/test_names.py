# SPDX-License-Identifier: GPL-2.0-or-later
"""The names Python uses are those of core.h, number for number."""

import re
from enum import IntEnum
from pathlib import Path

import pytest

from appliance.core import names

HEADER = (Path(__file__).parents[2] / "appliance/core/core.h").read_text()


def enumeration(name: str, prefix: str) -> dict[str, int]:
    """The members of an enum of core.h without their prefix; a member without a value follows the one before."""
    found = re.search(rf"enum {name} \{{(.*?)\}};", HEADER, re.DOTALL)
    assert found
    members, value = {}, -1
    for member in re.sub(r"/\*.*?\*/", "", found[1], flags=re.DOTALL).split(","):
        if member.strip():
            word, _, given = (part.strip() for part in member.partition("="))
            value = int(given) if given else value + 1
            assert word.startswith(prefix)
            members[word.removeprefix(prefix)] = value
    return members


@pytest.mark.parametrize(
    ("python", "name", "prefix"),
    [
        (names.Fact, "lk_event_kind", "LK_EV_"),
        (names.Do, "lk_command_kind", "LK_DO_"),
        (names.Status, "lk_status", "LK_"),
        (names.Outcome, "lk_outcome", "LK_"),
        (names.Why, "lk_rule", "LK_WHY_"),
        (names.Because, "lk_reason", "LK_BECAUSE_"),
    ],
)
def test_names_are_those_of_the_header(python: type[IntEnum], name: str, prefix: str) -> None:
    assert {member.name: member.value for member in python} == enumeration(name, prefix)
