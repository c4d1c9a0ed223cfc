# SPDX-License-Identifier: GPL-2.0-or-later
"""The outside world as SIPp plays it: callers, a trunk we call through, and a registrar, by scenarios/*.xml."""

import asyncio
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.tied import TIED

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True)
class Totals:
    """What SIPp counted. response: mean seconds from INVITE to 180 or 200, as the scenario's rtd says."""

    calls: int
    succeeded: int
    failed: int
    retransmissions: int
    response: float


@dataclass(frozen=True)
class Message:
    """One SIP message on the wire; at is seconds since the epoch, sent is from SIPp's side."""

    at: float
    sent: bool
    text: str

    @property
    def first(self) -> str:
        """The request or status line."""
        return self.text.partition("\n")[0].strip()


class Sipp:
    """`async with Sipp(...) as outside`: one run of a scenario, on ports of its own, ended at the latest on leaving.

    When the block begins it hears what is sent to it: a request lost is sent again, but half a second later."""

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        scenario: str,
        *,
        port: int | None = None,
        to: str | None = None,
        number: str = "100",
        caller: str = "+37060000001",
        name: str = "",
        rtp: int | None = None,
        talk: float = 2.0,
        calls: int = 1,
        rate: float = 10.0,
        password: str = "",
        rows: Sequence[tuple[str, ...]] = (),
        at_once: int = 1000,
        program: str = "sipp",
        echoes: bool = False,
    ) -> None:
        """echoes: it says what it hears. rows: what a scenario has as [field0] and on, a row each call.

        port: its own, SIP. to: host:port that is called; None waits for calls. talk: seconds a pause lasts."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port or ports.take()
        self.rtp = rtp or ports.take(2)
        self._command = [
            *TIED, program, *([to] if to else []), "-sf", str(SCENARIOS / f"{scenario}.xml"), "-nostdin",
            "-i", "127.0.0.1", "-p", str(self.port), "-bind_local", "-ci", "127.0.0.1", "-cp", str(ports.take()),
            "-mi", "127.0.0.1", "-mp", str(ports.take(10)), "-key", "rtp", str(self.rtp), "-s", number,
            "-key", "caller", caller, "-key", "name", name, "-key", "password", password, "-au", number, "-ap", password,
            "-d", str(round(talk * 1000)), "-m", str(calls), "-r", str(rate), "-l", str(at_once), "-aa",
            "-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1",
            "-trace_msg", "-message_file", str(folder / "messages"), "-trace_err", "-error_file", str(folder / "errors"),
        ]  # fmt: skip
        if echoes:
            self._command.append("-rtp_echo")
        if rows:
            table = folder / "rows.csv"
            table.write_text("SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in rows))
            self._command += ["-inf", str(table)]

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=self.folder, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while self._process.returncode is None and not _listens(self.port):
                await asyncio.sleep(0.01)  # nothing announces that a foreign process listens
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def finished(self, within: float = 30.0) -> Totals:
        """All its calls are over; what it counted. Raises AssertionError when one went otherwise than the scenario says."""
        code = await asyncio.wait_for(self._process.wait(), within)
        totals = self.totals()
        assert code == 0 and not totals.failed, f"SIPp ended with {code}, {totals}: {self.errors()}"
        return totals

    def totals(self) -> Totals:
        """As of its last second."""
        with (self.folder / "stat.csv").open(newline="") as table:
            row = list(csv.DictReader(table, delimiter=";"))[-1]
        hours, minutes, seconds, rest = row.get("ResponseTime1(C)", "00:00:00:000000").split(":")
        return Totals(
            calls=int(row["TotalCallCreated"]),
            succeeded=int(row["SuccessfulCall(C)"]),
            failed=int(row["FailedCall(C)"]),
            retransmissions=int(row["Retransmissions(C)"]),
            response=int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(rest) / 1_000_000,
        )

    def messages(self) -> list[Message]:
        """Everything sent and received so far, in order."""
        file = self.folder / "messages"
        if not file.exists():
            return []
        parts = re.split(r"-{20,} (\S+ \S+?)\t?\n", file.read_text(errors="replace"))
        found = []
        for stamp, body in zip(parts[1::2], parts[2::2], strict=True):
            head, _, text = body.partition("\n\n")
            found.append(Message(_seconds(stamp), " sent " in head, text.strip() + "\n"))
        return found

    def errors(self) -> str:
        """What it did not expect."""
        file = self.folder / "errors"
        return file.read_text(errors="replace") if file.exists() else "no error told"


def _listens(port: int) -> bool:
    """Whether anybody has this UDP port."""
    return any(line.split()[1].endswith(f":{port:04X}") for line in Path("/proc/net/udp").read_text().splitlines()[1:])


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
