# SPDX-License-Identifier: GPL-2.0-or-later
"""A storm of text messages at a whole switch whose power is cut again and again: each is told once, and the SIM is empty.

`make storm`: a thousand of them, about three minutes; test_lines_storm.py has fewer.
"""

import asyncio
import contextlib
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import pytest

from appliance.control.client import ControlLost, connect, follow
from appliance.control.modems import Sms, Texted, Texts
from appliance.lines.at.pdu import Deliver, encode
from appliance.lines.at.texts import bodies
from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator
from appliance.programs.demo.ports import Ports
from appliance.store.reader import Reader

CUT_WITHIN, ALL_WITHIN = 60.0, 900.0  # s
BEGAN = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
DOCUMENT = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {port}
rtp_ports = [{rtp}, {rtp_end}]
[line.gsm]
kind = "modem"
port = "{modem}"
"""


def storm(count: int, dice: random.Random) -> tuple[list[str], list[str]]:
    """So many messages, and the PDUs that bring them: short and long, of two alphabets, parts in any order, mixed."""
    texts: list[str] = []
    pdus: list[tuple[float, str]] = []
    for n in range(count):
        words = "Ваш код" if n % 3 == 0 else "Your code is"
        text = f"{words} {n:04}. " + "".join(
            dice.choices("абвгд" if n % 3 == 0 else "abcde", k=dice.choice((5, 90, 400)))
        )
        parts = bodies(text, n)
        dice.shuffle(parts)
        at = BEGAN + timedelta(seconds=n)
        for part in parts:
            pdus.append((n + dice.random() * 8, encode(Deliver(f"+3706000{n % 40:04}", at, part))))
        texts.append(text)
    return texts, [pdu for _, pdu in sorted(pdus)]


class Cut(NamedTuple):
    """Of the power, at the so-manyth command of a kind: before the modem does it, or when it has and says nothing.

    later: s after that, in which the modem goes on."""

    command: str
    at: int
    done: bool
    later: float


class Unlucky(Simulator):
    """A modem whose switch is killed as it is asked for something."""

    def __init__(self, link: Path, places: int) -> None:
        super().__init__(DIALECTS["ec25"], link)
        self.places = places
        self.cut: Cut | None = None
        self.killed = asyncio.Event()

    def obey(self, what: str) -> None:
        if not self.cut or not what.startswith(self.cut.command):
            return super().obey(what)
        if self.cut.at:
            self.cut = self.cut._replace(at=self.cut.at - 1)
            return super().obey(what)
        cut, self.cut, self.mute = self.cut, None, not self.cut.later
        if cut.done or cut.later:
            super().obey(what)
        self.killed.set()


class Box:
    """A switch in a folder, started as often as it is killed; texts: what a client of its control socket has."""

    def __init__(self, folder: Path, modem: Unlucky, ports: Ports) -> None:
        self.folder, self.modem = folder, modem
        self.state, self.socket = folder / "state", folder / "control.sock"
        self.told: Counter[int] = Counter()  # by id
        self.texts: list[Sms] = []
        self.news, self.more = asyncio.Event(), asyncio.Condition()
        rtp = ports.take(20)
        written = DOCUMENT.format(port=ports.take(), rtp=rtp, rtp_end=rtp + 19, modem=modem.link)
        (folder / "office.toml").write_text(written)

    @asynccontextmanager
    async def power(self) -> AsyncIterator[None]:
        """As long as it lasts; then the switch and the modem stop in the middle of what they do."""
        self.modem.mute = False
        self.modem.plug()
        switch = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "appliance.programs", "switch", "--settings", str(self.folder / "office.toml"),
            "--state", str(self.state), "--socket", str(self.socket),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "LINEKEEPER_PARENT": str(os.getpid())},
        )  # fmt: skip
        client = [asyncio.create_task(work) for work in (self.watch(), self.read())]
        try:
            yield
        finally:
            for task in client:
                task.cancel()
            await asyncio.gather(*client, return_exceptions=True)
            switch.kill()
            await switch.wait()
            self.modem.unplug()

    async def watch(self) -> None:
        """As a program does that is to miss nothing: at each connection it reads on after the last that it has."""
        await follow(self.socket, lambda office: self.news.set(), self.heard)

    def heard(self, event: object) -> None:
        if isinstance(event, Texted):
            self.told[event.sms.id] += 1
            self.news.set()

    async def read(self) -> None:
        while True:
            await self.news.wait()
            self.news.clear()
            with contextlib.suppress(ControlLost):
                async with await connect(self.socket) as switch:
                    while came := await switch.request(Texts(0, after=self.texts[-1].id if self.texts else 1)):
                        self.texts += came
            async with self.more:
                self.more.notify_all()


def cuts(count: int, each: int, dice: random.Random) -> Iterator[Cut]:
    """One in each part of the storm: before and after a message goes, as one is read, as the SIM is read through."""
    kinds = cycle(["+CMGL=", "+CMGD=", "+CMGD=", "+CMGR=", "+CMGD="])
    for n, command in enumerate(islice(kinds, count)):
        yield Cut(
            command, dice.randrange(each) if command == "+CMGD=" else 0, n % 2 == 0, dice.choice((0, 0, 0.02, 0.2))
        )


async def run(folder: Path, ports: Ports, count: int, seed: int, places: int, times: int) -> str:
    """What it took, in words. places: of the SIM. times: that the power is cut."""
    dice, began = random.Random(seed), time.monotonic()
    texts, pdus = storm(count, dice)
    modem = Unlucky(folder / "modem-at", places)
    box = Box(folder, modem, ports)
    for pdu in pdus:
        modem.text_comes(pdu)
    for cut in cuts(times, len(pdus) // (times + 1), dice):
        modem.cut = cut
        modem.killed.clear()
        async with box.power(), asyncio.timeout(CUT_WITHIN):
            await modem.killed.wait()
            await asyncio.sleep(cut.later)  # the moment of the cut, not a wait
    left = len(modem.memory) + len(modem.centre)
    assert left > places, "the storm was over before the power was cut as often"
    async with box.power():
        await modem.until(lambda: not modem.memory and not modem.centre, ALL_WITHIN)
        async with asyncio.timeout(CUT_WITHIN), box.more:
            await box.more.wait_for(lambda: len(box.texts) >= count)
    kept = Reader(box.state / "journal.db").sms()
    assert Counter(one.text for one in kept) == Counter(texts), "not each once in the journal"
    assert Counter(one.text for one in box.texts) == Counter(texts), "not each once to who reads on"
    assert all(one.whole for one in kept)
    assert set(box.told.values()) == {1} and box.told.keys() <= {one.id for one in kept}, "an event came twice"
    return f"{count} messages in {len(pdus)} parts, {times} cuts, {left} parts left at the last, {time.monotonic() - began:.1f} s"


@pytest.mark.timeout(1800)
async def test_a_thousand_text_messages_are_told_once_each_whatever_the_power_does(
    tmp_path: Path, ports: Ports
) -> None:
    print("\n" + await run(tmp_path, ports, 1000, seed=int(os.environ.get("SEED", "1")), places=30, times=40))
