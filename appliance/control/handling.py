# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests about what people do with calls: park, take, listen; and what is to become of calls to somebody alone."""

from typing import Annotated, Literal

import msgspec

from appliance.control.fields import Id, Short


class Park(msgspec.Struct, tag_field="do", tag="park", frozen=True):
    """Park a call, wherever it is; by is who asks, for the journal and, a person, whom the call returns to."""

    id: Id
    call: Id
    slot: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,6}$")] = ""  # "": the first that is free
    by: Short = ""


class Take(msgspec.Struct, tag_field="do", tag="take", frozen=True):
    """Ring telephones; who answers there has the call, wherever it is then."""

    id: Id
    call: Id
    phones: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()
    person: Short = ""  # all telephones of a person
    by: Short = ""


class Supervise(msgspec.Struct, tag_field="do", tag="supervise", frozen=True):
    """Ring telephones; who answers there hears a talk, is heard by our side of it (whisper), or by both (barge)."""

    id: Id
    call: Id
    how: Literal["listen", "whisper", "barge"]
    phones: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()
    person: Short = ""
    by: Short = ""


class Press(msgspec.Struct, tag_field="do", tag="press", frozen=True):
    """Do for a person who is on a call what a code pressed in it does; number as a telephone dials it."""

    id: Id
    call: Id
    person: Short
    code: Literal["transfer", "consult", "swap", "three-way", "park", "record-pause"]
    number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9*#]{0,20}$")] = ""
    by: Short = ""


class CallFor(msgspec.Struct, tag_field="do", tag="call", frozen=True):
    """Ring a person's telephones; where they answer the number is called, as if it were dialled there."""

    id: Id
    person: Short
    number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{2,20}$")]
    by: Short = ""


class Disturb(msgspec.Struct, tag_field="do", tag="disturb", frozen=True):
    """Say whether a person may be disturbed."""

    id: Id
    person: Short
    may: bool


class Forward(msgspec.Struct, tag_field="do", tag="forward", frozen=True):
    """Say where calls to a person alone go; number as a telephone dials it, "" for nowhere."""

    id: Id
    person: Short
    when: Literal["always", "busy", "no-answer"]
    number: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,20}$")]


Handling = Park | Take | Supervise | Press | CallFor | Disturb | Forward
