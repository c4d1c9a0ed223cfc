# SPDX-License-Identifier: GPL-2.0-or-later
"""A desk phone that nobody of this project wrote: a baresip process, spoken to over its ctrl_tcp module."""

import asyncio
import json
import os
import re
import struct
import time
from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen, Seen
from appliance.programs.demo.tied import TIED
from tests.telephones import tone

MODULES = Path("/usr/lib/baresip/modules")
WAV_RATE, WAV_HEAD = 24, 44  # where a WAV file says its samples a second, and begins with them
FAREWELL = 2.0  # seconds to unregister
TICK = 0.2  # seconds between two keys pressed: baresip's console takes them as keys held for 150 ms
RELEASED = b"\x04"

CONFIG = """\
poll_method epoll
sip_listen {listens}:{sip}
net_interface {host}
rtp_ports {rtp}-{rtp_end}
call_max_calls 4
call_local_timeout 300
audio_source aufile,{says}
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 16000
auplay_srate 16000
ausrc_channels 1
auplay_channels 1
opus_stereo no
ringback_disabled yes
snd_path {folder}/heard
module_path {modules}
module cons.so
module opus.so
module g722.so
module g711.so
module aubridge.so
module aufile.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
{more}{settings}cons_listen 127.0.0.1:{console}
ctrl_tcp_listen 127.0.0.1:{control}
"""
ACCOUNT = "<sip:{user}@{registrar};transport={transport}>;auth_pass={password};regint={expires};audio_codecs={codecs}"


class Refused(AssertionError):
    """The telephone does not start, or would not do what it was told."""


@dataclass(frozen=True)
class Event:
    """What baresip said; at is time.time() when it was read."""

    type: str
    at: float
    uri: str = ""
    call: str = ""
    detail: str = ""


