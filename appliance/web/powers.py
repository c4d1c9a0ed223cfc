# SPDX-License-Identifier: GPL-2.0-or-later
"""What a supervisor of some departments sees and directs: their queues, their people, and the calls of both. Pure."""

import copy
from typing import NamedTuple

from appliance.control.live import Live
from appliance.control.messages import Call
from appliance.settings import people
from appliance.settings.models import Settings
from appliance.store.calls import Group
from appliance.store.office import User
from appliance.web.organisation import members


class Powers(NamedTuple):
    """answering: whom the queues ring, of these departments or not; himself he sees as well."""

    departments: frozenset[str]
    people: frozenset[str]
    queues: frozenset[str]
    answering: frozenset[str]
    phones: frozenset[str]
    extensions: frozenset[str]
    mailboxes: frozenset[str]

    def see(self, call: Call) -> bool:
        """A call that somebody has is his; until then it is of the queue it waits in, and of whom it rings."""
        ours = call.direction != "in" and bool({call.caller, call.called} & self.extensions)
        if ours or call.person in self.people or self.people.intersection(call.ringing):
            return True
        return call.queue in self.queues and (not call.person or call.person in self.answering)

    def narrowed(self, live: Live) -> Live:
        """The office without what is not his."""
        seen = copy.copy(live)
        seen.calls = {id: one for id, one in live.calls.items() if self.see(one)}
        seen.queues = {id: one for id, one in live.queues.items() if id in self.queues}
        seen.people = {id: one for id, one in live.people.items() if id in self.people}
        seen.phones = {id: one for id, one in live.phones.items() if id in self.phones}
        seen.mailboxes = {id: one for id, one in live.mailboxes.items() if id in self.mailboxes}
        seen.bans = {}
        return seen

    def group(self) -> Group:
        """Whose past calls are his to see."""
        return Group(tuple(sorted(self.people)), tuple(sorted(self.phones)), tuple(sorted(self.queues)))


def of(settings: Settings, user: User) -> Powers:
    limits = user.limits.split()
    departments = {
        name
        for name, one in settings.department.items()
        if f"department.{name}" in limits or f"branch.{one.branch}" in limits
    }
    here = {person for name in departments for person in members(settings, settings.department[name])}
    here |= {user.person} & settings.person.keys()
    tables = [settings.person[person] for person in here]
    queues = {name for name, queue in settings.queue.items() if queue.department in departments}
    answering = {one.person for name in queues for one in people.of_queue(settings, settings.queue[name])}
    return Powers(
        *(frozenset(departments), frozenset(here), frozenset(queues), frozenset(answering)),
        phones=frozenset(phone for one in tables for phone in one.phones),
        extensions=frozenset(one.extension for one in tables if one.extension),
        mailboxes=frozenset(box for person in here for box in people.mailboxes(settings, person)),
    )


def choices(settings: Settings) -> list[tuple[str, str]]:
    """What a supervisor may be limited to, and what it is called."""
    kinds = (("branch", settings.branch), ("department", settings.department))
    return [(f"{kind}.{name}", one.name) for kind, tables in kinds for name, one in tables.items()]  # type: ignore[attr-defined]
