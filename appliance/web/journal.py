# SPDX-License-Identifier: GPL-2.0-or-later
"""The journal as pages and programs ask it."""

import asyncio
from typing import Any

from appliance.store.reader import Unreadable
from appliance.web.access import Refusal


async def read(what: Any, *given: Any, **named: Any) -> Any:
    """A question to the journal, asked in another thread. Raises Refusal."""
    try:
        return await asyncio.to_thread(what, *given, **named)
    except Unreadable:
        raise Refusal(503, "The journal cannot be read now.") from None
