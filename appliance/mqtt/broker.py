# SPDX-License-Identifier: GPL-2.0-or-later
"""One MQTT broker: found, lost, found again, told what an Outbox holds, and listened to. It may hang, flood or lie."""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.mqtt.connection import FAILED, QUOTA_EXCEEDED, Closed, Connection, Unfit
from appliance.mqtt.outbox import Due, Outbox, Owed
from appliance.mqtt.topics import Message
from appliance.settings.brokers import Broker as Table

KEEPALIVE = 3  # seconds; a broker that came back empty is found out by the next ping, and told all within 5 s
ANSWER_WITHIN = 5.0  # seconds for CONNACK and PUBACK; a broker slower than that hangs
PAUSE_FIRST, PAUSE_LAST = 0.2, 2.0  # seconds between connections, doubling, +-20 %; short enough for the 5 s above
STEADY = 5.0  # seconds a connection must last to begin with PAUSE_FIRST again
FAREWELL = 1.0  # seconds to say that we leave
PACKET_MAX = 65_536  # bytes a broker is asked not to exceed
WAITING_MAX = 256  # messages from the broker not looked at yet; more are thrown away
UNTAKEN_MAX = 100  # topics of which it is told that the broker does not take them
WINDOW = 32  # publications under way at once; the rest is coalesced in the outbox, not piled up in the library
UNSUPPORTED = (1, 132)  # CONNACK codes for the protocol version, in MQTT 3.1.1 and in 5
LOOK_FOR = 3.0  # seconds after connecting for what is retained to come
LONG = 1024  # bytes of a message that may be what a broker ends connections for
ENDS_MAX = 3  # connections that ended soon, each with the same long message unanswered, before it is left out
LEFT_OUT_FOR = 600.0  # seconds; it may have been the network after all

log = logging.getLogger("linekeeper.mqtt")
_library = logging.getLogger("linekeeper.mqtt.library")
_library.setLevel(logging.CRITICAL)  # what matters of it is told here, once


class Incoming(NamedTuple):
    """A message from the broker; until and at are monotonic seconds, until is None where it says no expiry."""

    topic: str
    payload: bytes
    retain: bool
    at: float
    until: float | None = None
    response_topic: str = ""
    correlation: bytes | None = None


class Login(NamedTuple):
    user: str
    password: str


