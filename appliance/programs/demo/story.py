# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens in the office, told in words from the control socket's events, and awaited by those who act in it."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from appliance.control.messages import ActionDue, Call, CallChanged, Event, Happened, Office
from appliance.control.modems import Texted
from appliance.programs.demo.seen import Seen
from appliance.store import reader

EventKind = TypeVar("EventKind", bound=Event)


class Story:
    """Takes events, says them by `tell`, and keeps them to be awaited."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.events: Seen[Event] = Seen("the switch")
        self._tell = tell
        self._names: dict[str, str] = {}
        self._calls: dict[int, Call] = {}

    def begin(self, office: Office) -> None:
        """The state at a connection to the switch."""
        self._names = {
            **{line.id: line.name for line in office.lines},
            **{queue.id: queue.name for queue in office.queues},
            **{person.id: person.name for person in office.people},
        }

    def take(self, event: Event) -> None:
        match event:
            case CallChanged(call=call):
                self._changed(self._calls.get(call.id), call)
                self._calls[call.id] = call
                if call.state == "over":
                    del self._calls[call.id]
            case ActionDue():
                self._tell(
                    f"The action `{event.action}` is due, because of who calls: {who(event.name, event.number)}."
                )
            case Texted(sms=sms) if sms.state == "received":
                self._tell(
                    f"A text message of {spaced(sms.number)} came over the line {self._name(sms.line)}: {sms.text}"
                )
            case Happened(kind="voicemail"):
                self._tell(f"The message is kept in {event.detail}.")
            case Happened(kind="missed"):
                self._tell(f"The call of {who(event.name, event.number)} was missed.")
            case _:
                pass
        self.events.add(event)

    async def happens(self, kind: type[EventKind], matches: Callable[[EventKind], bool], within: float) -> EventKind:
        """The next event of this kind that matches. Raises NotSeen after so many seconds."""
        event = await self.events.next(kind.__name__, lambda event: isinstance(event, kind) and matches(event), within)
        assert isinstance(event, kind)
        return event

    def _changed(self, old: Call | None, call: Call) -> None:
        caller = who(call.name, call.caller)
        if old is None:
            inside = call.direction == "internal"
            way = "from a telephone of the office" if inside else f"over the line {self._name(call.line)}"
            self._tell(f"{caller} calls {spaced(call.called)} {way}.")
        if call.queue and (old is None or not old.queue):
            self._tell(f"{caller} waits in {self._name(call.queue)}.")
        for person in call.ringing:
            if old is None or person not in old.ringing:
                self._tell(f"The telephone of {self._name(person)} rings.")
        if call.state == "talking" and (old is None or old.state != "talking") and call.answered_at is not None:
            waited = (call.answered_at - call.since) / 1000
            self._tell(f"{self._name(call.person)} answers after {waited:.1f} s.")
        for person in old.ringing if old else ():
            if person not in call.ringing and person != call.person:
                self._tell(f"The telephone of {self._name(person)} stops.")
        if call.state == "voicemail" and (old is None or old.state != "voicemail"):
            self._tell(f"Nobody answers: {caller} hears the greeting and leaves a message.")
        if call.state == "over":
            self._tell(f"The call is over: {call.outcome}.")

    def _name(self, id: str) -> str:
        return self._names.get(id, id)


def who(name: str, number: str) -> str:
    """A caller for people: name and number, or what there is of them."""
    return f"{name} ({spaced(number)})" if name and number and name != number else name or spaced(number) or "Somebody"


def spaced(number: str) -> str:
    """+37060000001 as +370 600 00001; other numbers as they are."""
    return f"{number[:4]} {number[4:7]} {number[7:]}" if number.startswith("+370") and len(number) == 12 else number


def row(call: reader.Call) -> str:
    """A call as the journal has it, on one line."""
    at = datetime.fromtimestamp(call.at / 1000).strftime("%H:%M:%S")
    way = " > ".join(filter(None, (call.line, call.queue, call.person)))
    ended = call.ended_at or round(time.time() * 1000)
    waited = ((call.answered_at or ended) - call.at) / 1000
    talked = f", talked {(ended - call.answered_at) / 1000:.1f} s" if call.answered_at else ""
    return f"{at}  {who(call.name, call.caller)}  {way}  waited {waited:.1f} s{talked}  {call.outcome}"
