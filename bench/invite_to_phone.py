# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a call takes through the switch: from the INVITE at the line to the INVITE at the desk phone."""

import asyncio
import statistics
import sys

from testbed import relay
from testbed.office import Switch, stage
from testbed.sip import Dialog, Telephone
from testbed.table import tell, wants_writing

CALLS, RATE = 250, 10.0  # calls, calls a second
CREW = 20
TALK = 0.2  # seconds
WARM = 10  # calls before that are not counted


class Measurement:
    """One switch, one line, twenty desk phones; the relay between the same two sockets takes turns with the switch."""

    def __init__(self, line: Telephone, desks: Telephone, relay_port: int) -> None:
        self.line, self.desks, self._relay = line, desks, relay_port
        self.through: list[float] = []  # us, INVITE in -> INVITE out
        self.trying: dict[str, float] = {}  # us, INVITE in -> 100 Trying out, by Call-ID
        self.relayed: list[float] = []
        self._sent: dict[str, Dialog] = {}  # calls on their way to a desk, by number
        self._probe = 0
        line.heard.trying = self._trying
        desks.heard.invited, desks.heard.up, desks.other = self._invited, self._up, self._relayed

    async def run(self, calls: int) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for number in range(calls):
            caller = f"+447700900{number % 1000:03}"
            self._sent[caller] = self.line.call(caller, "100")
            await asyncio.sleep(due + 0.5 / RATE - loop.time())
            self._probe = self.line.send("x" * 700, to=self._relay)
            due += 1 / RATE
            await asyncio.sleep(due - loop.time())
        await asyncio.sleep(TALK + 0.5)

    def _trying(self, dialog: Dialog, at: int) -> None:
        self.trying.setdefault(dialog.call_id, (at - dialog.at) / 1000)

    def _invited(self, dialog: Dialog) -> None:
        if call := self._sent.pop(dialog.caller, None):
            self.through.append((dialog.at - call.at) / 1000)
        self.desks.answer(dialog)

    def _up(self, dialog: Dialog) -> None:
        asyncio.get_running_loop().call_later(TALK, self._hang_up, dialog)

    def _hang_up(self, dialog: Dialog) -> None:
        if dialog.call_id in self.desks.dialogs:
            self.desks.hang_up(dialog)

    def _relayed(self, data: bytes, at: int) -> None:
        self.relayed.append((at - self._probe) / 1000)


async def measure(music: bool) -> Measurement:
    with stage() as (folder, ports):
        switch = Switch(folder / "office", ports, crew=CREW, music=music)
        switch.start()
        line = Telephone(switch.office.city, switch.office.sip)
        desks = Telephone(ports.take(), switch.office.sip)
        here = ports.take()
        try:
            with relay.running(here, desks.port):
                await switch.ready(desks)
                await asyncio.wait_for(Measurement(line, desks, here).run(WARM), 30)
                measurement = Measurement(line, desks, here)
                await measurement.run(CALLS // 2)
        finally:
            line.close()
            desks.close()
            switch.end()
    if len(measurement.through) < CALLS // 2:
        sys.exit(f"only {len(measurement.through)} of {CALLS // 2} calls came to a desk phone:\n{switch.words()}")
    return measurement


def row(what: str, times: list[float], floor: float) -> list[str]:
    median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return [what, f"{median:.0f}", f"{p99:.0f}", f"{median / floor:.1f}", str(len(times))]


def main() -> None:
    write = wants_writing(__doc__ or "")
    rows = [["us on the wire", "median", "p99", "median : relay", "n"]]
    runs = [(asyncio.run(measure(music)), music) for music in (True, False)]
    relayed = [one for run, _ in runs for one in run.relayed]
    floor = statistics.median(relayed)
    rows.append(row("relay: datagram in -> out", relayed, floor))
    for run, music in runs:
        said = "queue with music" if music else "queue with ringing"
        rows.append(row(f"INVITE -> 100 Trying, {said}", list(run.trying.values()), floor))
        rows.append(row(f"INVITE -> INVITE at the phone, {said}", run.through, floor))
    tell(rows, write=write)


if __name__ == "__main__":
    main()
