# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers are told: recordings brought to the switch and taken away, texts spoken to be heard before they are used."""

from typing import Annotated

import msgspec

from appliance.control.fields import Id, Short

PIECE_MOST = 524_288  # bytes of one request
TEXT_MOST = 500  # characters of a text that is spoken
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


class SpeakPrompt(msgspec.Struct, tag_field="do", tag="speak-prompt", frozen=True):
    """Speak a text as callers would hear it; language "": the office's."""

    id: Id
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
    language: Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2,3}(-[a-z0-9]{1,12}){0,3})?$")] = ""


class SpokenPrompt(msgspec.Struct, frozen=True):
    """Where it is, as long as it is not forgotten: texts nobody uses make room for others."""

    file: str


class DeletePrompt(msgspec.Struct, tag_field="do", tag="delete-prompt", frozen=True):
    """Delete a recording that was kept, by its file's name alone; not one that the settings in force name."""

    id: Id
    file: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,60}\.wav$")]
    by: Short = ""


OfPrompts = KeepPrompt | SpeakPrompt | DeletePrompt
