# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends what waits for webhooks: in order, again when it did not arrive, for a day. What waits outlives a restart."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence

import httpx

from appliance.control.messages import Event, Office
from appliance.store.webhooks import Delivery, Webhook, Webhooks
from appliance.webhooks import addresses, events

log = logging.getLogger("webhooks")

WITHIN = 15.0  # seconds for one, from the name to the status
WAITS = (
    5,
    30,
    120,
    600,
    1800,
    3600,
    7200,
    14_400,
    28_800,
    28_800,
)  # seconds before each further try; then it is given up
LONGEST_LOOK = 60.0  # seconds


class NotSent(Exception):
    """It did not arrive."""


class Sender:
    """on_office and on_event bring what the switch tells; run() sends until it is cancelled."""

    def __init__(self, kept: Webhooks, allow: Callable[[], Sequence[str]], waits: Sequence[float] = WAITS) -> None:
        """allow: networks that may be sent to although they are of this box or link-local."""
        self._kept, self._allow, self._waits = kept, allow, waits
        self._seq = 0
        self._news = asyncio.Event()

    def on_office(self, office: Office) -> None:
        self._seq = office.seq

    def on_event(self, event: Event) -> None:
        if event.seq <= self._seq:
            return
        self._seq = event.seq
        if told := events.told(event):
            self.put(*told, at=event.at)

    def put(self, kind: str, data: dict[str, object], *, at: int) -> None:
        """To all that want events of this kind."""
        for hook in self._kept.all():
            if kind in hook.kinds or kind == events.TEST:
                self._kept.put(hook.id, events.body(kind, at, data), at)
                self._news.set()

    def look(self) -> None:
        """Something was put in, or a webhook made or removed."""
        self._news.set()

    async def run(self) -> None:
        context = await asyncio.to_thread(ssl.create_default_context)
        async with httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=None) as client:
            working: dict[int, asyncio.Task[None]] = {}
            try:
                while True:
                    self._news.clear()
                    working = {id: task for id, task in working.items() if not task.done()}
                    for hook in self._kept.all():
                        if hook.id not in working and self._kept.due(hook.id, _now()):
                            working[hook.id] = asyncio.create_task(self._send_all(client, hook))
                            working[hook.id].add_done_callback(lambda _task: self._news.set())
                    try:
                        async with asyncio.timeout(self._wait(working)):
                            await self._news.wait()
                    except TimeoutError:
                        pass
            finally:
                for task in working.values():
                    task.cancel()
                await asyncio.gather(*working.values(), return_exceptions=True)

    def _wait(self, working: dict[int, asyncio.Task[None]]) -> float:
        """Seconds until something is due."""
        due = [self._kept.next_due(hook.id) for hook in self._kept.all() if hook.id not in working]
        soonest = min((each for each in due if each is not None), default=None)
        return LONGEST_LOOK if soonest is None else min(max((soonest - _now()) / 1000, 0.05), LONGEST_LOOK)

    async def _send_all(self, client: httpx.AsyncClient, hook: Webhook) -> None:
        """What is due there, until one does not arrive."""
        while delivery := self._kept.due(hook.id, _now()):
            if not await self._send(client, hook, delivery):
                break

    async def _send(self, client: httpx.AsyncClient, hook: Webhook, delivery: Delivery) -> bool:
        try:
            async with asyncio.timeout(WITHIN):
                await self._post(client, hook, delivery)
        except TimeoutError:
            fault = f"no answer within {WITHIN:g} s"
        except (NotSent, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as wrong:
            fault = str(wrong) or type(wrong).__name__
        else:
            self._kept.arrived(delivery, _now())
            return True
        if delivery.tries >= len(self._waits):
            log.error("webhook %d: an event is given up: %s", hook.id, fault)
            self._kept.given_up(delivery, fault)
        else:
            self._kept.again(delivery, _now() + int(self._waits[delivery.tries] * 1000), fault)
        return False

    async def _post(self, client: httpx.AsyncClient, hook: Webhook, delivery: Delivery) -> None:
        """Raises NotSent and what httpx raises. The address that was looked at is the one that is asked."""
        asked = httpx.URL(hook.url)
        host = asked.host
        address = await asyncio.to_thread(resolve, host, asked.port or (443 if asked.scheme == "https" else 80))
        if not addresses.may(address, self._allow()):
            raise NotSent(f"{address} is an address that webhooks may not be sent to")
        id, at = f"msg_{delivery.webhook}_{delivery.id}_{delivery.at}", int(time.time())
        headers = {
            "Host": asked.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": "Linekeeper",
            "webhook-id": id,
            "webhook-timestamp": str(at),
            "webhook-signature": events.signature(hook.secret, id, at, delivery.body),
        }
        there = asked.copy_with(host=address)
        extensions = {"sni_hostname": host} if address != host else {}
        async with client.stream(
            "POST", there, content=delivery.body.encode(), headers=headers, extensions=extensions
        ) as response:
            if not 200 <= response.status_code < 300:  # what else it says is not read
                raise NotSent(f"status {response.status_code}")


def resolve(host: str, port: int) -> str:
    """Its first address. Raises OSError."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


def _now() -> int:
    return time.time_ns() // 1_000_000
