# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone made of PJSIP, driven from here; PJSIP runs in a process of its own."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import Seen

RTP_PORTS = 40  # as many as phone_process.py uses: two for each of twenty calls


class Phone:
    """`async with Phone(...) as anna`: a softphone that registers, or the outside world when it never does."""

    def __init__(
        self,
        name: str,
        folder: Path,
        ports: Ports,
        *,
        says: Path,
        port: int | None = None,
        codecs: Sequence[str] = ("PCMA", "PCMU"),
    ) -> None:
        """says: mono 16-bit WAV, repeated. port: its SIP port, UDP and TCP. codecs: as PJSIP names them, preferred first."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.port = name, port or ports.take()
        self.seen: Seen[dict[str, Any]] = Seen(name)
        self._command = [
            sys.executable, "-m", f"{__package__}.phone_process", "--folder", str(folder), "--says", str(says),
            "--port", str(self.port), "--rtp", str(ports.take(RTP_PORTS)), "--codecs", ",".join(codecs),
        ]  # fmt: skip
        self._errors = folder / "errors"

    async def __aenter__(self) -> Self:
        with self._errors.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
                process_group=0,
            )  # fmt: skip
        self._listener = asyncio.create_task(self._listen())
        try:
            await self.event("ready", within=10)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # the process ends its calls and itself
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listener

    def register(self, registrar: str, user: str, password: str, secret: bool = False) -> None:
        """registrar: host:port; secret: over TLS, with encrypted sound. `registered` or `not-registered` follows."""
        self._do("register", registrar=registrar, user=user, password=password, secret=secret)

    def call(self, to: str, *, number: str, name: str = "") -> None:
        """Call a SIP URI as this number, with this display name. `ringing-there`, `audio`, `talking`, `over` follow."""
        self._do("call", to=to, **{"from": f'"{name}" <sip:{number}@127.0.0.1:{self.port}>'})

    def dial(self, number: str, registrar: str, user: str, replaces: str = "") -> None:
        """Call as the account that registered there; replaces: the dialog whose place is taken (RFC 3891)."""
        self._do("call", to=f"sip:{number}@{registrar}", replaces=replaces, **{"from": f"sip:{user}@{registrar}"})

    def answer(self) -> None:
        self._do("answer")

    def answer_after(self, seconds: float | None) -> None:
        """Answer each call, also one that rings now, so long after it began to ring; None lets them ring."""
        self._do("answer-after", seconds=seconds)

    def decline(self, code: int = 603, instead: str = "") -> None:
        """instead: a SIP URI to be called, with a code from 300 on."""
        self._do("decline", code=code, instead=instead)

    def hang_up(self) -> None:
        """End all its calls, ringing or talking."""
        self._do("hang-up")

    def press(self, keys: str) -> None:
        self._do("press", keys=keys)

    def hold(self) -> None:
        """Hold the call that is talked on."""
        self._do("hold")

    def resume(self) -> None:
        """Talk again on the one that is held."""
        self._do("resume")

    def transfer(self, to: str) -> None:
        """Send the other end to a SIP URI (REFER)."""
        self._do("transfer", to=to)

    def join(self) -> None:
        """Put the one who is held through to the one talked with (REFER with Replaces)."""
        self._do("join")

    def listen(self, seconds: float) -> None:
        """Record what is heard from now on for so long; `listened` follows."""
        self._do("listen", seconds=seconds)

    async def event(self, event: str, within: float = 20.0) -> dict[str, Any]:
        """The oldest event of this name not taken yet: ready, registered, not-registered, rings (caller, called),
        ringing-there, audio (codec) or no-audio (statuses), talking, key (key), over (code, reason, heard = WAV path),
        listened (file), transfer (code), shows (name, number: of whom it is told it talks with). NotSeen when late."""
        return await self.seen.next(event, lambda told: told["event"] == event, within)

    def _do(self, what: str, **fields: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **fields}).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.seen.add(json.loads(line))
        self.seen.end(f"its process ended: {self._errors.read_text(errors='replace').strip() or 'no error told'}")
