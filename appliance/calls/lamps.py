# SPDX-License-Identifier: GPL-2.0-or-later
"""What lamp keys of telephones show: a person's call (dialog-info, RFC 4235) and status (PIDF, RFC 3863 and 4480)."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from appliance.calls.call import Call, Person, State
from appliance.calls.control import CallControl
from appliance.calls.people import PersonState
from appliance.calls.ports import Audience, Leg, Telephony
from appliance.settings.feature_rules import slots
from appliance.settings.features import LampShows
from appliance.settings.models import Settings

DIALOG, PRESENCE = "dialog", "presence"
UNSEEN = "?"  # published while nobody watches: what it shows is asked for when somebody does
NAME_KEPT = 40  # characters of a name or reason; a NOTIFY must go into a packet

DialogState = Literal["terminated", "trying", "early", "confirmed"]
RANK: dict[DialogState, int] = {"terminated": 0, "trying": 1, "confirmed": 2, "early": 3}  # a ring wants somebody

ACTIVITIES = {"break": "away", "away": "away", "meeting": "meeting", "off": "away"}  # RFC 4480


@dataclass(frozen=True, slots=True)
class Dialog:
    """What a lamp shows of a call: the one to whom it matters most, as a lamp is one."""

    state: DialogState = "terminated"
    outgoing: bool = False
    leg: Leg = 0  # may be taken up by its name, see sip/transfer.c; 0: not
    number: str = ""  # of the other side, "" hidden
    name: str = ""


IDLE = Dialog()


# ---- bodies ----------------------------------------------------------------------------------------------------------


def dialog_info(number: str, host: str, dialog: Dialog) -> str:
    """Of whoever, or whatever, has this number. The count in version is put in for each that watches."""
    entity = uri(number, host)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity={quoteattr(entity)}>\n'
    )
    name = f' call-id="leg-{dialog.leg:x}" local-tag="lamp" remote-tag="lamp"' if dialog.leg else ""
    way = "" if dialog.state == "terminated" else f' direction="{"initiator" if dialog.outgoing else "recipient"}"'
    ends = ""
    if dialog.state != "terminated":
        ends = end("local", entity) + end("remote", uri(dialog.number or "anonymous", host), dialog.name)
    return (
        f"{head}<dialog id={quoteattr(safe(number))}{name}{way}><state>{dialog.state}</state>{ends}</dialog>\n"
        "</dialog-info>\n"
    )


def end(which: str, address: str, name: str = "") -> str:
    display = f" display={quoteattr(safe(name)[:NAME_KEPT])}" if name else ""
    return f"<{which}><identity{display}>{escape(address)}</identity><target uri={quoteattr(address)}/></{which}>"


def presence(number: str, host: str, state: PersonState, person: Person) -> str:
    """Open: he can be called now and says nothing against it."""
    is_open = state != "unreachable" and person.status in ("available", "break", "meeting") and not person.dnd
    activity = "on-the-phone" if state in ("talking", "ringing") else ACTIVITIES.get(person.status, "")
    note = f"<note>{escape(safe(person.reason)[:NAME_KEPT])}</note>" if person.reason else ""
    doing = f'<dm:person id="p"><rpid:activities><rpid:{activity}/></rpid:activities></dm:person>' if activity else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
        f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity={quoteattr(uri(number, host, "pres"))}>\n'
        f'<tuple id="t"><status><basic>{"open" if is_open else "closed"}</basic></status>'
        f"<contact>{escape(uri(number, host))}</contact>{note}</tuple>{doing}\n</presence>\n"
    )


def uri(user: str, host: str, scheme: str = "sip") -> str:
    return f"{scheme}:{safe(user).replace('#', '%23')}@{f'[{host}]' if ':' in host else host}"


def safe(text: str) -> str:
    """Without what XML cannot say."""
    return "".join(one for one in text if one.isprintable())


# ---- what is ---------------------------------------------------------------------------------------------------------


def of_person(person: str, calls: Iterable[Call], shows: LampShows) -> Dialog:
    """shows: what of the other side is everybody's business."""
    dialogs = (dialog for call in calls if call.state is not State.OVER for dialog in within(call, person, shows))
    return max(dialogs, key=lambda dialog: RANK[dialog.state], default=IDLE)


