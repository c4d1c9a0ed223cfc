# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch's line doctor: has a line call the box itself, and says what the recordings show."""

import asyncio
import logging
import shutil
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from msgspec.structs import replace

from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.calls.loopback import Looped, NotChecked, Sent, Taken
from appliance.control.board import Board
from appliance.control.doctor import CheckLine, Finding, Gain, LineChecked, Way
from appliance.control.messages import Refused
from appliance.doctor import keys, measure, signal, verdict
from appliance.health import line_checks
from appliance.lines.at.gains import Gain as Level
from appliance.lines.at.gains import turned
from appliance.lines.lines import Lines
from appliance.programs.keeping import Keeping
from appliance.store.journal import Journal

log = logging.getLogger("switch")

PREFIX = "line-check-"  # of the folder of a check


class LineDoctor:
    """One check of a line at a time."""

    def __init__(
        self,
        control: CallControl,
        journal: Journal,
        lines: Lines,
        state: Path,
        board: Board,
        kept: Keeping,
    ) -> None:
        self._control, self._journal, self._lines, self._state = control, journal, lines, state
        self._board, self._kept = board, kept
        board.checked = lambda line: kept.line_checks.get(line)
        self._turn = asyncio.Lock()
        for cut in state.glob(f"{PREFIX}*"):  # recordings of a check that was cut short with the box
            shutil.rmtree(cut, ignore_errors=True)

    async def check(self, asked: CheckLine) -> LineChecked:
        """Raises Refused."""
        if self._turn.locked():
            raise Refused("line-busy", "another line is being checked")
        async with self._turn:
            with tempfile.TemporaryDirectory(dir=self._state, prefix=PREFIX) as folder:
                try:
                    return await self._check(asked, Path(folder))
                except NotChecked as fault:
                    raise Refused(fault.id, str(fault)) from None

    async def _check(self, asked: CheckLine, folder: Path) -> LineChecked:
        file, silence = folder / "signal.wav", folder / "silence.wav"
        await asyncio.to_thread(signal.write, file, signal.samples())
        await asyncio.to_thread(signal.write, silence, signal.silence())
        sent = Sent(file, silence, signal.LASTS, keys.ALL)
        looped = await self._control.loopback.run(asked.line, asked.to, sent, folder)
        try:
            found = await asyncio.to_thread(measured, asked.line, looped)
        except (OSError, EOFError, wave.Error) as fault:
            raise NotChecked("internal", f"what was recorded cannot be read: {fault}") from None
        gains = await self._lines.gains(asked.line)
        told = said(found, looped.call, tuple(proposals(found, gains)))
        detail: dict[str, object] = {"line": asked.line, "other": told.other}
        detail |= {
            "said": asdict(found.said),
            "heard": asdict(found.heard),
            "findings": [one.id for one in told.findings],
        }
        self._journal.event(looped.call, told.at, "line-checked", detail)
        await self._journal.durable()
        await self._kept.line_checked(told, self._control.rules.settings.line)
        self._board.line_changed(told.line)
        log.info("line %s was checked: %s", asked.line, ", ".join(one.id for one in told.findings) or "well")
        return told


def measured(line: str, looped: Looped) -> verdict.Checked:
    """It takes a second: in a thread."""
    ways = (_way(looped.said), _way(looped.heard))
    pressed = (keys.compare(keys.ALL, looped.said.keys), keys.compare(keys.ALL, looped.heard.keys))
    return verdict.Checked(line, looped.other, *ways, *pressed)


def _way(taken: Taken) -> measure.Way:
    return measure.way(signal.read(taken.heard), signal.read(taken.timed), signal.read(taken.back))


def proposals(found: verdict.Checked, gains: list[Level]) -> Iterator[Gain]:
    """Levels of the modem that are to be others."""
    for gain in gains:
        level = turned(gain, verdict.turn(found.said if gain.side == "said" else found.heard))
        if level != gain.now:
            yield Gain(way=gain.side, command=gain.command, now=gain.now, proposed=level)


def said(found: verdict.Checked, call: int, gains: tuple[Gain, ...]) -> LineChecked:
    """In the control socket's words."""
    ids = tuple(Finding(id=id, way=way, words="", todo="") for id, way in verdict.findings(found))
    checked = LineChecked(
        line=found.line,
        other=found.other,
        call=call,
        at=now_ms(),
        said=_told(found.said, found.said_keys),
        heard=_told(found.heard, found.heard_keys),
        findings=ids,
        gains=gains,
    )
    words = zip(ids, line_checks.told(checked, found.line), strict=True)
    english = tuple(replace(id, words=one.words.format(*one.gaps), todo=one.todo) for id, one in words)
    return replace(checked, findings=english)


def _told(way: measure.Way, pressed: keys.Pressed) -> Way:
    lost, doubled, wrong = pressed
    return Way(**asdict(way), keys_lost=lost, keys_doubled=doubled, keys_wrong=wrong, turn=round(verdict.turn(way), 1))
