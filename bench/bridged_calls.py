# SPDX-License-Identifier: GPL-2.0-or-later
"""What bridged calls cost: CPU seconds of the switch per 1,000 calls through the queue to a desk phone and back."""

import asyncio
import socket
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from testbed import audio, process, relay
from testbed.callers import Callers
from testbed.office import Switch, stage
from testbed.sip import LOOPBACK, Telephone
from testbed.table import tell, wants_writing

from appliance.programs.demo.ports import Ports

CALLS = 300
WARM = 50  # calls before that are not counted
CREW = 40
TALK = 0.4  # seconds
SIGNALLING, MEDIA = 700, 172  # bytes of a datagram, about
DATAGRAMS, FLIGHT = 10_000, 20  # that the relay hands on; at a time, fewer than fill its buffer


class NotMeasured(Exception):
    """Calls were lost."""


@dataclass
class Run:
    """Calls of one kind, and what they took."""

    music: bool
    audio: bool
    calls: int = 0
    cpu: float = 0.0  # seconds of the switch
    threads: dict[str, float] = field(default_factory=dict)
    signalling: int = 0  # datagrams the switch took in
    media: int = 0
    grown: int = 0  # bytes of its own
    again: int = 0  # datagrams that had to be sent again

    @property
    def sounding(self) -> float:
        """Seconds of the threads that carry audio."""
        return self.threads.get("clock", 0) + self.threads.get("media", 0)

    @property
    def name(self) -> str:
        return f"{'music' if self.music else 'ringing'}, {'G.711 both ways' if self.audio else 'no audio'}"


async def measure(switch: Switch, ports: Ports, run: Run) -> None:
    """Warm up, then CALLS calls. Raises NotMeasured."""
    with ExitStack() as stack:
        speaker = stack.enter_context(audio.running(ports.take(2))) if run.audio else None
        port = speaker.port if speaker else 0
        line = Telephone(switch.office.city, switch.office.sip, port)
        stack.callback(line.close)
        desks = Telephone(ports.take(), switch.office.sip, port)
        stack.callback(desks.close)
        await switch.ready(desks)
        pid = switch.process.pid
        await Callers(line, desks, None).run(WARM)
        held, used, threads = process.memory(pid).private, process.cpu(pid), process.threads(pid)
        line.sent = desks.sent = 0
        callers = Callers(line, desks, speaker)
        with suppress(TimeoutError):  # told below
            await callers.run(CALLS)
        if callers.answered < CALLS or line.dialogs:
            raise NotMeasured(
                f"Of {CALLS} calls {callers.answered} were answered, {len(line.dialogs)} are not over, "
                f"{len(callers.refused)} were refused with SIP status {sorted(set(callers.refused))}. "
                f"The switch's last words:\n{switch.words()}"
            )
        run.cpu = process.cpu(pid) - used
        run.threads = {name: spent - threads.get(name, 0) for name, spent in process.threads(pid).items()}
        run.grown = process.memory(pid).private - held
        run.calls, run.signalling, run.again = callers.answered, line.sent + desks.sent, line.again + desks.again
        if speaker:
            run.media, back = speaker.packets()
            if back < run.media // 2:
                raise NotMeasured(f"Audio does not pass: {run.media} packets were sent, {back} came back.")


def relay_cost(ports: Ports, size: int) -> float:
    """CPU seconds of the relay for one datagram."""
    here, there = ports.take(), ports.take()
    with relay.running(here, there) as other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((LOOPBACK, there))
        wire.settimeout(5)
        used = process.threads(other.pid)
        for _ in range(DATAGRAMS // FLIGHT):
            for _ in range(FLIGHT):
                wire.sendto(b"x" * size, (LOOPBACK, here))
            for _ in range(FLIGHT):
                wire.recv(size)
        return (sum(process.threads(other.pid).values()) - sum(used.values())) / DATAGRAMS


def table(runs: list[Run], signalling: float, media: float) -> list[list[str]]:
    """signalling, media: seconds of the relay for a datagram of the kind."""
    rows = [["", "CPU s per 1,000 calls", ": relay", "loop", "SIP, journal", "audio", "KB held per call"]]
    for run in runs:
        floor = (run.signalling * signalling + run.media * media) / run.calls * 1000
        parts = [run.threads["main"], sum(run.threads.values()) - run.threads["main"] - run.sounding, run.sounding]
        thousand = [f"{part / run.calls * 1000:.2f}" for part in (run.cpu, *parts)]
        ratio, held = run.cpu / run.calls * 1000 / floor, run.grown / run.calls / 1024
        rows.append([run.name, thousand[0], f"{ratio:.0f}", *thousand[1:], f"{held:.0f}"])
    return rows


def main() -> None:
    write = wants_writing(__doc__ or "")
    runs = [Run(music, audio) for audio in (False, True) for music in (False, True)]
    with stage() as (_, ports):
        signalling, media = relay_cost(ports, SIGNALLING), relay_cost(ports, MEDIA)
    for run in runs:
        with stage() as (folder, ports):
            switch = Switch(folder / "office", ports, crew=CREW, music=run.music)
            switch.start()
            try:
                asyncio.run(measure(switch, ports, run))
            except NotMeasured as fault:
                sys.exit(f"{run.name}: {fault}")
            finally:
                switch.end()
    plain, _, spoken, _ = runs
    minutes = CALLS * TALK / 60
    notes = [
        f"Relay: {signalling * 1e6:.1f} us for a datagram of {SIGNALLING} bytes, {media * 1e6:.1f} us for one of {MEDIA}; "
        f"the switch took in {plain.signalling / plain.calls:.1f} of signalling for a call.",
        f"Audio of a bridged call, both legs: {(spoken.sounding - plain.sounding) / minutes:.2f} CPU seconds a minute.",
        f"Datagrams sent again because no answer came within 0.5 s: {sum(run.again for run in runs)}.",
    ]
    tell(table(runs, signalling, media), write=write, notes=notes)


if __name__ == "__main__":
    main()
