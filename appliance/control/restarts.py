# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings that are taken up only by a start, and the start, in the control socket's words."""

from typing import Annotated

import msgspec

from appliance.control.fields import Id, Short


class Pending(msgspec.Struct, tag_field="do", tag="pending", frozen=True):
    """Answer with the tables the switch takes up when it starts again, and how many calls that would end now."""

    id: Id


class Restart(msgspec.Struct, tag_field="do", tag="restart", frozen=True):
    """End the switch, to be started again by what started it; while calls are on only at_once, and else refused (`busy`)."""

    id: Id
    at_once: bool = False
    by: Short = ""


class Waiting(msgspec.Struct, frozen=True):
    tables: tuple[Annotated[str, msgspec.Meta(max_length=64)], ...]
    calls: int


OfRestarts = Pending | Restart
