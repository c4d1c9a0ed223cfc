# SPDX-License-Identifier: GPL-2.0-or-later
"""What a supervisor of some departments may ask of, by way; a way that names none of these is not his."""

from typing import Any

from appliance.store.calls import CallList
from appliance.store.reader import Reader
from appliance.web.api.gate import Asked, Wrong
from appliance.web.journal import read


async def narrowed(asked: Asked) -> None:
    """Anything: the answer itself is of what is his."""


async def now(asked: Asked) -> None:
    """The call, person and telephones that are named are his, as things are now. Raises Wrong."""
    powers, live = await asked.box.known.powers(asked), asked.box.screen.live
    if powers is None or live is None:
        raise Wrong(503, "away", "The switch does not answer.")
    office, body = powers.narrowed(live), asked.body
    people = [asked.path.get("person"), getattr(body, "person", None), getattr(body, "by", None)]
    for id in filter(None, people):
        _known(office.people, id, "person")
    for id in getattr(body, "phones", ()):
        _known(office.phones, id, "phone")
    if "call" in asked.path:
        _known(office.calls, asked.path["call"], "call")


async def past_call(asked: Asked) -> None:
    """The call of the path was one of his. Raises Wrong, Unreadable."""
    powers, call = await asked.box.known.powers(asked), asked.path["call"]
    if powers is None or await read(_calls(asked).one, call, powers.group()) is None:
        raise Wrong(404, "unknown", f"There is no call {call}.")


async def recording(asked: Asked) -> None:
    """The recording of the path is of one of his calls. Raises Wrong, Unreadable."""
    powers, id = await asked.box.known.powers(asked), asked.path["recording"]
    if powers is None or not await read(_calls(asked).recorded, 1, own=powers.group(), only=id):
        raise Wrong(404, "unknown", f"There is no recording {id}.")


def _calls(asked: Asked) -> CallList:
    return CallList(Reader(asked.box.state / "journal.db"))


def _known(things: dict[Any, Any], id: object, what: str) -> None:
    if id not in things:
        raise Wrong(404, "unknown", f"There is no {what} {id}.")
