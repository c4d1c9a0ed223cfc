# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies of all that a box knows, which only their owner's key opens."""

from typing import Annotated

from appliance.settings.tables import Table, setting
from appliance.settings.words import KeptFolder, Text

FOLDER = "/var/lib/linekeeper-backups"
Recipient = Annotated[str, Text("age1 and 58 lower-case letters and digits", r"age1[02-9ac-hj-np-z]{58}")]


class Backup(Table):
    """A copy of all that the box knows, made each night and encrypted."""

    recipient: Recipient | None = setting(
        "Whom they are encrypted to; `linekeeper backup --make-key FILE` makes a key and tells this. Left out: none are made.",
        None,
    )
    folder: KeptFolder = setting("Where they lie.", FOLDER)
    keep: int = setting("How many there are; the oldest go.", 14, unit="backups", ge=1, le=400)
    recordings: bool = setting("Recorded calls are in them too. They may be large.", False)
