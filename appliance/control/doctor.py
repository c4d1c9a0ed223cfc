# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor in the control socket's words: a line that calls the box itself, measured both ways."""

from typing import Annotated, Literal

import msgspec

from appliance.control.fields import Id, Short


class CheckLine(msgspec.Struct, tag_field="do", tag="check-line", frozen=True):
    """Have a line call the box itself, and measure what it does to sound and keys; answered after half a minute or so."""

    id: Id
    line: Short
    to: Annotated[str, msgspec.Meta(pattern=r"^(\+?[0-9 ().\-/]{2,40})?$")] = ""  # "": a number of ours that is found


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way through a line; null: nothing was heard, or there is none (clips, echo)."""

    gain: float | None  # dB
    noise: float  # dBm0, while nothing is said
    delay: float | None  # ms
    clips: float | None  # dBm0 said, from where it is clipped
    lost: int  # ms of sound that did not come
    echo_loss: float | None  # dB: what comes back of what was said
    echo_delay: float | None  # ms
    keys_lost: str = ""
    keys_doubled: str = ""
    keys_wrong: str = ""  # heard, and pressed by nobody
    turn: float = 0.0  # dB that it is to be made louder by


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, its id of docs/doctor.md, and what to do, in English; way: said into the line, heard from it, or both."""

    id: str
    way: Literal["said", "heard", ""]
    words: str
    todo: str


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """A level of the line's modem that is to be another: what sets it, what it is, and what it should be."""

    way: Literal["said", "heard"]
    command: str
    now: int
    proposed: int


class LineChecked(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor says of a line; findings: the worst first, none when all is well. other: the line it came back by."""

    line: str
    other: str
    call: int
    at: int
    said: Way
    heard: Way
    findings: tuple[Finding, ...] = ()
    gains: tuple[Gain, ...] = ()
