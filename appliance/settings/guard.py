# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is kept from the SIP port for guessing passwords, or asking without end."""

from typing import Literal

from appliance.settings.tables import Table, setting, some
from appliance.settings.words import Network


class Guard(Table):
    """Who guesses passwords of telephones, or asks without end, is banned for a time. May be left out."""

    mode: Literal["off", "drop", "nftables"] = setting(
        "off: nobody is; drop: the switch drops what such an address sends; nftables: so does the firewall of the box, by "
        "`linekeeper fence`.",
        "off",
    )
    passwords: int = setting(
        "Wrong passwords from one address that are too many; one in ten seconds is forgotten.",
        20,
        unit="passwords",
        ge=3,
        le=1000,
    )
    requests: int = setting(
        "Requests without a password that are too many, where nobody was let in before; five a second are forgotten.",
        500,
        unit="requests",
        ge=50,
        le=100_000,
    )
    ban_for: int = setting(
        "How long the first ban lasts; each further one of the same address twice as long, at most a day.",
        600,
        unit="seconds",
        ge=10,
        le=86_400,
    )
    never: tuple[Network, ...] = some(
        "Addresses and networks that are never banned. Trunks, and addresses somebody was let in from lately, never are "
        "anyhow.",
        (),
        most=32,
    )
