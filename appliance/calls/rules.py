# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings calls are handled by, with the plan the core got of them."""

from typing import NamedTuple

from appliance.settings.models import Settings
from appliance.settings.names import Names


class Rules(NamedTuple):
    """Settings in force, compiled."""

    settings: Settings
    plan: bytes
    names: Names
