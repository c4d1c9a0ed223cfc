# SPDX-License-Identifier: GPL-2.0-or-later
"""aiomqtt's client, with what it knows and does not say: see docs/decisions/aiomqtt.md for what that leans on."""

import asyncio
import threading
from typing import Any

import aiomqtt
from paho.mqtt.properties import Properties

from appliance.mqtt.topics import Message

HEAD_MAX = 5  # bytes of a packet before its topic
FAILED = 0x80  # and above: reason codes of MQTT 5 for what was not done
QUOTA_EXCEEDED = 0x97  # as FAILED, but not for ever


class Closed(aiomqtt.MqttError):
    """The broker closed the connection instead of answering our CONNECT."""


class Unfit(Exception):
    """It cannot be published: too long for this broker, or its topic is none."""


class Connection(aiomqtt.Client):
    """One connection. What is published goes out at once, and the broker's answer to it is looked at."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._thread = threading.get_ident()
        self._largest: int | None = None
        self._answers: dict[int, asyncio.Future[int]] = {}  # by packet identifier

    async def tell(self, message: Message, properties: Properties | None) -> int:
        """Publish with QoS 1; the reason code of the broker's answer. Raises Unfit, MqttError."""
        if self._largest is not None and _length(message, properties) > self._largest:
            raise Unfit("it is too long for it")
        try:
            sent = self._client.publish(message.topic, message.payload, 1, message.retain, properties)
        except ValueError as fault:
            raise Unfit(str(fault)) from None
        if sent.rc:
            raise aiomqtt.MqttCodeError(sent.rc, "Could not publish message")
        answer = self._answers[sent.mid] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.timeout):
                return await answer
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None
        finally:
            del self._answers[sent.mid]

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Properties | None = None
    ) -> None:
        self._largest = getattr(properties, "MaximumPacketSize", None)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        if not self._connected.done():
            self._connected.set_exception(Closed("it closed the connection unasked"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        if (answer := self._answers.get(mid)) and not answer.done():
            answer.set_result(reason_code.value)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        if threading.get_ident() == self._thread:  # else it is still connecting
            client.loop_write()
            if not client.want_write():
                return
        super()._on_socket_register_write(client, userdata, sock)


def _length(message: Message, properties: Properties | None) -> int:
    """Of the packet, at most."""
    more = len(properties.pack()) if properties else 1  # type: ignore[no-untyped-call]
    return HEAD_MAX + 2 + len(message.topic.encode()) + 2 + more + len(message.payload)
