# SPDX-License-Identifier: GPL-2.0-or-later
"""MQTT brokers: where they are, what they are told, and whether they may ask for something."""

from typing import Annotated, Literal

from pydantic import Field

from appliance.settings.tables import Table, setting
from appliance.settings.words import Host, KeptFile, Topic, TopicPart

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Broker(Table):
    """One more MQTT broker, beside `[mqtt]`, told the same in its own way. Actions go to `[mqtt]` alone."""

    host: Host = setting("Where the broker is.", "127.0.0.1")
    port: PortNumber = setting("Port of the broker, TCP; 8883 is usual with TLS.", 1883, unit="port number")
    tls: bool = setting("Speak TLS, and believe only a broker whose certificate is good for `host`.", False)
    ca_file: KeptFile | None = setting(
        "Certificates (PEM) of those who may vouch for the broker. Left out: the system's.", None
    )
    certificate_file: KeptFile | None = setting("Our own certificate (PEM), for brokers that ask for one.", None)
    key_file: KeptFile | None = setting("Its key (PEM, not encrypted). Left out: it is in the same file.", None)
    protocol: Literal["auto", "5", "3.1.1"] = setting(
        "Version of MQTT; auto: 5, and 3.1.1 when that is refused.", "auto"
    )
    base: TopicPart = setting("First part of every topic.", "linekeeper")
    box: TopicPart = setting("Second part of every topic: which box this is.", "office")
    privacy: Literal["full", "last-four", "hash"] = setting(
        "How telephone numbers are told: in full, the last four digits, or a word that is the same for the same number.",
        "full",
    )
    discovery: Literal["off", "device", "entity"] = setting(
        "Announce the box to Home Assistant: in one message (2024.11 and later), or each entity in its own.", "off"
    )
    discovery_prefix: Topic = setting("First part of the topics it listens to for that.", "homeassistant")
    birth_topic: Topic = setting(
        "Where it says that it is online; it is then told everything anew.", "homeassistant/status"
    )
    homie: bool = setting("Tell everything by the Homie 5 convention too, as openHAB reads it.", False)
    requests: bool = setting("Take requests from this broker; who may send them is told by its own access list.", False)
    request_rate: int = setting("Requests of one kind taken at most.", 30, unit="a minute", ge=1, le=600)
    status_holds: int = setting(
        "For how long a status or mode set by hand, at a telephone or on a page, is not changed by requests; 0: not at all.",
        0,
        unit="minutes",
        ge=0,
        le=1440,
    )


class Mqtt(Broker):
    """The MQTT broker of the house. Left out: no bridge. Users and passwords stand in secrets.toml."""
