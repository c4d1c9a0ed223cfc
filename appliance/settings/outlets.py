# SPDX-License-Identifier: GPL-2.0-or-later
"""Other programs that are told what happens: the call monitor, webhooks."""

from appliance.settings.brokers import PortNumber
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import Address, Network


class Monitor(Table):
    """The call monitor: programs that know that of the FRITZ!Box are told of calls in its form. It asks no password."""

    listen: Address | None = setting("Address to listen on. Left out: the call monitor is off.", None)
    port: PortNumber = setting("Port to listen on, TCP.", 1012, unit="port number")
    allow: tuple[Network, ...] = some(
        "Who may connect. Left out: whoever reaches the address listened on.", (), most=32
    )


class Webhooks(Table):
    """What other programs are told by HTTP. Where, and of what, is set on the page of webhooks."""

    allow: tuple[Network, ...] = some(
        "Addresses that webhooks may be sent to although they are of this box itself, link-local or of a cloud's metadata.",
        (),
        most=32,
    )
