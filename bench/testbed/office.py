# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch that is measured: the program itself, with the demo's office and a state folder of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.programs.demo.office import CREW_PASSWORD, Office
from appliance.programs.demo.ports import Ports
from testbed.sip import Telephone


class Switch:
    """`linekeeper switch` alone, without web and bridge: started at start(), ended at end()."""

    def __init__(
        self, folder: Path, ports: Ports, *, crew: int = 0, music: bool = True, mqtt: int | None = None
    ) -> None:
        """crew: so many people, agent0 and on, take the calls of line `city` in turn; mqtt: a broker's port."""
        folder.mkdir()
        self.office = Office(folder, ports, crew=crew, music=music, mqtt=mqtt, strategy="round-robin")
        self.log = folder / "log"
        self._crew = crew

    def start(self) -> None:
        """Returns once the process is made, long before it listens."""
        self.process = self.program("switch")

    def program(self, name: str) -> subprocess.Popen[bytes]:
        """One of our programs with the office's settings; it ends with us."""
        office = self.office
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "appliance.programs", name, "--settings", str(office.settings),
                 "--state", str(office.state), "--socket", str(office.socket)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "LINEKEEPER_PARENT": str(os.getpid())},
            )  # fmt: skip

    async def ready(self, desks: Telephone) -> None:
        """Every desk phone of the crew is registered; the first asks until the switch listens. Ends us if it does not."""
        for _ in range(300):
            try:
                await desks.register("agent0", CREW_PASSWORD, within=0.1)
                break
            except TimeoutError:
                pass  # it does not listen yet
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)  # it listens, and does not know its telephones yet
        else:
            sys.exit(f"the switch does not answer a REGISTER within 30 s; its last words:\n{self.words()}")
        for number in range(1, self._crew):
            await desks.register(f"agent{number}", CREW_PASSWORD)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def words(self) -> str:
        """The last it said."""
        return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-20:])


@contextmanager
def stage() -> Iterator[tuple[Path, Ports]]:
    """A folder and ports that are given back."""
    with tempfile.TemporaryDirectory(prefix="linekeeper-bench-") as folder, Ports() as ports:
        yield Path(folder), ports
