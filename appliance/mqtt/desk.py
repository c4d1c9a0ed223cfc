# SPDX-License-Identifier: GPL-2.0-or-later
"""Where requests of one broker are taken, carried out at the switch, and answered."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from appliance.control.client import ControlLost, connect
from appliance.control.live import Live
from appliance.control.messages import Dialled
from appliance.control.messages import Refused as SwitchRefused
from appliance.control.modems import Sms
from appliance.mqtt.broker import Incoming
from appliance.mqtt.requests import Gate, HealthRequest, Refused, Request, Same, SmsRequest, commands, health
from appliance.mqtt.topics import Message, Response, Topics

AT_ONCE = 16  # requests under way; more are refused
TEXTS_AT_ONCE = 4  # text messages beside them: a network that takes none holds nothing else up
DONE_WITHIN = 10.0  # seconds for the switch
SENT_WITHIN = 600.0  # seconds for a text message: a network may take a minute for each of its ten parts
ANSWER_MAX = 256  # characters of a topic the asker chose

log = logging.getLogger("linekeeper.mqtt")


class Desk:
    """Takes what comes on `request/+`; `say` gets the answers."""

    def __init__(
        self,
        topics: Topics,
        socket: Path,
        *,
        version: str,
        rate: int,
        holds: int,
        live: Callable[[], Live | None],
        say: Callable[[Message], None],
    ) -> None:
        """rate: requests of a kind a minute. holds: minutes for which what people set by hand is left alone."""
        self._topics, self._socket, self._version, self._live, self._say = topics, socket, version, live, say
        self._holds = holds * 60_000
        self._gate = Gate(rate)
        self._under_way: set[asyncio.Task[None]] = set()
        self._texts: set[asyncio.Task[None]] = set()  # being sent
        self.filter = f"{topics.root}/request/+"

    def heard(self, incoming: Incoming) -> None:
        """A message on a topic of requests."""
        name = incoming.topic.rpartition("/")[2]
        if not incoming.payload and incoming.retain:
            return  # somebody cleared the topic
        try:
            request = self._gate.take(
                name,
                incoming.payload,
                retained=incoming.retain,
                until=incoming.until,
                now_ms=_now(),
                now=time.monotonic(),
            )
            under_way, most = self._under_way, AT_ONCE
            if isinstance(request, SmsRequest):
                under_way, most = self._texts, TEXTS_AT_ONCE
            if len(under_way) >= most:
                raise Refused("busy", "too many requests are under way", request.transaction)
        except Same as same:
            if same.response:
                self._answer(name, incoming, same.response)
        except Refused as refused:
            if refused.message:
                log.warning("a request on %s is refused: %s", incoming.topic, refused.id)
                self._answer(name, incoming, refused.response())
        else:
            task = asyncio.create_task(self._carry_out(name, request, incoming))
            under_way.add(task)
            task.add_done_callback(under_way.discard)

    async def _carry_out(self, name: str, request: Request, incoming: Incoming) -> None:
        try:
            data = await self._do(request)
            response = Response(status="ok", data=data, transaction=request.transaction)
        except Refused as refused:
            response = refused.response()
        except SwitchRefused as refused:
            response = Refused(refused.id, refused.message, request.transaction).response()
        except (ControlLost, TimeoutError):
            response = Refused("no-switch", "the switch does not answer", request.transaction).response()
        log.info("request %s: %s", name, response.error or "done")
        self._gate.answered(name, request, response)
        self._answer(name, incoming, response)

    async def _do(self, request: Request) -> dict[str, object]:
        live = self._live()
        if isinstance(request, HealthRequest):
            return health(live, self._version)
        if live is None:
            raise ControlLost("the switch is away")
        asked = commands(request, live, _now(), self._holds)
        within = SENT_WITHIN if isinstance(request, SmsRequest) else DONE_WITHIN
        async with asyncio.timeout(within), await connect(self._socket) as client:
            answers = [await client.request(command) for command in asked]
        for answer in answers:
            if isinstance(answer, Sms):
                return {"sms": answer.id, "line": answer.line}
        calls = [call for answer in answers if isinstance(answer, Dialled) for call in answer.calls]
        return {"calls": calls} if calls else {}

    def _answer(self, name: str, incoming: Incoming, response: Response) -> None:
        """On the usual topic, and where the asker waits for it, if that is under this box: nothing else is written to."""
        topic, ours = incoming.response_topic, f"{self._topics.root}/response/"
        if (
            topic == f"{ours}{name}"
            or not topic.startswith(ours)
            or len(topic) > ANSWER_MAX
            or set(topic) & set("+#\0")
        ):
            self._say(self._topics.response(name, response, correlation=incoming.correlation))
        else:
            self._say(self._topics.response(name, response))
            self._say(self._topics.response(name, response, topic, incoming.correlation))


def _now() -> int:
    return time.time_ns() // 1_000_000