def seen(number: str, name: str, shows: LampShows) -> tuple[str, str]:
    """Of a number and the name for it, what may be shown."""
    return (number if shows == "number" else "", name if shows != "light" else "")


def within(call: Call, person: str, shows: LampShows) -> Iterator[Dialog]:
    called, caller = (
        seen(call.whom() if call.forwarder() else call.dialled or call.called, "", shows),
        seen(*call.who(), shows),
    )
    if call.caller_person == person:
        yield Dialog("confirmed" if call.up else "early" if call.told_ringing else "trying", True, call.leg, *called)
    for ring in call.rings.values():
        if ring.person == person:
            yield Dialog("early", False, next(iter(ring.parties), 0), *caller)
    if call.talk and call.talk.person == person:
        yield Dialog("confirmed", False, call.talk.answered, *caller)


def numbers(settings: Settings) -> dict[str, str]:
    """By number: whose it is. Each person's extension, and each of his telephones by its id."""
    return {
        number: name
        for name, one in settings.person.items()
        for number in (*([one.extension] if one.extension else []), *one.phones)
    }


def lit_by(call: Call) -> set[str]:
    """Whose lamps show it."""
    return {call.caller_person, call.person, *(ring.person for ring in call.rings.values())} - {""}


class Lamps:
    """Satisfies calls.ports.Audience: passes all on, and publishes the lamps and statuses of whom it concerns, as far as
    somebody watches them."""

    def __init__(self, told: Audience, control: CallControl, telephony: Telephony, host: str) -> None:
        """host: the box's address in what telephones watch."""
        self._told, self._control, self._telephony = told, control, telephony
        self._host = host
        self._numbers: dict[str, str] = {}
        self._of: dict[str, list[str]] = {}  # person -> numbers
        self._shown: dict[tuple[str, str], str] = {}  # what was published last, by package and number
        self._watched: set[tuple[str, str]] = set()  # by telephones, of whom there are numbers: package and number
        self._slots: set[str] = set()
        self._mailboxes: set[str] = set()  # the numbers of their keys
        self._lit: dict[int, set[str]] = {}  # call -> whose lamps show it
        self._changed: set[str] = set()

    def enter(self) -> None:
        """The settings in force are others: whoever is new has a lamp, who is gone has none."""
        now = numbers(self._control.rules.settings)
        for number in self._numbers.keys() - now.keys():
            for package in (DIALOG, PRESENCE):
                self._watched.discard((package, number))
                self._show(package, number, "")
        self._numbers = now
        self._of = {}
        for number, person in now.items():
            self._of.setdefault(person, []).append(number)
            for package in (DIALOG, PRESENCE):
                if (package, number) not in self._watched:
                    self._show(package, number, UNSEEN)
        self._publish(set(now.values()))
        free = set(slots(self._control.rules.settings))
        for number in self._slots - free - now.keys():
            self._show(DIALOG, number, "")
        for number in free - self._slots:  # a call that is parked says so itself
            self.slot(number, 0)
        self._slots = free
        keys = {key for name in self._control.rules.settings.mailbox if (key := self._mailbox_key(name))}
        for number in self._mailboxes - keys - now.keys() - free:
            self._show(DIALOG, number, "")
        self._mailboxes = keys
        for name in self._control.rules.settings.mailbox:
            self._mailbox(name)

    def _mailbox_key(self, mailbox: str) -> str:
        """What a key dials to listen to it; "" when nothing does."""
        settings = self._control.rules.settings
        number = settings.mailbox[mailbox].number if mailbox in settings.mailbox else None
        return settings.features.mailbox + number if number and settings.features.mailbox else ""

    def _mailbox(self, name: str) -> None:
        """The lamp of a mailbox burns while something in it is new."""
        if number := self._mailbox_key(name):
            new, _ = self._control.messages.waiting([name])
            self._show(DIALOG, number, dialog_info(number, self._host, Dialog("confirmed") if new else IDLE))

    def watched(self, package: str, number: str, on: bool) -> None:
        """A telephone watches it and wants to know what it shows, or none does any more."""
        person = self._numbers.get(number)
        if not person or package not in (DIALOG, PRESENCE):
            return  # a slot or a mailbox, which are always told
        if not on:
            self._watched.discard((package, number))
            self._show(package, number, UNSEEN)
            return
        if not self._watched:
            self._lit = {call.id: lit_by(call) for call in self._control.calls.values()}
        self._watched.add((package, number))
        self._publish({person})

    @property
    def _shows(self) -> LampShows:
        return self._control.rules.settings.lamps.shows

    def slot(self, number: str, leg: Leg, caller: str = "", name: str = "") -> None:
        """A park slot's lamp; leg 0: empty. Its number, on a key pressed while lit, takes the leg."""
        who = seen(caller, name, self._shows)
        self._show(
            DIALOG, number, dialog_info(number, self._host, Dialog("confirmed", False, leg, *who) if leg else IDLE)
        )

    def _show(self, package: str, number: str, body: str) -> None:
        """Publish it, unless it is what is shown already; "" is none any more."""
        if self._shown.get((package, number), "") == body:
            return
        self._shown[package, number] = body
        if not body:
            del self._shown[package, number]
        self._telephony.publish(package, number, body)

    def _publish(self, people: set[str]) -> None:
        """What is watched of these people."""
        seen = {
            person: keys
            for person in people
            if (keys := self._watched.intersection(product((DIALOG, PRESENCE), self._of.get(person, ()))))
        }
        for person, state in self._control.person_states(seen).items() if seen else ():
            dialog = of_person(person, self._control.calls.values(), self._shows)
            for package, number in seen[person]:
                if package == DIALOG:
                    self._show(DIALOG, number, dialog_info(number, self._host, dialog))
                else:
                    self._show(PRESENCE, number, presence(number, self._host, state, self._control.people[person]))

    def _later(self, *people: str) -> None:
        if not self._watched:
            return
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._publish_changed)
        self._changed.update(people)

    def _publish_changed(self) -> None:
        changed, self._changed = self._changed, set()
        self._publish(changed)

    # ---- what happens -----------------------------------------------------------------------------------------------

    def call_changed(self, call: int) -> None:
        self._told.call_changed(call)
        if not self._watched:
            return
        known = self._control.calls.get(call)
        people = lit_by(known) if known else set()
        self._later(*people, *self._lit.pop(call, ()))
        if known and known.state is not State.OVER:
            self._lit[call] = people

    def person_changed(self, person: str) -> None:
        self._told.person_changed(person)
        self._later(person)

    def phone_changed(self, phone: str) -> None:
        self._told.phone_changed(phone)

    def line_changed(self, line: str) -> None:
        self._told.line_changed(line)

    def queue_changed(self, queue: str) -> None:
        self._told.queue_changed(queue)

    def hours_changed(self, hours: str) -> None:
        self._told.hours_changed(hours)

    def slot_changed(self, slot: str, call: Call | None) -> None:
        self._told.slot_changed(slot, call)
        self.slot(slot, *((call.leg, *call.who()) if call else (0,)))

    def mailbox_changed(self, mailbox: str) -> None:
        self._told.mailbox_changed(mailbox)
        self._mailbox(mailbox)

    def happened(self, kind: str, call: Call, person: str = "", detail: str = "") -> None:
        self._told.happened(kind, call, person, detail)

    def action_due(self, action: str, call: int, request: str, asked: bool) -> None:
        self._told.action_due(action, call, request, asked)
