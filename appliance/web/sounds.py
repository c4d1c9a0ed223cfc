# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings and messages as browsers play them: piece by piece (RFC 9110 ranges), and written down who listened."""

import re
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse

from appliance.control.messages import Refused
from appliance.control.recordings import Heard, HearRecording
from appliance.store.sealed import wav_head
from appliance.web.access import LIMITED, OWNER, SUPERVISOR, Doer, Refusal
from appliance.web.drafts import Drafts

HEARS = frozenset({OWNER, SUPERVISOR, LIMITED})  # recordings; messages are heard by whose mailbox it is, too
AGAIN = 600.0  # seconds after which somebody who listens is written down again
REMEMBERED = 256  # who listens to what


class Part(NamedTuple):
    """Bytes of a whole from start to before end."""

    start: int
    end: int


def part(asked: str, size: int) -> Part | None:
    """What a Range header asks for; None: all of it. Raises Refusal for one that is behind the end."""
    found = re.fullmatch(r"bytes=([0-9]{0,15})-([0-9]{0,15})", asked.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
    if found[1] and found[2] and int(found[2]) < start:
        return None  # to be passed over, RFC 9110 14.1.1
    if start >= size or start >= end:
        raise Refusal(416, "There is no such piece.")
    return Part(start, end)


class Listening:
    """Who listens to what: a row of the audit log for each time."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str, str], float] = {}

    def note(self, asked: Doer, what: str, detail: str) -> None:
        """Players ask for many pieces; that is one listening."""
        one, now = (asked.by, what, detail), time.monotonic()
        if now - self._since.get(one, -AGAIN) >= AGAIN:
            asked.note(what, detail)
            self._since.pop(one, None)
            self._since[one] = now
            while len(self._since) > REMEMBERED:
                del self._since[next(iter(self._since))]


async def recording(asked: Doer, drafts: Drafts, id: int) -> Response:
    """A recording as WAV, decrypted by the switch while it is played. Raises Refusal."""
    first = await _heard(drafts, id, 0, asked.by)
    head = wav_head(first.form, first.total)
    size = len(head) + first.total
    header = asked.request.headers.get("range", "")
    wanted = part(header, size) if header else None
    start, end = wanted or Part(0, size)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start), "Cache-Control": "private, no-store"}
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    body = _body(drafts, id, asked.by, head, first, start, end)
    return StreamingResponse(body, 206 if wanted else 200, headers, "audio/wav")


async def _body(
    drafts: Drafts, id: int, by: str, head: bytes, first: Heard, start: int, end: int
) -> AsyncIterator[bytes]:
    if start < len(head):
        yield head[start : min(end, len(head))]
    at, until = max(0, start - len(head)), end - len(head)
    while at < until:
        heard = first if at == 0 else await _heard(drafts, id, at, by)
        if not heard.samples:
            return  # the file is shorter than it was
        yield heard.samples[: until - at]
        at += len(heard.samples)


async def _heard(drafts: Drafts, id: int, start: int, by: str) -> Heard:
    try:
        return await drafts.ask(HearRecording(0, id, start, by))  # type: ignore[no-any-return]
    except Refused as refused:
        if refused.id == "unknown":
            raise Refusal(404, "There is no such recording.") from None
        if refused.id == "recording-open":
            raise Refusal(409, "This call is still being recorded.") from None
        raise Refusal(503, "The recording cannot be played; its file or its key is not as it was.") from None
