# SPDX-License-Identifier: GPL-2.0-or-later
"""The routing core: facts and time go in, commands and one deadline come out; see docs/core.md."""

from appliance.core._core import Command, Core, CoreError, Trace, number_lookup, replay

__all__ = ["Command", "Core", "CoreError", "Trace", "number_lookup", "replay"]
