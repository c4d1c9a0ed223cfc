# SPDX-License-Identifier: GPL-2.0-or-later
"""The live state in the control socket's words: reads call control, tells the server what changed. Keeps nothing."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from appliance.calls import call as calls
from appliance.calls.actions import trust_in
from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.calls.people import PersonState
from appliance.calls.rules import Rules
from appliance.control import messages
from appliance.control.doctor import LineChecked
from appliance.control.modems import Modem
from appliance.control.server import Server
from appliance.settings import people
from appliance.settings.lines import account

ACTION_LIVES = 10_000  # ms an action may still be carried out; reference/mqtt: at most 10 s ahead
WHY_MOST = 200  # characters of why a line is not usable

States = dict[str, PersonState]  # of everybody
Tell = Callable[[Any, States], None]


class Board:
    """Satisfies calls.ports.Audience."""

    def __init__(self, control: CallControl, server: Server) -> None:
        self._control, self._server = control, server
        self._rules: Rules | None = None  # those _rung is of
        self._rung: dict[str, list[str]] = {}
        self.revision = 0  # of the settings in force
        self.modem: Callable[[str], Modem | None] = lambda line: None  # what is known of a line's
        self.checked: Callable[[str], LineChecked | None] = lambda line: None  # what the line doctor found last
        self.may_be_missed: Callable[[int], None] = lambda call: (
            None
        )  # who is still to be called back may be others now
        self._changed: dict[tuple[Tell, int | str], None] = {}  # what is to be told, oldest first

    def office(self) -> messages.Office:
        settings, states = self._control.rules.settings, self._control.person_states()
        return messages.Office(
            version=messages.VERSION,
            seq=0,
            name=settings.office.name,
            revision=self.revision,
            zone=settings.office.time_zone,
            calls=tuple(call_seen(call) for call in self._control.calls.values()),
            lines=tuple(self._line(name) for name in settings.line),
            queues=tuple(self._queue(name, states) for name in settings.queue),
            people=tuple(self._person(name, states) for name in settings.person),
            phones=tuple(self._phone(name) for name in settings.phone),
            hours=tuple(self._hours(name) for name in settings.hours),
            mailboxes=tuple(self._mailbox(name) for name in settings.mailbox),
        )

    # ---- what changed: each thing is told once a turn of the loop, as it is then; a call that is over, at once -----

    def call_changed(self, call: int) -> None:
        known = self._control.calls.get(call) if self._server.watched else None
        if not known:
            return
        if known.state is calls.State.OVER:
            self._changed.pop((self._tell_call, call), None)
            self._server.tell(messages.CallChanged, call=call_seen(known))
        else:
            self._later(self._tell_call, call)
        if known.queue:
            self.queue_changed(known.queue)
        for line in known.lines_used():
            self.line_changed(line)

    def line_changed(self, line: str) -> None:
        self._later(self._tell_line, line)

    def queue_changed(self, queue: str) -> None:
        self._later(self._tell_queue, queue)

    def person_changed(self, person: str) -> None:
        if not self._server.watched:
            return
        self._later(self._tell_person, person)
        for name, members in self._members().items():
            if person in members:
                self.queue_changed(name)

    def slot_changed(self, slot: str, call: calls.Call | None) -> None:
        """The call tells of its slot itself."""

    def mailbox_changed(self, mailbox: str) -> None:
        self.may_be_missed(0)
        self._later(self._tell_mailbox, mailbox)

    def hours_changed(self, hours: str) -> None:
        self._later(self._tell_hours, hours)

    def phone_changed(self, phone: str) -> None:
        self._later(self._tell_phone, phone)

    def _later(self, tell: Tell, id: int | str) -> None:
        if not self._server.watched:  # whoever comes is told how things are then
            return
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._tell_all)
        self._changed[tell, id] = None

    def _tell_all(self) -> None:
        changed, self._changed = self._changed, {}
        states = self._control.person_states()
        for tell, id in changed:
            tell(id, states)

    def _tell_call(self, call: int, states: States) -> None:
        if call in self._control.calls:
            self._server.tell(messages.CallChanged, call=call_seen(self._control.calls[call]))

    def _tell_line(self, line: str, states: States) -> None:
        if line in self._control.rules.settings.line:
            self._server.tell(messages.LineChanged, line=self._line(line))

    def _tell_queue(self, queue: str, states: States) -> None:
        if queue in self._control.rules.settings.queue:
            self._server.tell(messages.QueueChanged, queue=self._queue(queue, states))

    def _tell_person(self, person: str, states: States) -> None:
        if person in self._control.rules.settings.person:
            self._server.tell(messages.PersonChanged, person=self._person(person, states))

    def _tell_phone(self, phone: str, states: States) -> None:
        if phone in self._control.rules.settings.phone:
            self._server.tell(messages.PhoneChanged, phone=self._phone(phone))

    def _tell_mailbox(self, mailbox: str, states: States) -> None:
        if mailbox in self._control.rules.settings.mailbox:
            self._server.tell(messages.MailboxChanged, mailbox=self._mailbox(mailbox))

    def _tell_hours(self, hours: str, states: States) -> None:
        if hours in self._control.rules.settings.hours:
            self._server.tell(messages.HoursChanged, hours=self._hours(hours))

    def happened(self, kind: str, call: calls.Call, person: str = "", detail: str = "") -> None:
        if kind in ("ended", "missed"):
            self.may_be_missed(call.id)
        self._server.tell(
            messages.Happened,
            kind=kind,
            call=call.id,
            line=call.line,
            number=call.who().number,
            name=call.name,
            person=person or call.person,
            queue=call.queue,
            detail=detail,
            lists=call.lists,
        )

    def action_due(self, action: str, call: int, request: str, asked: bool) -> None:
        known = self._control.calls[call]
        self._server.tell(
            messages.ActionDue,
            action=action,
            call=call,
            request=request,
            expires=now_ms() + ACTION_LIVES,
            number=known.called if known.called_back else known.caller,
            name=known.name,
            line=known.line,
            trust=trust_in(known),
            queue=known.queue,
            keys=known.keys,
            asked=asked,
            called_back=known.called_back,
            lists=known.lists,
        )

    # ---- what is ----------------------------------------------------------------------------------------------------

    def _members(self) -> dict[str, list[str]]:
        """By queue, the people it rings."""
        rules = self._control.rules
        if self._rules is not rules:
            settings = rules.settings
            self._rules = rules
            self._rung = {
                name: [member.person for member in people.of_queue(settings, queue)]
                for name, queue in settings.queue.items()
            }
        return self._rung

    def _on_line(self, line: str) -> Iterator[calls.Call]:
        under_way = (call for call in self._control.calls.values() if call.state is not calls.State.OVER)
        return (call for call in under_way if line in call.lines_used())

    def _line(self, name: str) -> messages.Line:
        table = self._control.rules.settings.line[name]
        under_way = list(self._on_line(name))
        state: messages.LineState = "idle"
        if any(call.up if call.line == name else call.talk for call in under_way):
            state = "talking"
        elif under_way:
            inwards = under_way[0].direction == "in" and under_way[0].line == name
            state = "ringing" if inwards else "dialing"
        usable = self._control.usable.get(name, False)
        calling = tuple(call.id for call in under_way)
        contacts, agent, expires = self._control.registered(account(name) if table.kind == "gateway" else "")
        return messages.Line(
            id=name,
            name=table.name,
            kind=table.kind,
            usable=usable,
            why="" if usable else self._control.why_not.get(name, "")[:WHY_MOST],
            state=state,
            calls=calling,
            modem=self.modem(name),
            checked=self.checked(name),
            contacts=tuple(contacts),
            agent=agent,
            expires=expires,
        )

    def _queue(self, name: str, states: States) -> messages.Queue:
        table = self._control.rules.settings.queue[name]
        waiting = self._control.waiting(name)
        known = self._control.people
        free = sum(
            known[person].status == "available"
            and not known[person].dnd
            and not known[person].paused
            and person not in self._control.off_duty
            and states.get(person) == "free"
            for person in self._members()[name]
        )
        oldest = min((call.queued_at or call.since for call in waiting), default=None)
        ids = tuple(call.id for call in waiting)
        return messages.Queue(id=name, name=table.name, waiting=ids, oldest=oldest, free=free)

    def _person(self, name: str, states: States) -> messages.Person:
        table, now = self._control.rules.settings.person[name], self._control.people[name]
        return messages.Person(
            id=name,
            name=table.name,
            extension=table.extension or "",
            position=table.position,
            status=now.status,
            reason=now.reason,
            since=now.since,
            state=states[name],
            paused=now.paused,
            paused_until=now.paused_until,
            source=now.source,  # type: ignore[arg-type]
            until=now.until,
            reminded=now.reminded,
            dnd=now.dnd,
            off_duty=name in self._control.off_duty,
            on_duty_at=self._control.off_duty.get(name),
            forwards=self._control.desk.diverting.forwards(name),
        )

    def _hours(self, name: str) -> messages.Hours:
        held = self._control.overrides.get(name)
        if held is None:
            return messages.Hours(id=name)
        source: messages.Source = held.source  # type: ignore[assignment]
        return messages.Hours(id=name, override=held.mode, until=held.until, source=source, since=held.since)

    def _mailbox(self, name: str) -> messages.Mailbox:
        held = self._control.messages.of(name)
        states = [one.state for one in held]
        return messages.Mailbox(
            id=name,
            name=self._control.rules.settings.mailbox[name].name,
            new=states.count("new"),
            heard=states.count("heard"),
            saved=states.count("saved"),
            unhandled=sum(not one.handled for one in held),
        )

    def _phone(self, name: str) -> messages.Phone:
        contacts, agent, expires = self._control.registered(name)
        return messages.Phone(id=name, contacts=tuple(contacts), agent=agent, expires=expires)


def call_seen(call: calls.Call) -> messages.Call:
    return messages.Call(
        id=call.id,
        direction=call.direction,
        state=call.state.value,
        line=call.line,
        caller=call.who().number,
        called=call.whom(),
        since=call.since,
        name=call.name,
        queue=call.queue,
        person=call.person,
        ringing=call.ringing_people(),
        queued_at=call.queued_at,
        answered_at=call.answered_at,
        outcome=call.outcome or None,
        attributes=dict(call.attributes),
        slot=call.slot,
        recorded=call.recorded,
    )
