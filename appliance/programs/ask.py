# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to the running switch, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from appliance.control.client import Client, connect

Answer = TypeVar("Answer")


def ask(socket: Path, question: Callable[[Client], Awaitable[Answer]]) -> Answer:
    """What the switch answers. Raises ControlLost when it is not there, Refused."""

    async def once() -> Answer:
        async with await connect(socket) as switch:
            return await question(switch)

    return asyncio.run(once())
