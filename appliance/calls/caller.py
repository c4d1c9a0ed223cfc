# SPDX-License-Identifier: GPL-2.0-or-later
"""Who calls: his number in one form, the name shown, and how far either is believed."""

from typing import NamedTuple

from appliance.calls.ports import Vouched
from appliance.calls.rules import Rules
from appliance.core.names import Trust
from appliance.settings.lines import SipLine
from appliance.settings.numbers import normalise


class Caller(NamedTuple):
    number: str  # "" when withheld
    name: str
    person: str  # the one of ours who calls, or ""
    trust: Trust


def who_calls(rules: Rules, source: str, owner: str | None, number: str, name: str, vouched: Vouched) -> Caller:
    """The caller on a line `source`, or, with an owner ("": nobody's), at a telephone of ours.

    The number that the line vouches for counts on a line of trust asserted or more, where a caller's own word alone makes
    him no more than claimed. What STIR found counts where the line is said to check: a number that passed is as good as
    one a public network shows, one that failed is claimed by somebody and no more."""
    settings = rules.settings
    if owner is not None:
        person = settings.person.get(owner)
        if not person:
            return Caller(source, source, "", Trust.OURS)
        return Caller(person.extension or source, person.name, owner, Trust.OURS)
    line = settings.line[source]
    trust = Trust[line.trust.upper()]
    if trust >= Trust.ASSERTED and vouched.number and number:
        number = vouched.number
    elif trust == Trust.ASSERTED:
        trust = Trust.CLAIMED
    if isinstance(line, SipLine) and line.stir and vouched.stir:
        trust = max(trust, Trust.NETWORK) if vouched.stir == "passed" else Trust.CLAIMED
        if trust >= Trust.NETWORK and vouched.number and number:
            number = vouched.number  # it is that one's signature which passed, not that of what the caller says
    number = read(rules, source, number)
    return Caller(number, rules.names.caller(number) or name, "", trust if number else Trust.NONE)


def read(rules: Rules, line: str, number: str) -> str:
    """A number as this line writes it, normalised."""
    table = rules.settings.line[line]
    return normalise(number, table.country or rules.settings.office.country, table.rewrite)
