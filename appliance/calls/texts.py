# SPDX-License-Identifier: GPL-2.0-or-later
"""A text message as it is kept and told."""

from typing import NamedTuple

TEXT_MOST = 4096  # characters kept
AGAIN_AFTER = (
    30_000  # ms; a network waits longer for our receipt (TS 24.011, TR1N: 35 s) before it sends the same again
)
PART, JOINED = "part", "joined"  # states of what is not told: a part that waits for others, one that is in a text


class Sms(NamedTuple):
    """In or out. at: when it was kept, ms UTC; sent_at: by the sender's network, 0 when it does not say.

    state: received, part, joined; sent, delivered, failed. whole: no part is missing. mark: the same for the same, of one
    that came. parts: of ours, the references whose reports are waited for; of a part, how it came."""

    id: int
    line: str
    state: str
    at: int
    sent_at: int
    number: str
    text: str
    whole: bool
    mark: str
    parts: str = ""
