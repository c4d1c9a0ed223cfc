# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests about recorded calls, and what is answered. Times are ms UTC."""

from typing import Literal

import msgspec

from appliance.control.fields import Id, Short


class Recordings(msgspec.Struct, tag_field="do", tag="recordings", frozen=True):
    """Answer with recordings in the order of their ids; after: only those whose id is higher, as one answer has 1,000."""

    id: Id
    after: Id = 0


class VerifyRecording(msgspec.Struct, tag_field="do", tag="verify-recording", frozen=True):
    """Say whether a recording is what was written."""

    id: Id
    recording: Id


class ExportRecording(msgspec.Struct, tag_field="do", tag="export-recording", frozen=True):
    """Answer with a piece of a recording as it was said; first: 0, then `next` of the piece before. Who asks is written down."""

    id: Id
    recording: Id
    first: Id = 0


class HearRecording(msgspec.Struct, tag_field="do", tag="hear-recording", frozen=True):
    """Answer with samples from the byte `start` of them on, for players. Who hears it, or for whom (`by`), is written down."""

    id: Id
    recording: Id
    start: Id = 0
    by: Short = ""


class KeepRecording(msgspec.Struct, tag_field="do", tag="keep-recording", frozen=True):
    """Never delete a recording by age or for room; or again."""

    id: Id
    recording: Id
    kept: bool = True


class DeleteRecording(msgspec.Struct, tag_field="do", tag="delete-recording", frozen=True):
    """Delete a recording that is not to be kept."""

    id: Id
    recording: Id


OfRecordings = Recordings | VerifyRecording | ExportRecording | HearRecording | KeepRecording | DeleteRecording


class Recording(msgspec.Struct, frozen=True):
    """A recording; call is the one it began in, file its path, sha256 of the file in hex, duration and lost in ms.

    cut: it ends where the disk, or the power, did. lost: what found no room, because the disk was too slow."""

    id: int
    call: int
    at: int
    line: str
    person: str
    caller: str
    name: str
    rule: str
    file: str
    form: Literal["wav", "compact"]
    duration: int
    size: int
    sha256: str
    state: Literal["open", "whole", "cut"]
    lost: int
    kept: bool


class Verified(msgspec.Struct, frozen=True):
    """wrong: "" when it is what was written."""

    wrong: str = ""


class Piece(msgspec.Struct, frozen=True):
    """Samples as base64, left and right in turn: of 16 bits at 16 kHz (wav), or of A-law at 8 kHz (compact). "": no more."""

    samples: bytes
    next: int
    form: Literal["wav", "compact"]


class Heard(msgspec.Struct, frozen=True):
    """Samples as in Piece, at most half a megabyte of them, "" behind the end; total: how many bytes of them there are."""

    samples: bytes
    total: int
    form: Literal["wav", "compact"]
