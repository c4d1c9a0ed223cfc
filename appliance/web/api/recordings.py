# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded calls by the API: which there are, and what they sound like."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from appliance.control.fields import Id
from appliance.store.calls import CallList
from appliance.store.reader import Reader
from appliance.web import sounds
from appliance.web.api import limits
from appliance.web.api.gate import Asked, Way
from appliance.web.api.shapes import Strict
from appliance.web.journal import read
from appliance.web.tongue import marked as _


class Which(Strict, frozen=True):
    """before: those with a lower id; 0: the newest. call: of one call alone, all at once."""

    before: Id = 0
    call: Id = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Recording(Struct, frozen=True):
    """person: of ours who talked as it began. duration in ms; state open: it goes on still."""

    id: int
    call: int
    at: int
    line: str
    person: str
    caller: str
    name: str
    rule: str
    duration: int
    state: str
    kept: bool


async def recordings(asked: Asked) -> list[Recording]:
    wanted, past = asked.query, CallList(Reader(asked.box.state / "journal.db"))
    powers = await asked.box.known.powers(asked)
    own = powers.group() if powers else None
    if wanted.call:
        seen = own is None or await read(past.one, wanted.call, own)
        found = await read(past.recordings, wanted.call) if seen else []
    else:
        found = await read(past.recorded, wanted.limit, before=wanted.before, own=own)
    return [Recording(*(getattr(one, key) for key in Recording.__struct_fields__)) for one in found]


async def audio(asked: Asked) -> Response:
    response = await sounds.recording(asked, asked.box.drafts, asked.path["recording"])
    asked.box.listening.note(asked, _("recording-heard"), str(asked.path["recording"]))
    return response


WAYS = (
    Way("GET", "/recordings", "recordings:read", recordings, "Recorded calls, the newest first", list[Recording],
        query=Which, limited=limits.narrowed),
    Way("GET", "/recordings/{recording}/audio", "recordings:read", audio, "What one sounds like", "audio/wav",
        ranges=True, limited=limits.recording),
)  # fmt: skip
