# SPDX-License-Identifier: GPL-2.0-or-later
"""A Grandstream HT813 played by PJSIP: it fetches its file by HTTP, and its FXO port does what that says."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from appliance.programs.demo.phone import Phone
from appliance.programs.demo.ports import Ports
from tests.telephones import tone


async def fetched(path: str, mac: str) -> dict[str, str]:
    """What the file at its Config Server Path says, by P value; it asks by two names, one after the other."""
    async with httpx.AsyncClient(timeout=30) as one:
        for name in (f"cfg{mac}", f"cfg{mac}.xml"):
            answer = await one.get(f"{path}{name}")
            if answer.status_code == 200:
                root = ElementTree.fromstring(answer.content)
                assert (root.tag, root.findtext("mac")) == ("gs_provision", mac)
                return {each.tag: (each.text or "").strip() for each in root.iter() if each.tag.startswith("P")}
    raise AssertionError(f"no file of {mac} at {path}")


class Ht813:
    """`async with Ht813(..., file) as exchange`: the FXO port, registered; whoever is on the line says one tone."""

    def __init__(self, folder: Path, ports: Ports, file: dict[str, str], hz: int) -> None:
        """Its own SIP port is another than P740, which several tests would want at once."""
        assert (file["P401"], file["P731"], file["P830"], file["P20502"]) == (
            "1",
            "1",
            "0",
            "0",
        )  # active, registers, UDP
        self.hz, self.server, self.user, self._password = hz, file["P747"], file["P736"], file["P734"]
        assert file["P735"] == self.user
        self.phone = Phone("ht813", folder, ports, says=tone.write(folder.with_suffix(".wav"), hz, 1), codecs=("PCMU",))

    async def __aenter__(self) -> Self:
        await self.phone.__aenter__()
        await self.registers()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.phone.__aexit__(kind, error, at)

    async def registers(self) -> None:
        self.phone.register(self.server, self.user, self._password)
        await self.phone.event("registered")

    def rings(self, caller: str, to: str) -> None:
        """Somebody calls by the exchange: forwarded to VoIP, with his number in From."""
        self.phone.call(f"sip:{to}@{self.server}", number=caller)

    async def dialled(self) -> str:
        """The digits it dials in one stage: the user of the request."""
        called = str((await self.phone.event("rings"))["called"])
        return called.partition("sip:")[2].partition("@")[0]

    async def listens(self) -> Path:
        self.phone.listen(0.4)
        return Path((await self.phone.event("listened", 5.0))["file"])

    async def talks(self) -> None:
        await self.phone.event("talking")
        await self.phone.event("audio")

    async def over(self) -> int:
        return int((await self.phone.event("over"))["code"])
