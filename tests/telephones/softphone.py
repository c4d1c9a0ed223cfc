# SPDX-License-Identifier: GPL-2.0-or-later
"""A softphone (PJSIP) of the office: it holds, transfers with Replaces, answers by itself, and tells whom it hears now."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.programs.demo.phone import Phone
from appliance.programs.demo.ports import Ports
from tests.telephones import tone

LISTENS = 0.4  # seconds at a time


class Softphone:
    """`async with Softphone(...) as anna`: registered, and says one tone."""

    def __init__(
        self, folder: Path, ports: Ports, *, user: str, password: str, registrar: str, hz: int, secret: bool = False
    ) -> None:
        """secret: over TLS, with encrypted sound."""
        self._secret = secret
        self.user, self.registrar, self.hz = user, registrar, hz
        self._password = password
        self.phone = Phone(user, folder, ports, says=tone.write(folder.with_suffix(".wav"), hz, 1), codecs=("PCMA",))

    async def __aenter__(self) -> Self:
        await self.phone.__aenter__()
        self.phone.register(self.registrar, self.user, self._password, self._secret)
        await self.phone.event("registered")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.phone.__aexit__(kind, error, at)

    # ---- what the hand does ---------------------------------------------------------------------------------------

    def dial(self, number: str, replaces: str = "") -> None:
        self.phone.dial(number, self.registrar, self.user, replaces)

    async def calls(self, number: str, replaces: str = "") -> None:
        """Dial, and talk."""
        self.dial(number, replaces)
        await self.talks()

    async def takes(self) -> None:
        """Answer what rings, and talk."""
        await self.rings()
        self.phone.answer()
        await self.talks()

    def transfer(self, number: str) -> None:
        self.phone.transfer(f"sip:{number}@{self.registrar}")

    def diverts(self, number: str) -> None:
        """Have the office call another number instead of what rings (302)."""
        self.phone.decline(302, f"sip:{number}@{self.registrar}")

    async def hang_up(self) -> None:
        self.stop()
        await self.over()

    def stop(self) -> None:
        """End all its calls."""
        self.phone.hang_up()

    # ---- what the ear and the eye take in --------------------------------------------------------------------------

    async def rings(self, within: float = 20.0) -> str:
        """The next call; what the display says of it."""
        return str((await self.phone.event("rings", within))["caller"])

    async def shows(self, name: str, number: str, within: float = 20.0) -> None:
        """Whom the display says it talks with, from now on or since it said the last."""
        told = {"event": "shows", "name": name, "number": number}
        await self.phone.seen.next(f"{name} {number} on the display", lambda one: told.items() <= one.items(), within)

    async def talks(self, within: float = 20.0) -> None:
        await self.phone.event("talking", within)
        await self.phone.event("audio", within)

    async def over(self, within: float = 20.0) -> int:
        """A call is over, or was refused; its status."""
        return int((await self.phone.event("over", within))["code"])

    async def listens(self) -> Path:
        """What is heard in the next moment."""
        self.phone.listen(LISTENS)
        told: dict[str, Any] = await self.phone.seen.next(
            "recording", lambda told: told["event"] in ("listened", "failed"), 5.0
        )
        if told["event"] == "failed":
            raise AssertionError(f"{self.user} hears nothing: {told['why']}")
        return Path(told["file"])

    def forgets(self) -> None:
        """Nobody waits any more for what has happened so far."""
        self.phone.seen.skip()
