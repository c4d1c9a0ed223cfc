# SPDX-License-Identifier: GPL-2.0-or-later
"""Premises actions from due to done: decided by the ladder, logged, sent once, and confirmed by the thing itself.

Whatever is decided is in the log and remembered on the disk before anything is done about it; where that cannot be, nothing
above class 0 is done.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from appliance.control.messages import ActionBecame, ActionDue, ActionResult
from appliance.mqtt import ladder, proofs
from appliance.mqtt.actions import LIFETIME, Refused, expected, is_expected, message
from appliance.mqtt.broker import Incoming
from appliance.mqtt.enabling import enabled
from appliance.mqtt.ladder import Ask, Decision, Deny, Facts, Fire, Proof
from appliance.mqtt.outbox import Due
from appliance.mqtt.record import Record, Unkept
from appliance.settings.actions import ACCESS, DESTRUCTIVE, INFORM, Action
from appliance.settings.compile import is_open
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings
from appliance.settings.numbers import normalise

AT_ONCE = 64  # decisions under way; one more is denied
CALL_BACK_AFTER = 3.0  # seconds: until then he has hung up
KEYS_WITHIN = 3.0  # seconds the switch may take to tell the keys

log = logging.getLogger("linekeeper.mqtt.actions")
Done = TypeVar("Done")


class House(Protocol):
    """What actions need of the bridge."""

    def send(self, due: Due) -> bool:
        """Publish once, in time; False when too many wait. sending() comes just before, tried() after."""

    def tell(self, event: ActionDue, event_type: str, reason: str) -> None:
        """Say on the broker what becomes of an action."""

    def report(self, result: ActionResult) -> None:
        """Tell the switch."""

    async def keys(self, request: str) -> str:
        """What the caller pressed, from the switch; "" when nothing."""

    async def call_back(self, number: str, scenario: str) -> bool:
        """Call a number and take whoever answers to a scenario; False when that cannot be."""

    def hear(self, topic: str, heard: Callable[[Incoming], None]) -> None: ...
    def forget(self, topic: str) -> None: ...


@dataclass(slots=True)
class Firing:
    """An action on its way to be done."""

    event: ActionDue
    action: Action
    rehearsal: bool
    expected: str
    sent: bool = False  # what was told before is no answer
    confirmed: bool = False
    timer: asyncio.TimerHandle | None = None


class Premises:
    """All actions of an office."""

    def __init__(
        self, house: House, settings: Settings, folder: Path, enabling: Path, holders: Callable[[], proofs.Holders]
    ) -> None:
        """folder: where log and memory are kept; enabling: the file that lets class 4 run; holders: read anew each time."""
        self._house, self._enabling, self._holders = house, enabling, holders
        self._record = Record(folder)
        self._worker = ThreadPoolExecutor(1, "actions")  # scrypt and the disk; in the order of what came
        self._order = asyncio.Lock()  # decisions are one after the other, each kept before the next
        self._tasks: set[asyncio.Task[None]] = set()
        self._firing: dict[str, Firing] = {}  # by request
        self._delayed: dict[str, asyncio.Task[None]] = {}  # by action
        self._heard: set[str] = set()
        self._note_cut_off("bridge-killed")
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """Other settings."""
        self._settings = settings
        self._listed = {name: _listed(settings, action) for name, action in settings.action.items()}
        waiting = [firing.action for firing in self._firing.values()]  # for an answer, under older settings
        wanted = [*settings.action.values(), *waiting]
        topics = {action.state_topic for action in wanted if action.state_topic is not None}
        for topic in self._heard - topics:
            self._house.forget(topic)
        for topic in topics - self._heard:
            self._house.hear(topic, self._state)
        self._heard = topics

    def close(self) -> None:
        """Nothing is begun any more; what waits for the end of its delay is not done."""
        for task in [*self._tasks, *self._delayed.values()]:
            task.cancel()
        self._worker.shutdown(wait=True, cancel_futures=True)  # whoever comes after us reads what it has written
        for firing in self._firing.values():
            if firing.timer:
                firing.timer.cancel()
        self._note_cut_off("bridge-ended")
        self._record.close()

    def _note_cut_off(self, why: str) -> None:
        """What was on its way when the bridge ended is not tried again, and nobody knows whether it was done: the log says so."""
        under_way, self._record.memory.under_way = self._record.memory.under_way, {}
        with contextlib.suppress(Unkept):
            for request, action in under_way.items():
                self._record.keep(_now(), action, "result", why, {"request": request, "result": "unconfirmed"})

    # ---- due --------------------------------------------------------------------------------------------------------

    def due(self, event: ActionDue, line_kind: str) -> None:
        """An action is due; what becomes of it is told to the house. Waits for nothing."""
        if len(self._tasks) >= AT_ONCE:
            self._became(event, "denied", "too-many")
            return
        task = asyncio.create_task(self._take(event, line_kind), name=f"action {event.action}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def abort(self, name: str) -> None:
        """Whatever waits for the end of its delay is not done."""
        if task := self._delayed.pop(name, None):
            task.cancel()

    async def _take(self, event: ActionDue, line_kind: str) -> None:
        name = event.action
        action = self._settings.action.get(name)
        if action is None:
            self._became(event, "denied", "unknown-action")
            return
        event = msgspec.structs.replace(event, expires=min(event.expires, _now() + LIFETIME))
        proof = await self._proof(event, action)
        async with self._order:
            if self._settings.action.get(name) != action:
                self._became(event, "denied", "changed")
                return
            facts = await self._facts(event, action, line_kind, proof)
            decision = ladder.decide(name, action, facts, self._record.memory)
            decision = await self._keep(name, action, facts, event, decision)
        await self._carry_out(event, action, facts, decision)

    async def _proof(self, event: ActionDue, action: Action) -> Proof | None:
        if action.challenge is None or not event.asked:
            return None
        try:
            async with asyncio.timeout(KEYS_WITHIN):
                keys = await self._house.keys(event.request)
        except TimeoutError:
            return None
        if not keys:
            return None
        challenge, now = action.challenge, _now()

        def look() -> Proof:
            known = self._holders()
            mine = {name: known[name] for name in action.holders if name in known}
            return proofs.prove(keys, challenge, mine, now)

        try:
            return await self._away(look)
        except (SettingsFaults, OSError) as fault:
            log.error("action %s: nobody's PIN or code can be looked at: %s", event.action, fault)
            return None

    async def _facts(self, event: ActionDue, action: Action, line_kind: str, proof: Proof | None) -> Facts:
        name, settings = event.action, self._settings
        asks = action.class_ == DESTRUCTIVE
        allowed = asks and await self._away(lambda: enabled(self._enabling, name))
        now = _now()
        return Facts(
            request=event.request,
            now=now,
            expires=event.expires,
            line=event.line,
            kind=line_kind,
            trust=event.trust,
            number=event.number,
            listed=event.number in self._listed.get(name, ()) if action.class_ else action.callers in event.lists,
            calling=not event.asked and not (action.class_ == INFORM and not action.set_off_by_calling),
            open=action.hours is None or is_open(settings, action.hours, now),
            proof=proof,
            called_back=event.called_back,
            pressed=bool(event.keys),
            enabled=allowed,
            pending=name in self._delayed,
        )

    async def _keep(self, name: str, action: Action, facts: Facts, event: ActionDue, decision: Decision) -> Decision:
        """Remember and log a decision; what cannot be kept is not done."""
        ladder.note(name, action, facts, decision, self._record.memory)
        word, reason = _words(decision)
        try:
            await self._away(lambda: self._record.keep(facts.now, name, word, reason, _shown(facts, event, action)))
        except Unkept as fault:
            log.error("action %s: what was decided cannot be kept: %s", name, fault)
            if action.class_ != INFORM:
                self._record.memory.under_way.pop(facts.request, None)
                return Deny("not-kept")
        return decision

    async def _carry_out(self, event: ActionDue, action: Action, facts: Facts, decision: Decision) -> None:
        match decision:
            case Deny(reason):
                self._became(event, "denied", reason)
            case Ask("keys"):
                self._became(event, "denied", "keys")
            case Ask("call-back"):
                assert action.call_back is not None  # else it would not be asked for
                self._became(event, "waits", "call-back")
                await asyncio.sleep(CALL_BACK_AFTER)
                if not await self._house.call_back(facts.number, action.call_back):
                    self._ended(event, "failed", "no-call-back")
            case Ask(what):
                self._became(event, "waits", what)
            case Fire(after=0, rehearsal=rehearsal):
                self._fire(event, action, rehearsal)
            case Fire(after=after, rehearsal=rehearsal):
                self._delayed[event.action] = asyncio.create_task(self._later(event, action, after, rehearsal))
                self._became(event, "waits", "delay")

    # ---- class 4: a delay that can be aborted -----------------------------------------------------------------------

    async def _later(self, event: ActionDue, action: Action, after: int, rehearsal: bool) -> None:
        name, why = event.action, ""
        try:
            await asyncio.sleep(after / 1000)
            if self._settings.action.get(name) != action:
                why = "changed"
            elif not await self._away(lambda: enabled(self._enabling, name)):
                why = "not-enabled"
        except asyncio.CancelledError:
            if self._delayed.get(name) is asyncio.current_task():  # the bridge ends
                raise
            why = "aborted"
        self._delayed.pop(name, None)
        if why:
            self._note_result(event, "aborted", why)
            self._became(event, "aborted", why)
        else:
            expires = _now() + LIFETIME
            self._fire(msgspec.structs.replace(event, expires=expires), action, rehearsal)

    # ---- done -------------------------------------------------------------------------------------------------------

    def _fire(self, event: ActionDue, action: Action, rehearsal: bool) -> None:
        now = _now()
        try:
            publication = message(event, action, now, rehearsal=rehearsal)
            wanted = expected(event, action)
        except Refused as refused:
            self._ended(event, "failed", refused.id)
            return
        strict = action.class_ >= ACCESS and "expires_at" not in action.payload
        due = Due(publication, event, time.monotonic() + (event.expires - now) / 1000, strict)
        self._firing[event.request] = Firing(event, action, rehearsal, wanted)
        if not self._house.send(due):
            self._firing.pop(event.request)
            self._ended(event, "failed", "too-many")

    def sending(self, due: Due) -> None:
        """It is about to be published: what the thing tells from now on may be the answer."""
        if firing := self._firing.get(due.event.request):
            firing.sent = True

    def tried(self, due: Due, reason: str) -> None:
        """It was published (""), or not."""
        firing = self._firing.get(due.event.request)
        if firing is None:
            return
        if reason:
            self._end(firing, "failed", reason)
        elif firing.action.state_topic is None:
            self._end(firing, "published", "")
        elif firing.confirmed:
            self._end(firing, "confirmed", "")
        else:
            within = firing.action.state_within
            firing.timer = asyncio.get_running_loop().call_later(within, self._end, firing, "unconfirmed", "no-answer")

    def _state(self, incoming: Incoming) -> None:
        """A thing tells its state. What is retained was told before; it answers nothing."""
        if incoming.retain:
            return
        for firing in list(self._firing.values()):
            action = firing.action
            if (
                firing.sent
                and incoming.topic == action.state_topic
                and is_expected(incoming.payload, action, firing.expected)
            ):
                firing.confirmed = True
                if firing.timer:  # else the broker has not yet told us that it has our message
                    self._end(firing, "confirmed", "")

    def _end(self, firing: Firing, result: ActionBecame, reason: str) -> None:
        self._firing.pop(firing.event.request, None)
        if firing.timer:
            firing.timer.cancel()
        if firing.rehearsal and result == "confirmed":
            ladder.rehearsed(firing.event.action, firing.action, _now(), self._record.memory)
        self._ended(firing.event, result, "rehearsal" if firing.rehearsal and not reason else reason)

    def _ended(self, event: ActionDue, result: ActionBecame, reason: str) -> None:
        self._note_result(event, result, reason)
        self._became(event, result, reason)

    def _note_result(self, event: ActionDue, result: str, reason: str) -> None:
        facts: dict[str, str | int | bool] = {"request": event.request, "result": result}

        def write() -> None:
            self._record.memory.under_way.pop(event.request, None)
            self._record.keep(_now(), event.action, "result", reason, facts)

        async def keep() -> None:
            try:
                await self._away(write)
            except Unkept as fault:
                log.error("action %s: what became of it cannot be kept: %s", event.action, fault)

        task = asyncio.create_task(keep())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _became(self, event: ActionDue, result: ActionBecame, reason: str) -> None:
        """Tell the house, where what is not confirmed is an alarm, and the switch."""
        level = logging.ERROR if result == "unconfirmed" else logging.INFO
        log.log(level, "action %s of call %d: %s %s", event.action, event.call, result, reason)
        self._house.tell(event, "alarm" if result == "unconfirmed" else result, reason)
        self._house.report(ActionResult(0, event.call, event.action, result, reason, event.request))

    async def _away(self, work: Callable[[], Done]) -> Done:
        """Done in our own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _listed(settings: Settings, action: Action) -> frozenset[str]:
    """The whole numbers of those who may."""
    if action.callers is None or action.callers not in settings.callers:
        return frozenset()
    country = settings.office.country
    return frozenset(normalise(number, country) for number in settings.callers[action.callers].numbers)


def _words(decision: Decision) -> tuple[str, str]:
    match decision:
        case Fire(after=after, rehearsal=rehearsal):
            return "fire", ", ".join(["rehearsal"] * rehearsal + [f"after {after} ms"] * bool(after))
        case Ask(what):
            return "ask", what
        case Deny(reason):
            return "deny", reason


def _shown(facts: Facts, event: ActionDue, action: Action) -> Mapping[str, str | int | bool]:
    """What the log has of the facts: no keys, no secrets."""
    proof = facts.proof
    return {
        "class": action.class_,
        "request": facts.request,
        "call": event.call,
        "line": facts.line,
        "kind": facts.kind,
        "number": facts.number,
        "listed": facts.listed,
        "trust": facts.trust,
        "calling": facts.calling,
        "open": facts.open,
        "called_back": facts.called_back,
        "holder": proof.holder if proof else "",
        "proof": proof.how if proof else "",
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
