# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of telephones: what each is, its keys, and how they are given their settings."""

import re
from typing import Literal

from appliance.settings.lines import SRTP, TONES, Channel, Srtp, Tones
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import Host, KeyNumber, Mac, ScreenName

Maker = Literal["yealink", "grandstream", "snom", "fanvil"]
BEGINNINGS: dict[Maker, tuple[str, ...]] = {  # of their MAC addresses, by the IEEE's list
    "yealink": ("001565", "249ad8", "44dbd2", "805e0c", "805ec0", "c4fc22"),
    "grandstream": ("000b82", "c074ad", "ec74d7"),
    "snom": ("000413",),
    "fanvil": ("00a859", "0c383e"),
}


def bare(mac: str) -> str:
    """A MAC address as 12 small hexadecimal digits; "" when it is none."""
    digits = re.sub(r"[:.\-]", "", mac).lower()
    return digits if re.fullmatch(r"[0-9a-f]{12}", digits) else ""


def made_by(mac: str) -> Maker | None:
    """Whose telephone it is, by its address."""
    return next((maker for maker, begin in BEGINNINGS.items() if bare(mac).startswith(begin)), None)


class PhoneKey(Table):
    """A key of a telephone that dials a number."""

    number: KeyNumber = setting("What it dials: an extension, a parking slot, a code, a number outside.")
    label: ScreenName = setting("What stands beside it. Left out: who has the extension, or the number.", "")
    lamp: bool = setting("It shows whether there is a call, and takes one that rings there.", True)


class Phone(Table):
    """A device. Its name is its SIP user name; its password stands in secrets.toml. One at a card (`channel`) has none."""

    tls: bool = setting("Nothing but TLS is taken from it.", False)
    srtp: Srtp = setting(SRTP, "off")
    mac: Mac | None = setting("Its address on the network, as on its back: it is given its settings by that.", None)
    maker: Maker | None = setting("Who made it. Left out: as its address begins.", None)
    keys: tuple[PhoneKey, ...] = some("Its keys, the first below that of its line.", (), most=40)
    channel: Channel | None = setting(
        "It is no SIP telephone, but an analogue one at this FXS port of a DAHDI card, as DAHDI counts them; docs/analog.md.",
        None,
        unit="channel number",
    )
    tones: Tones | None = setting(f"With `channel`: {TONES[0].lower()}{TONES[1:]}", None)

    @property
    def bare(self) -> str:
        """Its address as 12 hexadecimal digits; "" when it is not known."""
        return bare(self.mac or "")

    @property
    def kind(self) -> Maker | None:
        """Who made it, None when that is not known."""
        return self.maker or made_by(self.mac or "")


class Provisioning(Table):
    """Telephones are given their settings by the web program. May be left out: then they are not."""

    server: Host | None = setting(
        "Where telephones register. Left out: at the address they ask for their settings at.", None
    )
    http: bool = setting(
        "Settings are given by plain HTTP too, for telephones that do not trust the certificate of the pages: whoever listens "
        "in on the network then reads the passwords in them.",
        False,
    )
    pnp: bool = setting(
        "Telephones that ask the network where their settings are (SIP PnP, 224.0.1.75) are told, if they are ours. Needs the "
        "box's address in `listen` of `[sip]`; taken up when the web program starts.",
        False,
    )
    mdns: bool = setting("The page of telephones can ask the network who is there (multicast DNS).", False)
    language: Literal["en", "ru", "uk"] | None = setting("Language of the telephones. Left out: the office's.", None)
    time_server: Host | None = setting(
        "Where they ask the time (NTP). Left out: as each has it, such as by DHCP.", None
    )
