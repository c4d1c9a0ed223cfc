# SPDX-License-Identifier: GPL-2.0-or-later
"""What bridged calls cost: CPU seconds of the switch per 1,000 calls through the queue to a desk phone and back."""

import asyncio
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from testbed import audio, process, relay
from testbed.audio import Audio
from testbed.office import Switch, stage
from testbed.process import Memory
from testbed.sip import LOOPBACK, Dialog, Telephone
from testbed.table import tell, wants_writing

from appliance.programs.demo.ports import Ports

CALLS, RATE = 400, 50.0  # calls, calls a second
WARM = 50  # calls before that are not counted
CREW = 40
RINGS, TALK = 0.1, 0.4  # seconds
DATAGRAMS = 10_000  # that the relay hands on
ACCOUNTED = "linekeeper's Python", "SIP", "audio clock", "journal"


class NotMeasured(Exception):
    """Calls were lost."""


@dataclass
class Run:
    """One kind of calls: what it took."""

    what: str
    calls: int = 0
    cpu: float = 0.0  # seconds of the switch
    threads: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    signalling: int = 0  # datagrams the switch took in
    media: int = 0
    before: Memory = Memory(0, 0, 0)
    after: Memory = Memory(0, 0, 0)


class Callers:
    """So many calls a second; each is answered after RINGS, and ended by either side in turn TALK later."""

    def __init__(self, line: Telephone, desks: Telephone, sound: Audio | None) -> None:
        self.line, self.desks, self._sound = line, desks, sound
        self.over = self.answered = 0
        self.refused: list[int] = []  # SIP status
        self._lines: dict[str, Dialog] = {}  # by caller
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        line.heard.up, line.heard.over = self._speaks, self._ended
        desks.heard.invited, desks.heard.up, desks.heard.over = self._rings, self._talks, self._hushed

    async def run(self, calls: int) -> None:
        """Raises TimeoutError when not all are over in time."""
        due = self._loop.time()
        for number in range(calls):
            caller = f"+447700900{number % 1000:03}"
            self._lines[caller] = self.line.call(caller, "100")
            due += 1 / RATE
            await asyncio.sleep(due - self._loop.time())
        async with asyncio.timeout(20):
            while self.over < calls or self.desks.dialogs:
                self._news.clear()
                await self._news.wait()

    def _rings(self, dialog: Dialog) -> None:
        self.desks.ring(dialog)
        self._loop.call_later(RINGS, self._answer, dialog)

    def _answer(self, dialog: Dialog) -> None:
        if dialog.call_id in self.desks.dialogs:
            self.desks.answer(dialog)

    def _talks(self, dialog: Dialog) -> None:
        self.answered += 1
        self._speaks(dialog)
        self._loop.call_later(TALK, self._hang_up, dialog, self.answered % 2 == 0)

    def _hang_up(self, desk: Dialog, by_caller: bool) -> None:
        caller = self._lines[desk.caller]
        if by_caller and caller.call_id in self.line.dialogs:
            self.line.hang_up(caller)
        elif not by_caller and desk.call_id in self.desks.dialogs:
            self.desks.hang_up(desk)

    def _speaks(self, dialog: Dialog) -> None:
        if self._sound and dialog.rtp:
            self._sound.speak(dialog.rtp)

    def _ended(self, dialog: Dialog, status: int) -> None:
        self.over += 1
        if status:
            self.refused.append(status)
        self._hushed(dialog, status)

    def _hushed(self, dialog: Dialog, status: int) -> None:
        if self._sound and dialog.rtp:
            self._sound.hush(dialog.rtp)
        self._news.set()


async def measure(switch: Switch, ports: Ports, run: Run, *, sound: bool) -> Run:
    """Warm up, then CALLS calls."""
    with ExitStack() as stack:
        speaker = stack.enter_context(audio.running(ports.take(2))) if sound else None
        port = speaker.port if speaker else 0
        line = Telephone(switch.office.city, switch.office.sip, port)
        stack.callback(line.close)
        desks = Telephone(ports.take(), switch.office.sip, port)
        stack.callback(desks.close)
        await switch.ready(desks)
        pid = switch.process.pid
        await Callers(line, desks, None).run(WARM)
        run.before, used, threads, began = process.memory(pid), process.cpu(pid), process.threads(pid), time.monotonic()
        line.sent = desks.sent = 0
        callers = Callers(line, desks, speaker)
        try:
            await callers.run(CALLS)
        except TimeoutError:
            raise NotMeasured(
                f"{callers.over} of {CALLS} calls are over, {callers.answered} were answered; left are {len(line.dialogs)} "
                f"at the line, {len(desks.dialogs)} at the desks, refused were {callers.refused[:20]}; the switch's last words:\n{switch.words()}"
            ) from None
        run.cpu, run.seconds = process.cpu(pid) - used, time.monotonic() - began
        run.threads = {name: spent - threads.get(name, 0) for name, spent in process.threads(pid).items()}
        run.calls, run.signalling = callers.answered, line.sent + desks.sent
        run.media = speaker.packets()[0] if speaker else 0
        run.after = process.memory(pid)
        if speaker and speaker.packets()[1] < run.media // 2:
            sys.exit(f"audio does not pass: {run.media} packets sent, {speaker.packets()[1]} came back")
    return run


