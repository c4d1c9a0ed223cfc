# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is rung: the people of queues, chains and departments, and by what; and whose each mailbox is."""

from collections.abc import Iterator
from typing import NamedTuple

from appliance.settings.mailboxes import Mailbox
from appliance.settings.models import Department, Link, Queue, Settings

TELEPHONES, MOBILE = 1, 2  # ways to ring somebody, as the core's enum lk_ways


class Member(NamedTuple):
    """Somebody who is rung, and how."""

    person: str
    ways: int
    share: int = 0  # per cent of the calls
    after: int = 0  # seconds a caller has waited before


def of_queue(settings: Settings, queue: Queue) -> list[Member]:
    """All a queue rings, those last who are rung only after some time."""
    first = [_member(settings, name) for name in written(settings, queue)]
    members = [member._replace(share=queue.shares.get(member.person, 0)) for member in first]
    for wider in queue.widen:
        members += [_member(settings, name)._replace(after=wider.after) for name in wider.people]
    return members


def of_step(settings: Settings, step: Link) -> list[Member]:
    return [_member(settings, name) for name in written(settings, step)]


def written(settings: Settings, table: Queue | Link) -> tuple[str, ...]:
    """The people of a queue or of a step of a chain as the document writes them, from its department if need be."""
    of = department(settings, table)
    return table.people or (of.people if of else ())


def department(settings: Settings, table: Queue | Link) -> Department | None:
    return settings.department.get(table.department) if table.department is not None else None


def hours(settings: Settings, of: Department) -> str | None:
    """The hours of a department: its own, or those of its branch."""
    branch = settings.branch.get(of.branch) if of.branch is not None else None
    return of.hours or (branch.hours if branch else None)


def ways(settings: Settings, name: str) -> tuple[str, int]:
    """The person in `anna`, `anna.mobile` or `anna.all`, and how to ring her: a bare name is her telephones, or her
    mobile when she has none."""
    person, _, how = name.partition(".")
    if how:
        return person, MOBILE if how == "mobile" else TELEPHONES | MOBILE
    table = settings.person[person]
    return person, MOBILE if table.mobile and not table.phones else TELEPHONES


def on_mobiles(settings: Settings) -> Iterator[str]:
    """People whose mobile some queue or chain rings."""
    members = [member for queue in settings.queue.values() for member in of_queue(settings, queue)]
    members += [m for chain in settings.chain.values() for step in chain.steps for m in of_step(settings, step)]
    yield from dict.fromkeys(member.person for member in members if member.ways & MOBILE)


def _member(settings: Settings, name: str) -> Member:
    return Member(*ways(settings, name))


def of_mailbox(settings: Settings, mailbox: str) -> tuple[str, ...]:
    """Whose a mailbox is, in the order of the settings."""
    others = _added(settings, settings.mailbox[mailbox])
    return tuple(name for name, person in settings.person.items() if person.mailbox == mailbox or name in others)


def _added(settings: Settings, table: Mailbox) -> frozenset[str]:
    """Those it belongs to though it is not their own."""
    of = () if table.department is None else settings.department[table.department].people
    return frozenset((*table.people, *(ways(settings, name)[0] for name in of)))


def mailboxes(settings: Settings, person: str) -> tuple[str, ...]:
    """Somebody's mailboxes, his own first."""
    own = settings.person[person].mailbox
    others = (name for name, table in settings.mailbox.items() if name != own and person in _added(settings, table))
    return (own, *others)


def numbered_mailbox(settings: Settings, number: str) -> str:
    """The mailbox asked for by a number, or by the extension of whoever has it for his own; "" when there is none."""
    for name, table in settings.mailbox.items():
        if table.number == number:
            return name
    return next((person.mailbox for person in settings.person.values() if person.extension == number), "")
