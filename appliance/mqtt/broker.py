# SPDX-License-Identifier: GPL-2.0-or-later
"""One MQTT broker: found, lost, found again, and told what an Outbox holds. It may hang, flood or lie."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.mqtt.outbox import Due, Outbox
from appliance.mqtt.topics import Message, Topics
from appliance.settings.models import Mqtt

KEEPALIVE = 3  # seconds; a broker that came back empty is found out by the next ping, and told all within 5 s
ANSWER_WITHIN = 5.0  # seconds for CONNACK and PUBACK; a broker slower than that hangs
PAUSE_FIRST, PAUSE_LAST = 0.2, 2.0  # seconds between connections, doubling, +-20 %; short enough for the 5 s above
STEADY = 5.0  # seconds a connection must last to begin with PAUSE_FIRST again
FAREWELL = 1.0  # seconds to say that we leave
PACKET_MAX = 65_536  # bytes a broker is asked not to exceed; we subscribe to nothing
UNSOLICITED_MAX = 16  # messages kept of a broker that sends some all the same
UNSUPPORTED = (1, 132)  # CONNACK codes for the protocol version, in MQTT 3.1.1 and in 5

log = logging.getLogger("linekeeper.mqtt")
_library = logging.getLogger("linekeeper.mqtt.library")
_library.setLevel(logging.CRITICAL)  # what matters of it is told here, once


class Broker:
    """Tells the broker everything in the outbox, in order of each topic; `acted` gets each action tried and "" or why not.

    After every connection all that is retained is told again. An action is tried once, and only on a broker that has just
    confirmed another message, so that one that hangs does not carry it out when it wakes.
    """

    def __init__(
        self,
        mqtt: Mqtt,
        outbox: Outbox,
        acted: Callable[[Due, str], None],
        *,
        user: str | None = None,
        password: str | None = None,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        self._mqtt, self._user, self._password = mqtt, user, password
        self._outbox, self._acted, self._on_status = outbox, acted, on_status
        self._topics = Topics(mqtt.base, mqtt.box)
        self._protocol = aiomqtt.ProtocolVersion.V5
        self._news = asyncio.Event()
        self._connected: float | None = None  # when, monotonic seconds
        self._status = ""

    def news(self) -> None:
        """The outbox has something new."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled; then the broker hears that the bridge is offline."""
        pause = PAUSE_FIRST
        while not _is_cancelled():
            self._connected = None
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError) as lost:
                self._lost(lost)
            if self._connected is not None and time.monotonic() - self._connected >= STEADY:
                pause = PAUSE_FIRST
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(2 * pause, PAUSE_LAST)

    def _lost(self, why: Exception) -> None:
        """Say so; and when the broker is too old for MQTT 5, speak 3.1.1 from now on."""
        code = why.rc if isinstance(why, aiomqtt.MqttCodeError) else None
        if (code if isinstance(code, int) else getattr(code, "value", None)) in UNSUPPORTED:
            self._protocol = aiomqtt.ProtocolVersion.V311
        self._tell_status(f"broker {self._mqtt.host}:{self._mqtt.port} is away: {why}")

    def _tell_status(self, status: str) -> None:
        if status != self._status:
            self._status = status
            log.info("%s", status)
            self._on_status(status)

    async def _session(self) -> None:
        """One connection, to its end."""
        async with self._client() as client:
            self._connected = time.monotonic()
            self._tell_status(f"broker {self._mqtt.host}:{self._mqtt.port} is connected")
            self._outbox.again()
            if _is_cancelled():
                return
            working = [asyncio.create_task(work) for work in (self._tell(client), _watch(client))]
            try:
                done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in working:
                    task.cancel()
                await asyncio.wait(working)
                if _is_cancelled():
                    await self._say_goodbye(client)
            for task in done:
                task.result()

    async def _say_goodbye(self, client: aiomqtt.Client) -> None:
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._publish(client, self._topics.bridge_state(False))

    def _client(self) -> aiomqtt.Client:
        will = self._topics.bridge_state(False)
        five = self._protocol is aiomqtt.ProtocolVersion.V5
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = PACKET_MAX
        return aiomqtt.Client(
            self._mqtt.host,
            self._mqtt.port,
            username=self._user,
            password=self._password,
            identifier=f"{self._mqtt.base}-{self._mqtt.box}",
            protocol=self._protocol,
            clean_session=None if five else True,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            timeout=ANSWER_WITHIN,
            keepalive=KEEPALIVE,
            max_queued_incoming_messages=UNSOLICITED_MAX,
            properties=properties if five else None,
            logger=_library,
        )

    async def _tell(self, client: aiomqtt.Client) -> None:
        """Publish what waits, one at a time: what is slow is coalesced in the outbox, not piled up in the library."""
        while not _is_cancelled():
            now = time.monotonic()
            if (due := self._outbox.action()) and due.until > now:
                await self._carry_out(client, due)
            elif moment := self._outbox.moment(now):
                await self._publish(client, moment)
            elif state := self._outbox.changed():
                await self._publish(client, state)
                self._outbox.confirmed(state)
            else:
                self._news.clear()
                await self._news.wait()

    async def _carry_out(self, client: aiomqtt.Client, due: Due) -> None:
        await self._publish(client, self._topics.action_event(due.event, "due"))
        if due.until <= time.monotonic():
            return
        self._outbox.acted(due)
        try:
            await self._publish(client, due.message)
        except aiomqtt.MqttError:
            self._acted(due, "unconfirmed")
            raise
        self._acted(due, "")

    async def _publish(self, client: aiomqtt.Client, message: Message) -> None:
        properties = None
        if self._protocol is aiomqtt.ProtocolVersion.V5 and message.expiry is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = message.expiry
            if message.properties:
                properties.UserProperty = list(message.properties)
        await client.publish(message.topic, message.payload, message.qos, message.retain, properties)


async def _watch(client: aiomqtt.Client) -> None:
    """Ends with MqttError when the connection does; what the broker sends unasked is thrown away."""
    async for _ in client.messages:
        pass


def _is_cancelled() -> bool:
    """Whether the task at work is to end; wait_for() of Python 3.11, which the library uses, sometimes forgets to say so."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
