# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole box on the loopback address, in a folder of its own: settings written, `linekeeper run` started and ended."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen, Seen

RTP_PORTS = 600  # two for each leg and direction of a hundred calls and more
START_WITHIN, END_WITHIN = 60.0, 15.0  # seconds
PASSWORDS = {"desk1": "first-desk-telephone", "desk2": "second-desk-telephone"}  # of telephones that exist only here
CREW_PASSWORD = "the-crew"

DOCUMENT = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"

[sip]
listen = "127.0.0.1"
port = {sip}
rtp_ports = [{rtp}, {rtp_end}]
expires_min = 10
{sip_more}
[web]
listen = "127.0.0.1"
port = {web}
{mqtt}
[phone.desk1]
[phone.desk2]

[person.anna]
name = "Anna"
extension = "101"
phones = ["desk1"]
ring_for = {ring_for}

[person.boris]
name = "Boris"
extension = "102"
phones = ["desk2"]
ring_for = {ring_for}

[line.city]
kind = "sip"
host = "127.0.0.1"
port = {city}
scenario = "main"
{backup}
[queue.sales]
name = "Sales"
people = [{people}]
strategy = "{strategy}"
ring_for = {ring_for}
max_wait = {max_wait}
music = {music}

[callers.regulars]
numbers = {{ "+37060000001" = "Mr Kazlauskas" }}

[scenario.main]
open = "sales"
unanswered = "office"

[outside]
lines = ["city"]
"""
AGENT = """
[phone.{agent}]

[person.{agent}]
phones = ["{agent}"]
"""
MQTT = """
[mqtt]
host = "127.0.0.1"
port = {port}
{more}
[action.lamp]
callers = "regulars"
lines = ["city"]
class = 0
topic = "home/porch/lamp/set"
payload = "ON"
"""
BACKUP = """
[line.backup]
kind = "sip"
host = "127.0.0.1"
port = {port}
register = true
user = "100200"
scenario = "main"
"""


class Office:
    """`async with Office(folder, ports) as office`: a running box. Anna has desk1 and 101, Boris desk2 and 102, the line
    `city` leads to the queue `sales`, which rings both and ends in the mailbox `office`; +37060000001 lights a lamp."""

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        *,
        mqtt: int | None = None,
        mqtt_more: str = "",
        backup: int | None = None,
        strategy: str = "ring-all",
        ring_for: int = 20,
        max_wait: int = 60,
        music: bool = True,
        crew: int = 0,
        sip_more: str = "",
        within: Sequence[str] = (),
        pages: bool = True,
        more: str = "",
    ) -> None:
        """crew: so many people (agent0, ... each with a telephone of the same name) answer instead of Anna and Boris.

        mqtt, backup: ports of a broker and of a trunk we register at; None leaves them out. mqtt_more: further lines of the
        broker's table, and tables after it. sip_more: further lines of the table [sip]. within: the beginning of a
        command that runs the rest of it elsewhere, in a namespace for one. pages: the program of the pages, of e-mail and
        of webhooks runs too. more: further tables. Times are seconds."""
        self.folder, self._within = folder, within
        self._without = () if pages else ("--without", "web")
        self.state = folder / "state"
        self.journal, self.socket = self.state / "journal.db", self.state / "control.sock"
        self.voicemail = self.state / "voicemail" / "office"
        self.sip, self.web, self.city = ports.take(), ports.take(), ports.take()
        rtp = ports.take(RTP_PORTS)
        self.address, self.page = f"127.0.0.1:{self.sip}", f"http://127.0.0.1:{self.web}/"
        self.log: Seen[str] = Seen("linekeeper run")
        self.state.mkdir(parents=True)
        self.settings = folder / "office.toml"
        agents = [f"agent{number}" for number in range(crew)]
        self.document = DOCUMENT.format(
            sip=self.sip, sip_more=sip_more, web=self.web, city=self.city, rtp=rtp, rtp_end=rtp + RTP_PORTS - 1,
            mqtt=MQTT.format(port=mqtt, more=mqtt_more) if mqtt else "",
            backup=BACKUP.format(port=backup) if backup else "",
            strategy=strategy, ring_for=ring_for, max_wait=max_wait, music=str(music).lower(),
            people=", ".join(f'"{person}"' for person in agents or ("anna", "boris")),
        )  # fmt: skip
        self.document += "".join(AGENT.format(agent=agent) for agent in agents) + more
        self.settings.write_text(self.document)
        phones = PASSWORDS | dict.fromkeys(agents, CREW_PASSWORD)
        passwords = "".join(f'[phone.{phone}]\npassword = "{password}"\n' for phone, password in phones.items())
        with open(os.open(folder / "secrets.toml", os.O_WRONLY | os.O_CREAT, 0o600), "w") as secrets:
            secrets.write(passwords + ('[line.backup]\npassword = "provider"\n' if backup else ""))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.end()

    async def start(self) -> None:
        """Until it says that it is ready. Raises NotSeen, with its last words, when it ends or takes too long."""
        self.log.ended = ""
        self._process = await asyncio.create_subprocess_exec(
            *self._within, sys.executable, "-m", "appliance.programs", "run", "--settings", str(self.settings),
            "--state", str(self.state), "--socket", str(self.socket), *self._without,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "LINEKEEPER_PARENT": str(os.getpid())},  # dies with us
        )  # fmt: skip
        self._listener = asyncio.create_task(self._listen())
        try:
            await self.log.next("`ready`", "ready".__eq__, START_WITHIN)
        except BaseException:
            await self.end()
            raise

    async def end(self) -> int:
        """SIGTERM, then the exit code; SIGKILL, and -9, when that is not heeded."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(END_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
        code = await self._process.wait()
        await self._listener
        return code

    async def ended(self) -> int:
        """The exit code, once it has ended by itself; minus the number of a signal. Raises TimeoutError."""
        async with asyncio.timeout(END_WITHIN):
            return await self._process.wait()

    async def logged(self, words: str, within: float = START_WITHIN) -> str:
        """The next line of the log with these words in it."""
        return await self.log.next(f"log line {words!r}", lambda line: words in line, within)

    def pid(self, program: str) -> int:
        """Process id of the switch, the bridge or the web program. Raises NotSeen when it does not run."""
        for pid, words in self.processes().items():
            if words[1:4] == ["-m", "appliance.programs", program]:
                return pid
        raise NotSeen(f"no program {program} is running; running: {self.processes()}")

    def kill(self, program: str) -> None:
        """kill -9; logged() then finds only what comes after."""
        self.log.skip()
        os.kill(self.pid(program), signal.SIGKILL)

    def processes(self) -> dict[int, list[str]]:
        """Command lines, by process id, of everything that runs in this office's folder."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                try:
                    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                except OSError:  # it has ended meanwhile
                    continue
                if any(word.startswith(str(self.folder)) for word in words):
                    found[int(entry.name)] = words
        return found

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.log.add(line.decode(errors="replace").rstrip("\n"))
        self.log.end(f"it ended with {await self._process.wait()}")
