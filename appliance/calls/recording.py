# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are recorded: which, after which words, and what becomes of it while they go on.

A tape is on the leg of the one outside (else of who called), so that it follows him wherever he is sent.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.calls.call import Call, Ring, State
from appliance.calls.display import party
from appliance.calls.hands import Hands
from appliance.calls.holding import Holding
from appliance.calls.outgoing import is_for_help
from appliance.calls.ports import Audience, Journal, Leg, Port, Telephony
from appliance.calls.recorded import Recorded, Recorder, file_name
from appliance.settings.recording import RATES, RecordingRule

log = logging.getLogger("recording")

PAUSED, RESUMED = "record-paused", "record-resumed"  # what is told of the code


@dataclass(slots=True)
class Taped:
    """A leg that is recorded, and the call it is in now."""

    recorded: Recorded
    leg: Leg
    tape: Port
    call: Call
    paused_by: Leg = 0
    pause: asyncio.TimerHandle | None = None
    beep: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Asked:
    """Two who are put through once one of them, or both, heard that they are recorded."""

    call: Call
    ring: Ring
    rule: str
    far: Leg
    near: Leg
    player: Port


class Recording:
    """By the leg a tape is on."""

    def __init__(
        self,
        hands: Hands,
        holding: Holding,
        telephony: Telephony,
        journal: Journal,
        audience: Audience,
        recorder: Recorder,
        calls: Mapping[int, Call],
        now: Callable[[], int],
        sounds: Callable[[str], Path],
        prompt: Callable[[Call, str], str],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """now: ms UTC; prompt: the file of one in his language, "" when it could not be spoken; chance: 0 to below 1."""
        self._hands, self._holding, self._telephony = hands, holding, telephony
        self._journal, self._audience, self._recorder = journal, audience, recorder
        self._calls, self._now, self._sounds, self._prompt, self._chance = calls, now, sounds, prompt, chance
        self.taped: dict[Leg, Taped] = {}
        self._asked: dict[Leg, Asked] = {}  # by the far leg
        self.heard: set[Leg] = set()  # it was told
        self.never: set[Leg] = set()  # it does not want to be recorded, or could not be told
        self._drawn: dict[tuple[Leg, str], bool] = {}  # by leg and rule
        self._beeps: set[Port] = set()

    # ---- who talks --------------------------------------------------------------------------------------------------

    def meet(self, call: Call, ring: Ring) -> bool:
        """Two are to talk; whether they are put through later, by us, once they were told."""
        far, near = sides(call, ring)
        if before := self._asked.pop(far, None):
            self._telephony.stop(before.player)
        if taped := self.taped.get(far):
            self._may_go_on(taped, call, ring)
            return False
        if far in self.never or not (rule := self._rule(call, ring, far)):
            return False
        said = call.rules.settings.recording
        if said.consent is None or far in self.heard:
            self.begin(call, rule, far)
            return False
        file = self._prompt(call, said.consent)
        player = self._telephony.play(file, False) if file else 0
        if not player:
            self.untold(call, far, "its prompt could not be spoken")
            return False
        self._asked[far] = Asked(call, ring, rule, far, near, player)
        self._telephony.hear(far, player)
        if said.tell == "both":
            self._telephony.hear(near, player)
        return True

    def _may_go_on(self, taped: Taped, call: Call, ring: Ring) -> None:
        """A recording ends where somebody has the call next who is never recorded."""
        rule = call.rules.settings.recording.rule.get(rule_for(call, ring))
        if rule and not rule.record:
            self.end(taped)

    def end(self, taped: Taped) -> None:
        """Record it no longer; what there is is kept."""
        self._telephony.stop(taped.tape)
        self._forget(taped)

    def _rule(self, call: Call, ring: Ring, far: Leg) -> str:
        """The rule by which a talk is recorded; "" when it is not. Chance decides once for each leg and rule."""
        if call.outgoing and is_for_help(call.outgoing):
            return ""
        return self.drawn(call, rule_for(call, ring), far)

    def drawn(self, call: Call, name: str, far: Leg) -> str:
        """The rule again, "" when it records nothing, or chance says so."""
        rule = call.rules.settings.recording.rule.get(name)
        if not rule or not rule.record:
            return ""
        if (far, name) not in self._drawn:
            self._drawn[far, name] = self._chance() * 100 < rule.percent
        return name if self._drawn[far, name] else ""

    def _put_through(self, asked: Asked) -> None:
        """The words are over, however; one who is held meanwhile is put through when he no longer is."""
        del self._asked[asked.far]
        self._telephony.stop(asked.player)
        held = self._holding.holds(asked.far) or self._holding.holds(asked.near)
        if asked.call.talk is asked.ring and not held:
            self._hands.join(asked.far, asked.near)

    def digit(self, leg: Leg, digit: str) -> bool:
        """A key of somebody who is told that he is recorded; whether he refused by it."""
        asked = self._asked.get(leg)
        if not asked or digit != asked.call.rules.settings.recording.refuse:
            return False
        self.never.add(leg)
        self._put_through(asked)
        self._hands.note(asked.call, "recording", state="refused", rule=asked.rule)
        return True

    def played(self, port: Port) -> None:
        if port in self._beeps:
            self._beeps.discard(port)
            self._telephony.stop(port)
        for asked in [one for one in self._asked.values() if one.player == port]:
            self.heard.add(asked.far)
            self._put_through(asked)
            if asked.call.talk is asked.ring:
                self.begin(asked.call, asked.rule, asked.far)

    def stopped(self, port: Port, why: str) -> None:
        self._beeps.discard(port)
        for asked in [one for one in self._asked.values() if one.player == port]:
            self._put_through(asked)
            self.untold(asked.call, asked.far, f"its prompt cannot be played: {why}")
        for taped in [one for one in self.taped.values() if one.tape == port]:
            self._forget(taped)
            self._trouble(taped.call, why)

    def untold(self, call: Call, far: Leg, why: str) -> None:
        self.never.add(far)
        self._trouble(call, why)

    # ---- recording --------------------------------------------------------------------------------------------------

    def begin(self, call: Call, rule: str, far: Leg) -> None:
        said = call.rules.settings.recording
        tape = self._telephony.tape(far, RATES[said.form], said.sounds, said.form == "compact")
        if not tape:
            self._trouble(call, "too many calls are recorded at once")
            return
        id, now = self._journal.next_call_id(), self._now()
        who = party(call, call.talk) if call.direction == "out" and call.talk else call.who()
        recorded = Recorded(
            *(id, call.id, now, call.line, call.person or call.caller_person, who.number, call.name, rule),
            *(file_name(id, now, said.encrypt), said.form),
        )
        taped = self.taped[far] = Taped(recorded, far, tape, call)
        self._journal.recording(recorded)
        self._note(taped, "began", rule=rule)
        self._recorder.begin(recorded, tape)
        self._show(taped)
        self._beep_later(taped)
        for other in list(self.taped.values()):
            if other.paused_by in _legs(call) and not taped.paused_by:
                self._pause(taped, other.paused_by)  # what he asks a colleague meanwhile

    def look(self) -> None:
        """A leg that is recorded may be in another call by now, or with somebody else."""
        for taped in list(self.taped.values()):
            found = self._hands.on(taped.leg)
            if not found:
                continue
            if found[0] is not taped.call:
                taped.call.recorded = ""
                taped.call = found[0]
                self._note(taped, "goes on")
                self._show(taped)
            if taped.paused_by and taped.call.talk and taped.paused_by not in _legs(taped.call):
                self._resume(taped)  # whoever paused has left it to another

    def moved(self, old: Leg, leg: Leg) -> None:
        """Who talks goes on at another telephone of his: what was true of his leg is of the new one, in a file of its own."""
        for legs in (self.heard, self.never):
            if old in legs:
                legs.add(leg)
        if taped := self.taped.get(old):
            self._telephony.stop(taped.tape)
            self._forget(taped)
            self.begin(taped.call, taped.recorded.rule, leg)

    def pause(self, leg: Leg) -> str:
        """Somebody who talks pressed the code; what he is told, "" when he is not recorded."""
        on = [taped for taped in self.taped.values() if leg in _legs(taped.call)]  # two, when he asks somebody
        paused = [taped for taped in on if taped.paused_by]
        for taped in paused:
            self._resume(taped)
        for taped in on if not paused else ():
            self._pause(taped, leg)
        return "" if not on else RESUMED if paused else PAUSED

    def _pause(self, taped: Taped, leg: Leg) -> None:
        taped.paused_by = leg
        self._telephony.pause(taped.tape, True)
        if lasts := taped.call.rules.settings.recording.pause_lasts:
            taped.pause = asyncio.get_running_loop().call_later(lasts, self._resume, taped)
        self._note(taped, "paused")
        self._show(taped)

    def _resume(self, taped: Taped) -> None:
        _still(taped.pause)
        taped.paused_by, taped.pause = 0, None
        self._telephony.pause(taped.tape, False)
        self._note(taped, "resumed")
        self._show(taped)

    def _beep_later(self, taped: Taped) -> None:
        if every := taped.call.rules.settings.recording.beep:
            taped.beep = asyncio.get_running_loop().call_later(every, self._beep, taped)

    def _beep(self, taped: Taped) -> None:
        call = taped.call
        if call.talk and not taped.paused_by and (player := self._telephony.play(str(self._sounds("beep")), False)):
            self._beeps.add(player)
            for leg in (call.leg, call.talk.answered):
                self._telephony.hear(leg, player)
        self._beep_later(taped)

    # ---- ends -------------------------------------------------------------------------------------------------------

    def over(self, leg: Leg) -> None:
        """A leg is over, and its tape with it."""
        if asked := self._asked.pop(leg, None):
            self._telephony.stop(asked.player)
        if taped := self.taped.get(leg):
            self._forget(taped)
        self.heard.discard(leg)
        self.never.discard(leg)
        if self._drawn:
            self._drawn = {key: drawn for key, drawn in self._drawn.items() if key[0] != leg}

    def done(self, recorded: Recorded) -> None:
        """Its file is closed, whatever is in it."""
        self._journal.recording(recorded)
        detail: dict[str, object] = {"id": recorded.id, "state": recorded.state, "ms": recorded.duration}
        if recorded.lost:
            detail["lost"] = recorded.lost
            log.warning("recording %d: %d ms found no room, the disk was too slow", recorded.id, recorded.lost)
        detail["sha256"] = recorded.sha256
        self._journal.event(recorded.call, self._now(), "recording", detail)
        self._journal.flush()
        log.info("recording %d of call %d: %s, %d ms", recorded.id, recorded.call, recorded.state, recorded.duration)

    def failed(self, recorded: Recorded, why: str) -> None:
        """The disk takes no more of it; the call goes on."""
        for taped in [one for one in self.taped.values() if one.recorded.id == recorded.id]:
            self._telephony.stop(taped.tape)
            self._forget(taped)
            self._trouble(taped.call, why)

    def close(self) -> None:
        for taped in list(self.taped.values()):
            self._forget(taped)

    def _forget(self, taped: Taped) -> None:
        del self.taped[taped.leg]
        _still(taped.pause)
        _still(taped.beep)
        taped.call.recorded = ""
        if taped.call.state is not State.OVER:
            self._audience.call_changed(taped.call.id)

    # ---- what is written and told -----------------------------------------------------------------------------------

    def _trouble(self, call: Call, why: str) -> None:
        log.error("call %d is not recorded: %s", call.id, why)
        self._hands.note(call, "alarm", why="not-recorded", reason=why)
        self._audience.happened("alarm", call, detail="not-recorded")

    def _note(self, taped: Taped, state: str, **more: object) -> None:
        self._hands.note(taped.call, "recording", id=taped.recorded.id, state=state, **more)

    def _show(self, taped: Taped) -> None:
        taped.call.recorded = "paused" if taped.paused_by else "yes"
        self._audience.call_changed(taped.call.id)


def sides(call: Call, ring: Ring) -> tuple[Leg, Leg]:
    """The leg of the one outside, or else of who called; and the other."""
    ours = bool(call.phone or call.caller_person)
    return (ring.answered, call.leg) if ours and ring.line else (call.leg, ring.answered)


def rule_for(call: Call, ring: Ring) -> str:
    """The first rule that fits a talk, "" when none does."""
    rules = call.rules.settings.recording.rule
    return next((name for name, rule in rules.items() if fits(rule, call, ring)), "")


def fits(rule: RecordingRule, call: Call, ring: Ring) -> bool:
    """Whether all that a rule asks for holds of a talk."""
    if rule.rooms:
        return False
    return holds(rule, call, {ring.person, call.caller_person} - {""}, {call.line, ring.line, ring.line_used()})


def rule_in_room(call: Call, room: str) -> str:
    """The first rule that fits somebody who is in a room, "" when none does."""
    people, lines = {call.caller_person} - {""}, {call.line}
    rules = call.rules.settings.recording.rule
    return next(
        (
            name
            for name, rule in rules.items()
            if (not rule.rooms or room in rule.rooms) and holds(rule, call, people, lines)
        ),
        "",
    )


def holds(rule: RecordingRule, call: Call, people: set[str], lines: set[str]) -> bool:
    """Whether all that a rule asks of a call holds, of these who talk on it and of its lines."""
    s = call.rules.settings
    queue = s.queue.get(call.queue)
    departments = {queue.department} if queue else set()
    for name in rule.departments:
        members = {member.partition(".")[0] for member in s.department[name].people} if name in s.department else set()
        if members & people:
            departments.add(name)
    asked_for: tuple[tuple[tuple[str, ...], set[str | None]], ...] = (
        (rule.directions, {call.direction}),
        (rule.lines, {*lines}),
        (rule.queues, {call.queue}),
        (rule.departments, departments),
        (rule.people, {*people}),
        (rule.callers, {*call.lists}),
    )
    return all(not wanted or not there.isdisjoint(wanted) for wanted, there in asked_for)


def _legs(call: Call) -> tuple[Leg, ...]:
    """Of those who talk in a call."""
    return tuple(leg for leg in (call.leg, call.talk.answered if call.talk else 0) if leg)


def _still(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()
