# SPDX-License-Identifier: GPL-2.0-or-later
"""What secrets.toml keeps, in the control socket's words: given by people, and told to the program that uses it alone."""

from typing import Annotated

import msgspec

from appliance.control.fields import Id, Short

Key = Annotated[str, msgspec.Meta(pattern="^[a-z]{1,20}$")]


Name = Annotated[str, msgspec.Meta(pattern="^([a-z0-9][a-z0-9-]{0,30})?$")]


class KeepSecret(msgspec.Struct, tag_field="do", tag="keep-secret", frozen=True):
    """Keep what is given of a table of secrets.toml (name: "" of one without), and use it at once; the rest stays as it is."""

    id: Id
    table: Key
    values: Annotated[
        dict[Key, Annotated[str, msgspec.Meta(min_length=1, max_length=256)]], msgspec.Meta(min_length=1, max_length=4)
    ]
    name: Name = ""
    by: Short = ""

    def __repr__(self) -> str:
        return f"KeepSecret({self.table!r}, {self.name!r})"


class DropSecret(msgspec.Struct, tag_field="do", tag="drop-secret", frozen=True):
    """Keep nothing of a table of secrets.toml (name: "" of one without) any longer."""

    id: Id
    table: Key
    name: Name = ""
    by: Short = ""


class BridgeSecrets(msgspec.Struct, tag_field="do", tag="bridge-secrets", frozen=True):
    """Answer the bridge with what is kept of brokers, of who may set off actions, and of numbers told as words."""

    id: Id


class MailSecrets(msgspec.Struct, tag_field="do", tag="mail-secrets", frozen=True):
    """Answer whoever sends our e-mail with what is kept of its server."""

    id: Id


class Kept(msgspec.Struct, frozen=True):
    """Tables as secrets.toml has them; those there are."""

    tables: dict[Key, dict[str, object]] = {}

    def __repr__(self) -> str:
        return f"Kept({', '.join(self.tables)})"


class SecretKept(msgspec.Struct, tag_field="event", tag="secret-kept", frozen=True, kw_only=True):
    """A secret is another one, or none; whoever uses it asks for it again."""

    seq: int
    at: int
    table: str
    name: str


OfSecrets = KeepSecret | DropSecret | BridgeSecrets | MailSecrets
