# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings for prompts brought to the switch, in the control socket's words."""

from typing import Annotated

import msgspec

from appliance.control.fields import Id, Short

PIECE_MOST = 524_288  # bytes of one request
WHOLE_MOST = 33_554_432  # bytes of a recording as it is played; a quarter of an hour has 28.8 million


class KeepPrompt(msgspec.Struct, tag_field="do", tag="keep-prompt", frozen=True):
    """Keep a piece of a recording as it is played (WAV, mono, 16 bits), from the byte `start` of its `total` on."""

    id: Id
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9]([a-z0-9-]{0,30})$")]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # of the whole
    total: Annotated[int, msgspec.Meta(gt=0, le=WHOLE_MOST)]
    start: Annotated[int, msgspec.Meta(ge=0, lt=WHOLE_MOST)]
    samples: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PIECE_MOST)]
    by: Short = ""


class KeptPrompt(msgspec.Struct, frozen=True):
    """Where a recording is, "" while pieces of it are missing."""

    file: str
