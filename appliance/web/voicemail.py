# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages as pages have them: whose they are to be heard, the one a call left, and who handled them."""

from collections.abc import Sequence

from appliance.control.messages import Message, Messages
from appliance.store.calls import CallList
from appliance.web import moments
from appliance.web.access import EMPLOYEE, OWNER, SUPERVISOR, Refusal, Visit
from appliance.web.box import Box
from appliance.web.journal import read
from appliance.web.known import Names

OF_MAILBOXES = frozenset({OWNER, SUPERVISOR, EMPLOYEE})  # an employee those that are his


def mailboxes(asked: Visit, names: Names) -> frozenset[str]:
    """Those the visitor may listen to."""
    if asked.role not in OF_MAILBOXES:
        return frozenset()
    return names.mailboxes(asked.user) if asked.role == EMPLOYEE else frozenset({*names.settings.mailbox, "office"})


async def left(asked: Visit, box: Box, names: Names, call: int) -> Message | None:
    """The message of a call, if the visitor may have it."""
    found = await box.drafts.ask(Messages(0, after=call - 1)) if 0 < call < 1 << 53 else ()
    here = found and found[0].id == call and found[0].mailbox in mailboxes(asked, names)
    return found[0] if here else None


async def his(asked: Visit, box: Box, names: Names, call: int) -> Message:
    """The same. Raises Refusal where there is none for him."""
    if (message := await left(asked, box, names, call)) is None:
        raise Refusal(404, "There is no such message, or it is not yours.")
    return message


async def handled_by(calls: CallList, names: Names, of: Sequence[Message]) -> dict[int, str]:
    """Who handled those of these that are, and when; as far as the journal knows."""
    found = await read(calls.handled, [one.id for one in of if one.handled])
    return {id: f"{names.called('person', by)} {moments.moment(at, names.zone)}" for id, (at, by) in found.items()}
