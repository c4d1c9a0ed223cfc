# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of the network beside calls: who it is, whether it sends our callers elsewhere, how much money is left."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Literal

from appliance.lines.at import commands
from appliance.lines.at.fields import fields
from appliance.lines.at.ussd import balance
from appliance.lines.modems.messages import NotSent
from appliance.lines.modems.talk import Talk

log = logging.getLogger(__name__)

OPERATOR_EVERY = 600.0  # s
NAME_MOST = 40  # letters
HEX_NAME = re.compile(r"(?:[0-9A-Fa-f]{4}){2,40}")

Learned = Literal["imei", "model", "sim", "registration", "operator", "divert", "balance"]
Tell = Callable[[Learned, str], None]


class Network:
    """run() lasts as long as one talk with a modem. `divert` is "", "none", "unknown", or the number callers were sent to."""

    def __init__(
        self,
        *,
        divert_check: bool = False,
        balance_code: str = "",
        balance_rule: str = "",
        balance_every: float = 86_400.0,
    ) -> None:
        """balance_every: s."""
        self.divert_check, self.balance_code = divert_check, balance_code
        self.balance_rule, self.balance_every = balance_rule, balance_every
        self.registered = asyncio.Event()
        self.abroad = False

    def there(self, abroad: bool) -> None:
        """The modem is registered."""
        self.abroad = abroad
        self.registered.set()

    def gone(self) -> None:
        self.registered.clear()

    async def run(self, talk: Talk, code: Callable[[str], Awaitable[str]], tell: Tell) -> None:
        await self.registered.wait()
        if self.divert_check:
            await self.clear_divert(talk, tell)
        asked = -self.balance_every
        while True:
            await self.registered.wait()
            await self.operator(talk, tell)
            now = asyncio.get_running_loop().time()
            if self.balance_code and asked + self.balance_every <= now:
                asked = now
                await self.ask_balance(code, tell)
            await asyncio.sleep(min(OPERATOR_EVERY, self.balance_every))

    async def operator(self, talk: Talk, tell: Tell) -> None:
        answer = await talk.ask(commands.OPERATOR)
        said = fields(answer.lines[0]) if answer.ok and answer.lines else []
        if len(said) > 2:
            tell("operator", name_of(said[2]))

    async def clear_divert(self, talk: Talk, tell: Tell) -> None:
        to = await self.diverted(talk)
        if to not in ("none", "unknown"):
            log.warning("%s: who calls while it is busy was sent to %s; the network is told not to", talk.path, to)
            await talk.ask(commands.NO_DIVERT_BUSY)
            tell("divert", f"{to}, {'still' if await self.diverted(talk) == to else 'cleared'}")
        else:
            tell("divert", to)

    async def diverted(self, talk: Talk) -> str:
        """Where who calls while we talk is sent: a number, none or unknown."""
        answer = await talk.ask(commands.DIVERT_BUSY)
        if not answer.ok:
            return "unknown"
        for line in answer.lines:
            said = fields(line)
            voice = len(said) > 1 and said[1].isdecimal() and int(said[1]) & 1
            if said[0] == "1" and voice:
                return said[2][:NAME_MOST] if len(said) > 2 and said[2] else "somebody"
        return "none"

    async def ask_balance(self, code: Callable[[str], Awaitable[str]], tell: Tell) -> None:
        try:
            text = await code(self.balance_code)
        except (NotSent, ValueError) as wrong:
            log.warning("the balance is not known: %s", wrong)
            return
        money = balance(text, self.balance_rule)
        if money is None:
            log.warning("the balance does not stand in %r", text[:NAME_MOST])
        tell("balance", "" if money is None else str(money))


def name_of(said: str) -> str:
    """Of an operator; some modems write it in UCS2."""
    if HEX_NAME.fullmatch(said):
        wide = bytes.fromhex(said).decode("utf-16-be", "replace")
        if wide.isprintable():
            return wide[:NAME_MOST]
    return "".join(letter for letter in said if letter.isprintable())[:NAME_MOST]
