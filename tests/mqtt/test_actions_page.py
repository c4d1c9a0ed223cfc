# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/actions.md says what actions do."""

import re
from pathlib import Path
from typing import get_args

from appliance.control.messages import ActionBecame
from appliance.settings.sandbox import FILTERS
from appliance.settings.templates import VARIABLES
from tests.settings.documents import settings
from tests.settings.premises import OFFICE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/actions.md").read_text()
MQTT = ROOT / "appliance/mqtt"


def test_every_reason_why_something_is_denied_or_fails_is_on_the_page() -> None:
    code = "".join((MQTT / name).read_text() for name in ("ladder.py", "premises.py", "actions.py"))
    reasons = set(re.findall(r'(?:Deny|Refused)\("([a-z-]+)"', code)) - {"unknown-class"}
    reasons |= set(re.findall(r'"denied", "([a-z-]+)"', code))
    assert len(reasons) > 18
    assert {reason for reason in reasons if f"`{reason}`" not in PAGE} == set()


def test_every_result_variable_and_filter_is_on_the_page() -> None:
    said = {*get_args(ActionBecame), *VARIABLES, *FILTERS}
    assert {word for word in said if f"`{word}`" not in PAGE} == set()


def test_the_gate_of_the_page_is_a_gate() -> None:
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    action = example.partition("[scenario")[0].partition("[action.gate]")[2]
    listed = OFFICE + '[scenario.main]\nopen = "mailbox.office"\n[action.gate]' + action
    assert settings(listed).action["gate"].class_ == 2
