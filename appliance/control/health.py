# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with the switch itself, and how the bridge and its brokers are, in the control socket's words."""

from typing import Annotated

import msgspec

from appliance.control.fields import Id


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the switch that is not as it should be: its id of docs/control.md; why: in words, for people."""

    id: str
    why: str
    since: int


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """An MQTT broker as the bridge has it; name: its table, "" for that of [mqtt]."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    address: Annotated[str, msgspec.Meta(max_length=300)]
    connected: bool
    why: Annotated[str, msgspec.Meta(max_length=300)] = ""  # it is not


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """What the bridge told last, and when; it tells so every 15 s while it runs."""

    at: int
    brokers: tuple[Broker, ...] = ()


class TellBrokers(msgspec.Struct, tag_field="do", tag="brokers", frozen=True):
    """The bridge says that it runs, and which brokers it reaches."""

    id: Id
    brokers: Annotated[tuple[Broker, ...], msgspec.Meta(max_length=16)]


class BridgeChanged(msgspec.Struct, tag_field="event", tag="bridge", frozen=True, kw_only=True):
    """The bridge has told how it is."""

    seq: int
    at: int
    bridge: Bridge


class Troubled(msgspec.Struct, tag_field="event", tag="trouble", frozen=True, kw_only=True):
    """Something of the switch is not as it should be; why "": it is again."""

    seq: int
    at: int
    trouble: Trouble
