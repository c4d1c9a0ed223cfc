# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of callers' earlier calls, in memory: the journal is asked once, at the start."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from appliance.calls.call import Call
from appliance.core.names import UNSPOKEN, Past

MOST = 100_000  # numbers known; the ones longest silent are forgotten first


class Known(NamedTuple):
    """One number: did it call us, did nobody speak to it the last time, and who had it last."""

    called: bool = False
    missed: bool = False
    person: str = ""


NOBODY = Known()


class History:
    """By normalised number, the one heard of last at the end."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[str, Known] = {}

    def of(self, number: str) -> tuple[Past, str]:
        """What a caller's earlier calls were, and the person who spoke to him last or "". Withheld: nothing."""
        known = self._known.get(number, NOBODY) if number else NOBODY
        past = Past(Past.CALLED_BEFORE * known.called | Past.MISSED_LAST * known.missed)
        return past, known.person

    def over(self, call: Call) -> None:
        """A call has ended."""
        if call.direction == "in" and call.caller:
            person = call.spoke or self._known.get(call.caller, NOBODY).person
            self._keep(call.caller, Known(True, call.outcome in UNSPOKEN, person))
        elif call.direction == "out" and call.dialled and (person := call.caller_person or call.spoke):
            self._keep(call.dialled, self._known.get(call.dialled, NOBODY)._replace(person=person))

    def learn(self, earlier: Mapping[str, Known]) -> None:
        """What was before the start, the number longest silent first; what came since is newer."""
        since, self._known = self._known, dict(earlier)
        for number, known in since.items():
            self._keep(number, known if known.person else known._replace(person=self.of(number)[1]))
        while len(self._known) > self._most:
            del self._known[next(iter(self._known))]

    def _keep(self, number: str, known: Known) -> None:
        self._known.pop(number, None)
        self._known[number] = known
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]

    def __len__(self) -> int:
        return len(self._known)


def earlier(
    visits: Iterable[tuple[str, bool, str, int]], tries: Iterable[tuple[str, str, int]] = ()
) -> dict[str, Known]:
    """For learn(), both longest ago first. visits: number, whether it was missed the last time, who spoke to it last and
    when; tries: number, the one of ours who called it last, and when."""
    known, spoke = {}, {}
    for number, missed, person, at in visits:
        known[number], spoke[number] = Known(True, missed, person), at
    for number, person, at in tries:
        if at > spoke.get(number, 0):
            known[number] = known.get(number, NOBODY)._replace(person=person)
    return known
