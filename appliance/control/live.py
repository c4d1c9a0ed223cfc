# SPDX-License-Identifier: GPL-2.0-or-later
"""The office as a client of the switch knows it: the Office once told and every event after it. No clock, no socket."""

from appliance.control.guard import Ban, Banned, Lifted
from appliance.control.health import Bridge, BridgeChanged, Trouble, Troubled
from appliance.control.messages import (
    Call,
    CallChanged,
    Event,
    Hours,
    HoursChanged,
    Line,
    LineChanged,
    Mailbox,
    MailboxChanged,
    Office,
    Person,
    PersonChanged,
    Phone,
    PhoneChanged,
    Queue,
    QueueChanged,
)
from appliance.control.missed import MissedChanged


class Live:
    """What is true now, by id. A call that is over is forgotten at once; times are ms UTC."""

    def __init__(self, office: Office) -> None:
        self.name = office.name
        self.revision = office.revision
        self.zone = office.zone
        self.seq = office.seq
        self.calls: dict[int, Call] = {call.id: call for call in office.calls if call.state != "over"}
        self.lines: dict[str, Line] = {line.id: line for line in office.lines}
        self.queues: dict[str, Queue] = {queue.id: queue for queue in office.queues}
        self.people: dict[str, Person] = {person.id: person for person in office.people}
        self.hours: dict[str, Hours] = {hours.id: hours for hours in office.hours}
        self.mailboxes: dict[str, Mailbox] = {mailbox.id: mailbox for mailbox in office.mailboxes}
        self.phones: dict[str, Phone] = {phone.id: phone for phone in office.phones}
        self.bans: dict[str, Ban] = {ban.address: ban for ban in office.bans}
        self.troubles: dict[str, Trouble] = {one.id: one for one in office.troubles}
        self.bridge: Bridge | None = office.bridge
        self.missed = office.missed

    def apply(self, event: Event) -> None:
        """Take one event; one that is not newer than what is known changes nothing."""
        if event.seq <= self.seq:
            return
        self.seq = event.seq
        match event:
            case CallChanged(call=call) if call.state == "over":
                self.calls.pop(call.id, None)
            case CallChanged(call=call):
                self.calls[call.id] = call
            case LineChanged(line=line):
                self.lines[line.id] = line
            case QueueChanged(queue=queue):
                self.queues[queue.id] = queue
            case PersonChanged(person=person):
                self.people[person.id] = person
            case PhoneChanged(phone=phone):
                self.phones[phone.id] = phone
            case MailboxChanged(mailbox=mailbox):
                self.mailboxes[mailbox.id] = mailbox
            case HoursChanged(hours=hours):
                self.hours[hours.id] = hours
            case MissedChanged(missed=missed):
                self.missed = missed
            case Banned(ban=ban):
                self.bans[ban.address] = ban
            case Lifted(address=address):
                self.bans.pop(address, None)
            case BridgeChanged(bridge=bridge):
                self.bridge = bridge
            case Troubled(trouble=trouble) if trouble.why:
                self.troubles[trouble.id] = trouble
            case Troubled(trouble=trouble):
                self.troubles.pop(trouble.id, None)
            case _:  # momentary: nothing that lasts is said by it
                pass
