# SPDX-License-Identifier: GPL-2.0-or-later
"""Linphone as a telephone of the office: a linphonec process, spoken to as a hand at its keyboard does."""

import asyncio
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import Seen
from appliance.programs.demo.tied import TIED
from tests.telephones import tone

RATE = 8000  # of the files it speaks and records
LISTENS = 0.5  # seconds at a time
FAREWELL = 5.0  # seconds to unregister
CONFIG = """\
[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
guess_hostname=0
[rtp]
audio_rtp_port={rtp}-{rtp_end}
[sound]
echocancellation=0
"""


class Linphone:
    """`async with Linphone(...) as clara`: registered, and says one tone. It has no idea of answering by itself."""

    def __init__(self, folder: Path, ports: Ports, *, user: str, password: str, registrar: str, hz: int) -> None:
        self.user, self.registrar, self.hz, self.folder = user, registrar, hz, folder
        self.seen: Seen[str] = Seen(f"linphone of {user}")
        (folder / ".local/share/linphone").mkdir(parents=True)  # else it keeps no database, and says so
        rtp = ports.take(20)
        (folder / "config").write_text(CONFIG.format(sip=ports.take(), rtp=rtp, rtp_end=rtp + 19))
        self._says = tone.write(folder / "says.wav", hz, 60, RATE)
        self._password, self._takes = password, 0

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *TIED, "linphonec", "-c", str(self.folder / "config"), "-d", "0",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HOME": str(self.folder), "TERM": "dumb"},
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())
        self._do("soundcard use files")
        self._do(f"play {self._says}")
        self._do(f"register sip:{self.user}@{self.registrar} sip:{self.registrar} {self._password}")
        for _ in range(50):  # nothing announces it
            self._do("status register")
            if (await self._told("^registered|registered=|registering"))[0] == "registered":
                return self
            await asyncio.sleep(0.1)
        raise AssertionError(f"{self.user} does not register: {self.seen.all[-5:]}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._do("quit")
        try:
            await asyncio.wait_for(self._process.wait(), FAREWELL)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    # ---- what the hand does ---------------------------------------------------------------------------------------

    def dial(self, number: str) -> None:
        self._do(f"call sip:{number}@{self.registrar} --audio-only")

    async def calls(self, number: str) -> None:
        """Dial, and talk."""
        self.dial(number)
        await self.talks()

    async def takes(self) -> None:
        """Answer what rings, and talk."""
        await self.rings()
        await self.answers()

    async def answers(self) -> int:
        """The number of the call."""
        self._do("answer")
        return await self.talks()

    def press(self, keys: str) -> None:
        for key in keys:
            self._do(key)

    async def hold(self) -> None:
        self._do("pause")
        await self._told("is now paused")

    async def resume(self, call: int) -> None:
        self._do(f"resume {call}")
        await self.talks()

    def transfer(self, number: str) -> None:
        self._do(f"transfer sip:{number}@{self.registrar}")

    def join(self, held: int, call: int) -> None:
        """Put the one who is held through to the other (REFER with Replaces); calls have numbers from 1 on."""
        self._do(f"transfer {held} --to-call {call}")

    def diverts(self, number: str) -> None:
        """Have the office call another number instead of what rings (302)."""
        self._do(f"redirect all sip:{number}@{self.registrar}")

    async def hang_up(self) -> None:
        self.stop()
        await self.over()

    def stop(self) -> None:
        self._do("terminate all")

    # ---- what the ear and the eye take in --------------------------------------------------------------------------

    async def rings(self, within: float = 20.0) -> str:
        """The next call; what the display says of it."""
        return (await self._told("Receiving new incoming call from (.*), assigned", within))[1]

    async def talks(self, within: float = 20.0) -> int:
        """The number of the call."""
        return int((await self._told(r"Media streams established with .* for call (\d+)", within))[1])

    async def over(self, within: float = 20.0) -> None:
        await self._told(r"Call \d+ (with|to) .* (ended|error)", within)

    async def listens(self) -> Path:
        """What is heard in the next moment."""
        self._takes += 1
        file = self.folder / f"listened-{self._takes}.wav"
        self._do(f"record {file}")
        await asyncio.sleep(LISTENS)
        self._do(f"record {self.folder}/rest.wav")  # which ends the one before
        for _ in range(100):
            head = file.read_bytes()[:8] if file.exists() else b""
            if head[:4] == b"RIFF" and int.from_bytes(head[4:], "little") >= file.stat().st_size:  # a little too much
                return file
            await asyncio.sleep(0.02)  # nothing tells when a file is whole
        raise AssertionError(f"{self.user} hears nothing")

    def forgets(self) -> None:
        """Nobody waits any more for what has happened so far."""
        self.seen.skip()

    # ---- the keyboard and the screen ---------------------------------------------------------------------------------

    def _do(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")

    async def _told(self, what: str, within: float = 20.0) -> re.Match[str]:
        line = await self.seen.next(what, lambda line: re.search(what, line) is not None, within)
        found = re.search(what, line)
        assert found is not None
        return found

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.seen.add(line.decode(errors="replace").rstrip())
        self.seen.end("it ended")