class Baresip:
    """`async with Baresip(...) as anna`: a registered desk phone that speaks a WAV file and records what it hears."""

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        *,
        user: str,
        password: str,
        registrar: str,
        says: Path,
        transport: str = "udp",
        codecs: Sequence[str] = ("pcma",),
        expires: int = 600,
        program: str = "baresip",
        modules: Sequence[str] = (),
        settings: Sequence[str] = (),
        account: str = "",
        host: str = "127.0.0.1",
        watches: Sequence[str] = (),
    ) -> None:
        """says: mono 16 kHz WAV, longer than the call. registrar: host:port. codecs: pcma, pcmu, g722, opus/48000/2.

        modules: more of baresip's, mwi for one. settings: further lines of its config; account: more of its account.
        host: its own address. watches: numbers whose presence is shown."""
        self.user, self.folder, self.registrar = user, folder, registrar
        self.seen: Seen[Event] = Seen(user)
        (folder / "heard").mkdir(parents=True)
        self.sip, rtp, self._console, self._control = ports.take(2), ports.take(20), ports.take(), ports.take()
        lines = (f'"{number}" <sip:{number}@{registrar}>;presence=p2p\n' for number in watches)
        (folder / "contacts").write_text("".join(lines))
        modules = [*modules, *(("contact", "presence") if watches else ())]
        (folder / "config").write_text(
            CONFIG.format(
                listens=f"[{host}]" if ":" in host else host, host=host, sip=self.sip, rtp=rtp, rtp_end=rtp + 19,
                console=self._console, control=self._control, says=says, folder=folder, modules=MODULES,
                more="".join(f"module_app {name}.so\n" for name in modules),
                settings="".join(f"{line}\n" for line in settings),
            )
        )  # fmt: skip
        self._account = ACCOUNT.format(
            user=user, password=password, registrar=registrar, transport=transport, expires=expires,
            codecs=",".join(codecs),
        ) + account  # fmt: skip
        (folder / "accounts").touch()
        self._program = program
        self._answers: dict[str, asyncio.Future[str]] = {}
        self._past: set[Path] = set()  # recordings of calls that are over
        self._token = 0

    async def __aenter__(self) -> Self:
        with (self.folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *TIED, self._program, "-f", str(self.folder), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "HOME": str(self.folder)},
            )  # fmt: skip
        try:
            reader, self._writer = await self._connect()
            self._listener = asyncio.create_task(self._listen(reader))
            await self.command("uanew", self._account)  # only now: what became of an earlier REGISTER would not be told
        except BaseException:
            await self._end_process()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._end_process()
        self._writer.close()
        await self._listener

    # ---- what the hand does ---------------------------------------------------------------------------------------

    def loses_power(self) -> None:
        """It says goodbye to nobody."""
        self._process.kill()

    async def dial(self, number: str) -> None:
        await self.command("dial", f"sip:{number}@{self.registrar}")

    async def accept(self) -> None:
        await self.command("accept")

    async def hang_up(self) -> None:
        """End the call, or decline the one that rings."""
        await self.command("hangup")

    async def press(self, keys: str) -> None:
        """Send digits as RFC 4733 events, one after the other."""
        loop = asyncio.get_running_loop()
        wire, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", self._console)
        )
        for key in keys:
            wire.sendto(key.encode())
            await asyncio.sleep(TICK)
            wire.sendto(RELEASED)  # else the last one is held for ever, and sent anew every eight seconds
        wire.close()

    async def command(self, command: str, params: str = "") -> str:
        """Any long command of baresip's menu; what it printed. Raises Refused when it says no."""
        self._token += 1
        token = str(self._token)
        self._answers[token] = asyncio.get_running_loop().create_future()
        line = json.dumps({"command": command, "params": params, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(line), line))
        return await asyncio.wait_for(self._answers[token], 20)

    # ---- what the ear and the eye take in --------------------------------------------------------------------------

    async def registered(self, within: float = 20.0) -> None:
        await self.event("REGISTER_OK", within=within)

    async def rings(self, within: float = 20.0) -> Event:
        """The next incoming call."""
        return await self.event("CALL_INCOMING", within=within)

    async def talks(self, within: float = 20.0) -> Event:
        """The call is answered, by this side or the other."""
        return await self.event("CALL_ESTABLISHED", within=within)

    async def closed(self, within: float = 20.0) -> Event:
        """The call is over or has stopped ringing; detail says why."""
        return await self.event("CALL_CLOSED", within=within)

    async def event(self, *types: str, within: float = 20.0) -> Event:
        """The oldest event of these types not taken yet. Raises NotSeen when none comes within so many seconds."""
        return await self.seen.next(" or ".join(types), lambda event: event.type in types, within)

    def screen(self) -> str:
        """The name on the display at the latest incoming call."""
        shown = re.findall(r"Incoming call from: (.*?) ?sips?:\S+ - ", self.log())
        return shown[-1].strip() if shown else ""

    async def sees(self, number: str, status: str, within: float = 20.0) -> None:
        """Until the display says this of a number it watches: Online, Busy, Offline, Unknown."""
        for _ in range(round(within / 0.05)):
            listed = await self.command("contacts")
            shown = re.findall(rf"([A-Z]\w+)\x1b\[;m {number} ", listed)
            if shown == [status]:
                return
            await asyncio.sleep(0.05)  # nothing tells
        raise NotSeen(f"{self.user} sees {number} not as {status}: {listed}")

    async def listens(self, seconds: float, within: float = 20.0) -> None:
        """Wait until the call under way has brought so much audio. Baresip tells nothing of it: its recording is watched."""
        for _ in range(round((seconds + within) / 0.05)):
            takes = [take for take in self._takes() if take not in self._past]
            with suppress(IndexError, struct.error):
                take = takes[-1]
                rate = struct.unpack("<I", take.read_bytes()[WAV_RATE : WAV_RATE + 4])[0]
                if take.stat().st_size / (2 * rate) >= seconds:
                    return
            await asyncio.sleep(0.05)
        raise NotSeen(f"{self.user} did not hear {seconds} s of audio")

    async def moment(self, seconds: float = 0.4, within: float = 20.0) -> Path:
        """What is heard in the next moment of the call under way."""
        for _ in range(round(within / 0.05)):
            if takes := [take for take in self._takes() if take not in self._past]:
                break
            await asyncio.sleep(0.05)
        else:
            raise NotSeen(f"{self.user} is in no call")
        take, rate = takes[-1], 0
        begins = max(take.stat().st_size, WAV_HEAD)
        for _ in range(round(within / 0.05)):
            with take.open("rb") as file:
                rate = struct.unpack("<I", file.read(WAV_HEAD).ljust(WAV_HEAD, b"\0")[WAV_RATE : WAV_RATE + 4])[0]
                wanted = 2 * round(rate * seconds)
                file.seek(begins)
                if rate and len(heard := file.read(wanted)) == wanted:
                    break
            await asyncio.sleep(0.05)
        else:
            raise NotSeen(f"{self.user} did not hear {seconds} s of audio")
        tone.save(self.folder / "moment.wav", array("h", heard), rate)
        return self.folder / "moment.wav"

    def heard(self) -> Path:
        """The recording of the latest call that is over, mono 16 kHz or the codec's rate."""
        takes = self._takes()
        if not takes:
            raise Refused(f"{self.user} heard nothing at all")
        return takes[-1]

    def _takes(self) -> list[Path]:
        """All recordings of what was heard, the latest last."""
        return sorted((self.folder / "heard").glob("*dec.wav"), key=lambda path: path.stat().st_mtime)

    def _put_aside(self) -> None:
        """What was heard so far is of calls that are over: baresip names by the second, and would write over it."""
        for take in self._takes():
            if take not in self._past:
                self._past.add(take.rename(take.with_name(f"{len(self._past)}-{take.name}")))

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    # ---- the wire --------------------------------------------------------------------------------------------------

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The control connection, as soon as the process listens."""
        for _ in range(100):
            if self._process.returncode is not None:
                break
            try:
                return await asyncio.open_connection("127.0.0.1", self._control)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)  # nothing announces that a foreign process listens
        raise Refused(f"baresip does not start: {self.log()}")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                self._take(json.loads((await reader.readexactly(size + 1))[:-1]))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            self.seen.end("baresip ended")

    def _take(self, told: dict[str, str | bool]) -> None:
        if told.get("event"):
            uri, call, detail = (str(told.get(key, "")) for key in ("peeruri", "id", "param"))
            if told["type"] == "CALL_CLOSED":
                self._put_aside()
            self.seen.add(Event(str(told["type"]), time.time(), uri, call, detail))
        elif (answer := self._answers.pop(str(told.get("token", "")), None)) is not None:
            if told["ok"]:
                answer.set_result(str(told["data"]))
            else:
                answer.set_exception(Refused(f"{self.user}: {told['data']}"))

    async def _end_process(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), FAREWELL)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
