# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers hear while they wait in a queue: its music, their place, how long it takes, promotions in turn."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.calls.call import Call, State
from appliance.calls.pace import MINUTE, Pace
from appliance.calls.people import People
from appliance.calls.prompts import Prompts
from appliance.calls.sound import Sound
from appliance.languages.waiting import Waiting
from appliance.settings.models import Queue

log = logging.getLogger("calls")

REST = 5.0  # seconds of music at least between two announcements, and of silence between two times of a text
NEVER = float("inf")
SECOND = 1.0  # of the intervals in the settings; tests make it shorter


class Places:
    """Who waits in each queue, in the order they are answered in."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Call]] = defaultdict(list)

    def joined(self, call: Call, place: int) -> None:
        """He waits in `call.queue` from now on; place: as he joined, from 1, priorities looked at."""
        line = self._lines[call.queue] = [one for one in self.of_queue(call.queue) if one is not call]
        line.insert(place - 1, call)

    def of(self, call: Call) -> int:
        """His place now, from 1."""
        return next(place for place, one in enumerate(self.of_queue(call.queue), start=1) if one is call)

    def of_queue(self, queue: str) -> list[Call]:
        """Who waits in a queue, in the order they are answered in."""
        return [one for one in self._lines[queue] if one.state is State.WAITING and one.queue == queue]


@dataclass(slots=True)
class _Waits:
    call: Call
    queue: Queue
    language: str
    said: asyncio.Future[None] | None = None
    task: asyncio.Task[None] | None = None
    promised: float = NEVER  # ms UTC: by then he was to be answered, as he was told


class Announcing:
    """Everybody who waits and is told something. As soon as somebody has him, or he is sent elsewhere, that ends."""

    def __init__(
        self, sound: Sound, prompts: Prompts, calls: Mapping[int, Call], people: People, now: Callable[[], int]
    ) -> None:
        self._sound, self._prompts, self._now = sound, prompts, now
        self._places, self._pace = Places(), Pace(calls, people, now)
        self._waits: dict[int, _Waits] = {}  # by call

    def joined(self, call: Call, place: int) -> None:
        """See Places."""
        self._places.joined(call, place)

    def waiting(self, queue: str) -> list[Call]:
        """See Places.of_queue."""
        return self._places.of_queue(queue)

    def over(self, call: Call) -> None:
        self.end(call)
        if call.outcome == "answered":
            self._pace.ended(call)

    def begin(self, call: Call, queue: str) -> None:
        """An answered caller waits in a queue from now on; unless he has left it already."""
        self.end(call)
        if call.state is not State.WAITING or call.queue != queue:
            return
        table = call.rules.settings.queue[queue]
        waits = self._waits[call.id] = _Waits(call, table, self._prompts.language(call))
        self._play(waits)
        if table.announces or table.promotions or self._text(waits):
            waits.task = asyncio.create_task(self._entertain(waits))
            waits.task.add_done_callback(self._look)

    def end(self, call: Call) -> None:
        if (waits := self._waits.pop(call.id, None)) and waits.task:
            waits.task.cancel()

    def said(self, call: Call) -> bool:
        """A prompt of this call was said, or cannot be; whether it was one of ours."""
        waits = self._waits.get(call.id)
        if waits is None or waits.said is None:
            return False
        if not waits.said.done():
            waits.said.set_result(None)
        return True

    def close(self) -> None:
        for waits in list(self._waits.values()):
            self.end(waits.call)

    # ---- one caller -------------------------------------------------------------------------------------------------

    async def _entertain(self, waits: _Waits) -> None:
        queue, clock = waits.queue, asyncio.get_running_loop().time
        place = clock() if queue.announces else NEVER
        promotion = clock() + queue.promote_every * SECOND if queue.promotions else NEVER
        turn = 0
        while True:
            began = clock()
            if place <= began:
                await self._say_place(waits)
                place = max(began + queue.announce_every * SECOND, clock() + REST) if queue.announce_every else NEVER
            if promotion <= clock():
                await self._say(waits, queue.promotions[turn % len(queue.promotions)])
                turn += 1
                promotion = max(began + queue.promote_every * SECOND, clock() + REST)
            rests = NEVER
            if self._text(waits):
                assert queue.music_prompt is not None
                await self._say(waits, queue.music_prompt)
                rests = clock() + REST
            else:
                self._play(waits)
            await asyncio.sleep(max(min(place, promotion, rests) - clock(), 0))

    async def _say_place(self, waits: _Waits) -> None:
        """Only what is known: a wait that is not is left out, and so is one once an earlier one has proved wrong."""
        call, words = waits.call, Waiting(waits.language)
        place, now, texts = self._places.of(call), self._now(), []
        if waits.queue.announce_position:
            texts.append(words.place(place))
        if waits.queue.announce_wait and now < waits.promised and (expected := self._pace.expected(call, place)):
            if not expected.more:
                waits.promised = min(waits.promised, now + max(expected.minutes, 1) * MINUTE)
            texts.append(words.wait(*expected))
        files = [await self._prompts.made(text, waits.language) for text in texts]  # while the music goes on
        for text, file in zip(texts, files, strict=True):
            await self._hear(waits, text, file)

    async def _say(self, waits: _Waits, prompt: str) -> None:
        await self._hear(waits, prompt, self._prompts.of(waits.call, prompt))

    async def _hear(self, waits: _Waits, what: str, file: str) -> None:
        """Let him hear a file to its end; what cannot be heard is passed over."""
        if not file:
            log.error("call %d: %.60r cannot be said", waits.call.id, what)
            return
        waits.said = asyncio.get_running_loop().create_future()
        self._sound.say(waits.call, what, file)
        await waits.said
        waits.said = None

    def _play(self, waits: _Waits) -> None:
        name = waits.queue.music_prompt
        self._sound.music(waits.call, self._prompts.of(waits.call, name) if name and not self._text(waits) else "")

    def _text(self, waits: _Waits) -> bool:
        """Whether he hears a text instead of music, which begins anew for each."""
        name = waits.queue.music_prompt
        return bool(name and self._prompts.is_text(waits.call, name) and self._prompts.of(waits.call, name))

    @staticmethod
    def _look(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()):
            log.error("a caller who waits is told nothing more", exc_info=fault)
