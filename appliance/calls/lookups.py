# SPDX-License-Identifier: GPL-2.0-or-later
"""Asking another program about a call: what is asked, and that only the newest question's answer counts."""

import logging
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from appliance.calls.actions import Actions
from appliance.calls.call import Call, State
from appliance.calls.ports import Journal, Lookups
from appliance.calls.routing import Routing
from appliance.core.names import Fact
from appliance.settings.scenarios import set_off_by

log = logging.getLogger("calls")

FAILED = -1  # value of FOUND; the fact FAILED, when it comes late, would be taken for that of a prompt
SILENCE = "silence"  # never asked: the caller hears ringing until the core has enough of it


class LookingUp:
    """Carries out the core's look-ups."""

    def __init__(
        self, routing: Routing, lookups: Lookups, journal: Journal, ringing: Callable[[Call], None], actions: Actions
    ) -> None:
        self._routing, self._lookups, self._journal, self._ringing = routing, lookups, journal, ringing
        self._actions = actions

    def begin(self, call: Call, name: str) -> None:
        call.looked_up += 1
        table = call.rules.settings.lookup.get(name)
        if action := set_off_by(name):
            self._actions.due(call, action, partial(self._told, call, call.looked_up, name, self._routing.now()))
        elif name == SILENCE and not table:
            self._ringing(call)
        elif table:
            url = filled(table.url, call)
            told = partial(self._told, call, call.looked_up, name, self._routing.now())
            self._lookups.ask(url, table.field, table.timeout, told)
        else:
            self._told(call, call.looked_up, name, self._routing.now(), None, "it is not in the settings")

    def _told(self, call: Call, number: int, name: str, since: int, answer: str | None, why: str) -> None:
        took = self._routing.now() - since
        found = {"failed": why} if answer is None else {"answer": answer}
        self._journal.event(call.id, self._routing.now(), "look-up", {"lookup": name, "ms": took, **found})
        if answer is None:
            log.warning("call %d: look-up %s failed after %d ms: %s", call.id, name, took, why)
        if call.state is State.OVER or number != call.looked_up:
            return  # an older question's answer must not be taken for that of the newest
        value = FAILED if answer is None else int(bool(answer))
        self._routing.feed(Fact.FOUND, call=call.id, value=value, number=answer or "")
        self._routing.drain()


def filled(template: str, call: Call) -> str:
    """A web address with the caller, the number called, the line and attributes put in, percent-encoded."""
    known = {**call.attributes, "caller": call.caller, "called": call.called, "line": call.line}
    return re.sub(r"\{([^{}]*)\}", lambda found: quote(known.get(found[1], ""), safe=""), template)