class Broker:
    """Tells the broker everything in the outbox, in order of each topic; `acted` gets each action tried and "" or why not.

    After every connection all that is retained is told again. An action is tried once, and only on a broker that has just
    confirmed another message, so that one that hangs does not carry it out when it wakes.
    """

    def __init__(
        self,
        table: Table,
        outbox: Outbox,
        *,
        identifier: str,
        will: Message,
        login: Login | None = None,
        acted: Callable[[Due, str], None] = lambda due, reason: None,
        announce: Callable[[Due], Message | None] = lambda due: None,
        told: Callable[[Owed], None] = lambda owed: None,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        """will: what is said, retained, when we are gone. announce: what is said of an action before it is tried. told: gets
        each text message that the broker has."""
        self._table, self._outbox, self._login = table, outbox, login
        self._identifier, self._will = identifier, will
        self._acted, self._announce, self._told, self._on_status = acted, announce, told, on_status
        old = table.protocol == "3.1.1"
        self._protocol = aiomqtt.ProtocolVersion.V311 if old else aiomqtt.ProtocolVersion.V5
        self._news = asyncio.Event()
        self._heard: dict[str, Callable[[Incoming], None]] = {}  # by topic filter
        self._looked: dict[str, Callable[[Incoming], None]] = {}  # the same, for what is retained at the beginning
        self._plain: set[str] = set()  # filters of which only what the broker kept is marked as retained
        self._unasked: dict[str, bool] = {}  # filters the broker is still to be told; False: of which we want no more
        self._connected: float | None = None  # when, monotonic seconds
        self._is_old = old  # it is known not to speak MQTT 5
        self._unanswered: list[Message] = []
        self._ends: Counter[Message] = Counter()  # connections that ended with it unanswered
        self._left_out: dict[Message, float] = {}  # until when, monotonic seconds
        self._untaken: set[str] = set()  # topics it did not take, told once
        self._status = ""
        self.why = ""  # it is away, in words

    def news(self) -> None:
        """The outbox has something new."""
        self._news.set()

    def hear(self, filter: str, heard: Callable[[Incoming], None], *, as_published: bool = True) -> None:
        """Take messages on these topics, in this and every later connection. `heard` must not wait nor raise.

        What the broker kept is marked `retain`; as_published: so is what is told just now and will be kept."""
        self._heard[filter] = heard
        (self._plain.discard if as_published else self._plain.add)(filter)
        self._unasked[filter] = True
        self.news()

    def forget(self, filter: str) -> None:
        """No more of these."""
        if self._heard.pop(filter, None):
            self._unasked[filter] = False
            self.news()

    def look(self, filter: str, seen: Callable[[Incoming], None]) -> None:
        """Take what is retained on these topics, at the beginning of each connection. To be said before run()."""
        self._looked[filter] = seen

    @property
    def is_connected(self) -> bool:
        return self._connected is not None

    async def run(self) -> None:
        """Until cancelled; then the broker hears that the bridge is offline."""
        pause = PAUSE_FIRST
        while not _is_cancelled():
            lasted = 0.0
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError, ssl.SSLError) as lost:
                self._lost(lost)
            if self._connected is not None:
                lasted, self._connected = time.monotonic() - self._connected, None
                self._suspect(lasted)
            if lasted >= STEADY:
                pause = PAUSE_FIRST
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(2 * pause, PAUSE_LAST)

    def _lost(self, why: Exception) -> None:
        """Say so; and when the broker is too old for MQTT 5, speak 3.1.1 from now on."""
        code = why.rc if isinstance(why, aiomqtt.MqttCodeError) else None
        number = code if isinstance(code, int) else getattr(code, "value", None)
        if self._table.protocol == "auto":
            if number in UNSUPPORTED:
                self._protocol, self._is_old = aiomqtt.ProtocolVersion.V311, True
            elif isinstance(why, Closed):  # some say no in this way
                five = self._protocol is aiomqtt.ProtocolVersion.V5
                self._protocol = aiomqtt.ProtocolVersion.V311 if five else aiomqtt.ProtocolVersion.V5
        self.why = str(why)
        self._tell_status(f"broker {self._table.host}:{self._table.port} is away: {why}")

    def _is_doubtful(self) -> bool:
        """Whether 3.1.1 is spoken for a closed connection alone: it may have been full then. MQTT 5 is tried once more."""
        if self._protocol is aiomqtt.ProtocolVersion.V5 or self._is_old:
            return False
        self._protocol, self._is_old = aiomqtt.ProtocolVersion.V5, True
        return True

    def _suspect(self, lasted: float) -> None:
        """A broker that ends each connection at the same long message gets it no more, for a while, but all the others."""
        unanswered, self._unanswered = self._unanswered, []
        longest = max(unanswered, key=lambda message: len(message.payload), default=None)
        if lasted >= STEADY or longest is None or len(longest.payload) < LONG:
            self._ends.clear()
            return
        self._ends[longest] += 1
        if self._ends[longest] >= ENDS_MAX:
            self._left_out[longest] = time.monotonic() + LEFT_OUT_FOR
            self._not_taken(longest, "each time it ends the connection")

    def _is_left_out(self, message: Message) -> bool:
        until = self._left_out.get(message)
        if until is not None and until <= time.monotonic():
            del self._left_out[message]
        return message in self._left_out

    def _not_taken(self, message: Message, why: str) -> None:
        if message.topic not in self._untaken and len(self._untaken) < UNTAKEN_MAX:
            self._untaken.add(message.topic)
            where = f"{self._table.host}:{self._table.port}"
            log.error("broker %s does not take %s (%d bytes): %s", where, message.topic, len(message.payload), why)

    def _tell_status(self, status: str) -> None:
        if status != self._status:
            self._status = status
            log.info("%s", status)
            self._on_status(status)

    async def _session(self) -> None:
        """One connection, to its end."""
        async with self._client() as client:
            if self._is_doubtful():
                return
            self._connected, self.why = time.monotonic(), ""
            self._tell_status(f"broker {self._table.host}:{self._table.port} is connected")
            self._outbox.again()
            self._unasked = dict.fromkeys((*self._heard, *self._looked), True)
            looking = asyncio.get_running_loop().call_later(LOOK_FOR, self._look_away)
            working = [asyncio.create_task(work) for work in (self._tell(client), self._listen(client))]
            try:
                done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            finally:
                looking.cancel()
                for task in working:
                    task.cancel()
                await asyncio.gather(*working, return_exceptions=True)
                if _is_cancelled():
                    await self._say_goodbye(client)
            for task in done:
                task.result()

    def _look_away(self) -> None:
        self._unasked |= dict.fromkeys(self._looked, False)
        self.news()

    async def _say_goodbye(self, client: Connection) -> None:
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._publish(client, self._will)

    def _client(self) -> Connection:
        five = self._protocol is aiomqtt.ProtocolVersion.V5
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = PACKET_MAX
        return Connection(
            self._table.host,
            self._table.port,
            username=self._login.user if self._login else None,
            password=self._login.password if self._login else None,
            identifier=self._identifier,
            protocol=self._protocol,
            clean_session=None if five else True,  # nothing waits at the broker to be done late
            will=aiomqtt.Will(self._will.topic, self._will.payload, self._will.qos, self._will.retain),
            timeout=ANSWER_WITHIN,
            keepalive=KEEPALIVE,
            max_queued_incoming_messages=WAITING_MAX,
            max_inflight_messages=WINDOW,
            properties=properties if five else None,
            tls_context=self._tls() if self._table.tls else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # no message waits for the next
            logger=_library,
        )

    def _tls(self) -> ssl.SSLContext:
        """Made anew for each connection: certificates are renewed. Raises OSError, ssl.SSLError."""
        context = ssl.create_default_context(cafile=self._table.ca_file)
        if self._table.certificate_file:
            context.load_cert_chain(self._table.certificate_file, self._table.key_file, password="")
        return context

    # ---- what it is told --------------------------------------------------------------------------------------------

    async def _tell(self, client: Connection) -> None:
        """Publish what waits, in order, WINDOW at a time."""
        places = asyncio.Semaphore(WINDOW)
        try:
            async with asyncio.TaskGroup() as under_way:
                while not _is_cancelled():
                    now = time.monotonic()
                    if self._unasked:
                        await self._ask(client)
                    elif (due := self._outbox.action()) and due.until > now:
                        await self._carry_out(client, due)
                    elif owed := self._outbox.owed(now):
                        await self._tell_text(client, owed)
                    elif message := self._outbox.moment(now) or self._outbox.changed():
                        await places.acquire()
                        under_way.create_task(self._deliver(client, message, places))
                        await asyncio.sleep(0)  # what comes from the switch meanwhile may be more urgent than the next
                    else:
                        self._news.clear()
                        await self._news.wait()
        except* (aiomqtt.MqttError, OSError) as lost:
            raise _first(lost) from None

    async def _tell_text(self, client: Connection, owed: Owed) -> None:
        """One that the broker refuses for a while is told again, before all that came later."""
        code = await self._publish(client, owed.message)
        if code == QUOTA_EXCEEDED and (pause := self._outbox.put_off(time.monotonic())) is not None:
            asyncio.get_running_loop().call_later(pause, self.news)
        else:
            self._told(owed)

    async def _deliver(self, client: Connection, message: Message, places: asyncio.Semaphore) -> None:
        try:
            await self._publish(client, message)
        finally:
            places.release()
        if message.retain:
            self._outbox.confirmed(message)

    async def _carry_out(self, client: Connection, due: Due) -> None:
        if before := self._announce(due):
            await self._publish(client, before)
        if due.until <= time.monotonic():
            return
        self._outbox.acted(due)
        if due.strict and self._protocol is not aiomqtt.ProtocolVersion.V5:
            self._acted(due, "no-expiry")
            return
        try:
            taken = await self._publish(client, due.message) < FAILED
        except BaseException:  # cancelled too: when the connection ends, whoever listens may know first
            self._acted(due, "unconfirmed")
            raise
        self._acted(due, "" if taken else "not-taken")

    async def _publish(self, client: Connection, message: Message) -> int:
        """The broker's reason code, FAILED or more: it did not take it, which is told, and no reason not to go on."""
        if self._is_left_out(message):
            return FAILED
        self._unanswered.append(message)
        try:
            code = await client.tell(message, self._properties(message))
        except Unfit as unfit:
            self._unanswered.remove(message)
            self._not_taken(message, str(unfit))
            return FAILED
        self._unanswered.remove(message)
        if code >= FAILED:
            self._not_taken(message, f"reason {code:#x}")
        return code

    def _properties(self, message: Message) -> Properties | None:
        if self._protocol is not aiomqtt.ProtocolVersion.V5 or message.expiry is None:
            return None
        if not message.properties and message.correlation is None:
            return _expiring(message.expiry)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = message.expiry
        if message.properties:
            properties.UserProperty = list(message.properties)
        if message.correlation is not None:
            properties.CorrelationData = message.correlation
        return properties

    # ---- what it says -----------------------------------------------------------------------------------------------

    async def _ask(self, client: Connection) -> None:
        """Subscribe to what is wanted and no longer to what is not. What is retained is sent too, and marked so."""
        filter, wanted = next(iter(self._unasked.items()))
        del self._unasked[filter]
        if not wanted:
            await client.unsubscribe(filter)
            return
        if self._protocol is aiomqtt.ProtocolVersion.V5:
            marked = filter not in self._plain
            options = SubscribeOptions(qos=1, retainAsPublished=marked, noLocal=filter in self._looked)
            codes = await client.subscribe(filter, options=options)
        else:
            codes = await client.subscribe(filter, qos=1)
        if any((code if isinstance(code, int) else code.value) >= FAILED for code in codes):
            log.warning("broker %s:%d does not let us hear %s", self._table.host, self._table.port, filter)

    async def _listen(self, client: Connection) -> None:
        """Hand out what the broker says; what nobody wants is thrown away. Ends with MqttError when the connection does."""
        async for message in client.messages:
            if incoming := _incoming(message):
                for filter, heard in (*self._heard.items(), *self._looked.items()):
                    if message.topic.matches(filter):
                        heard(incoming)


@cache
def _expiring(seconds: int) -> Properties:
    """Of most messages; to make them takes longer than all else about one."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = seconds
    return properties


def _incoming(message: aiomqtt.Message) -> Incoming | None:
    at, properties = time.monotonic(), message.properties
    expiry = getattr(properties, "MessageExpiryInterval", None)
    payload = message.payload if isinstance(message.payload, bytes) else b""
    return Incoming(
        str(message.topic),
        payload,
        bool(message.retain),
        at,
        None if expiry is None else at + float(expiry),
        str(getattr(properties, "ResponseTopic", "")),
        getattr(properties, "CorrelationData", None),
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """One of a group of exceptions; the others are of the same lost connection."""
    one: BaseException = group
    while isinstance(one, BaseExceptionGroup):
        one = one.exceptions[0]
    return one


def _is_cancelled() -> bool:
    """Whether the task at work is to end; wait_for() of Python 3.11, which the library uses, sometimes forgets to say so."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
