# SPDX-License-Identifier: GPL-2.0-or-later
"""What telephones register with, and settings given to telephones, in the control socket's words."""

from typing import Annotated

import msgspec

from appliance.control.fields import Id, Short


class Provision(msgspec.Struct, tag_field="do", tag="provision", frozen=True):
    """Answer with what a telephone registers with, if the secret is that of its address; whoever has both is let know."""

    id: Id
    mac: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]
    secret: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{32}$")]
    source: Short = ""  # the address that asks
    book: bool = False  # it is for the phone book: no password is told, and nothing written down


class ProvisioningSecret(msgspec.Struct, tag_field="do", tag="provisioning-secret", frozen=True):
    """Answer with what stands in the address of the settings of a telephone (or `line-NAME`), and the password of its pages."""

    id: Id
    phone: Short
    by: Short = ""


class PhonePassword(msgspec.Struct, tag_field="do", tag="phone-password", frozen=True):
    """Answer with what a telephone (or `line-NAME`, a gateway) registers with, for whoever puts it in by hand."""

    id: Id
    phone: Short
    by: Short = ""


class Reboot(msgspec.Struct, tag_field="do", tag="reboot", frozen=True):
    """Ask a telephone (or `line-NAME`, a gateway) to start anew and fetch its settings; its calls end if its maker chose so."""

    id: Id
    phone: Short
    by: Short = ""


class Provisioned(msgspec.Struct, frozen=True):
    """A telephone (or `line-` and a gateway's line), what it registers with, and the password of its own pages."""

    phone: str
    password: str
    admin: str
    beside: str = ""  # the telephone plugged into a gateway, and what that registers with
    beside_password: str = ""


class Known(msgspec.Struct, frozen=True):
    """What a telephone alone knows."""

    secret: str
    admin: str


class Registers(msgspec.Struct, frozen=True):
    """What a telephone registers with: its name is the user."""

    user: str
    password: str


OfProvisioning = Provision | ProvisioningSecret | PhonePassword | Reboot
