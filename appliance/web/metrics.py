# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures for Prometheus at /metrics, text format 0.0.4: for tokens with metrics:read, and addresses the settings name."""

import ipaddress
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from typing import get_args

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from appliance.control.live import Live
from appliance.control.messages import CallChanged, Event, Happened, Outcome
from appliance.health.checks import Row
from appliance.web.api.gate import Gate, Wrong, client, problem
from appliance.web.box import Box

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
CALL_STATES = ("arrived", "menu", "waiting", "ringing", "talking", "voicemail", "parked")
DIRECTIONS: tuple[str, ...] = ("in", "out", "internal")
LEVELS = {"good": 0, "warning": 1, "bad": 2}
Sample = tuple[dict[str, str], float]


class Metrics:
    def __init__(self, box: Box, gate: Gate, allow: Sequence[str] = ()) -> None:
        self._box, self._gate = box, gate
        self._allow = [ipaddress.ip_network(each) for each in allow]
        self._over = Counter(dict.fromkeys(product(DIRECTIONS, get_args(Outcome)), 0))
        self._missed = 0
        box.feed.to(lambda office: None, self._count)

    def routes(self) -> list[Route]:
        return [Route("/metrics", self._metrics, methods=["GET"])]

    async def _metrics(self, request: Request) -> Response:
        if not self._near(client(request)):
            try:
                self._gate.may(request, "metrics:read")
            except Wrong as wrong:
                return problem(wrong.status, wrong.id, str(wrong), wrong.headers)
        rows = (await self._box.standing.rows())[1]
        return PlainTextResponse(
            text(self._box) + self._counted() + health(rows), headers={"Cache-Control": "no-store"}, media_type=MEDIA
        )

    def _count(self, event: Event) -> None:
        match event:
            case CallChanged(call=call) if call.state == "over" and call.outcome:
                self._over[call.direction, call.outcome] += 1
            case Happened(kind="missed"):
                self._missed += 1

    def _counted(self) -> str:
        out: list[str] = []
        family(out, "calls_total", "counter", "Calls that are over, since the pages were started.",
               [({"direction": way, "outcome": what}, n) for (way, what), n in self._over.items()])  # fmt: skip
        family(out, "missed_total", "counter", "Callers who looked for somebody and spoke to nobody.",
               [({}, self._missed)])  # fmt: skip
        return "".join(out)

    def _near(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return any(ip in each for each in self._allow)


def text(box: Box) -> str:
    """All figures; those of the office only while the switch answers."""
    live = box.screen.live
    out: list[str] = []
    family(out, "switch_up", "gauge", "Whether the switch answers.", [({}, float(live is not None))])
    family(out, "viewers", "gauge", "Open live pages.", [({}, box.screen.viewers)])
    disk = os.statvfs(box.state)
    family(out, "disk_free_bytes", "gauge", "Free for what the box keeps.", [({}, disk.f_bavail * disk.f_frsize)])
    hooks = box.office.webhooks.all()
    family(
        out, "webhook_waiting", "gauge", "Events not yet sent.", [({"webhook": str(h.id)}, h.waiting) for h in hooks]
    )
    family(out, "webhook_lost_total", "counter", "Events given up.", [({"webhook": str(h.id)}, h.lost) for h in hooks])
    if live is not None:
        office(out, live)
    return "".join(out)


def health(rows: Iterable[Row]) -> str:
    """What is not used, or not known here, is left out."""
    out: list[str] = []
    family(out, "health", "gauge", "0: good, 1: look at it soon, 2: it does not work.",
           [({"check": row.id}, LEVELS[row.level]) for row in rows if row.level in LEVELS])  # fmt: skip
    return "".join(out)


def office(out: list[str], live: Live) -> None:
    calls: list[str] = [call.state for call in live.calls.values()]
    family(out, "calls", "gauge", "Calls under way.", [({"state": each}, calls.count(each)) for each in CALL_STATES])
    family(out, "line_usable", "gauge", "Whether a line can be used.",
           [({"line": one.id}, float(one.usable)) for one in live.lines.values()])  # fmt: skip
    family(out, "line_calls", "gauge", "Calls on a line.",
           [({"line": one.id}, len(one.calls)) for one in live.lines.values()])  # fmt: skip
    family(out, "queue_waiting", "gauge", "Callers who wait.",
           [({"queue": one.id}, len(one.waiting)) for one in live.queues.values()])  # fmt: skip
    family(out, "queue_free", "gauge", "People who could be rung.",
           [({"queue": one.id}, one.free) for one in live.queues.values()])  # fmt: skip
    family(out, "phone_registered", "gauge", "Contacts of a telephone.",
           [({"phone": one.id}, len(one.contacts)) for one in live.phones.values()])  # fmt: skip
    family(out, "person_available", "gauge", "Whether somebody's status is available.",
           [({"person": one.id}, float(one.status == "available")) for one in live.people.values()])  # fmt: skip
    family(out, "messages_unhandled", "gauge", "Messages not handled.",
           [({"mailbox": one.id}, one.unhandled) for one in live.mailboxes.values()])  # fmt: skip
    family(out, "banned_addresses", "gauge", "Addresses banned from the SIP port.", [({}, len(live.bans))])
    family(out, "settings_revision", "gauge", "Settings in force.", [({}, live.revision)])


def family(out: list[str], name: str, kind: str, help: str, samples: Iterable[Sample]) -> None:
    """One figure with its samples; `linekeeper_` goes before its name."""
    out.append(f"# HELP linekeeper_{name} {help}\n# TYPE linekeeper_{name} {kind}\n")
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(each)}"' for key, each in labels.items())
        out.append(f"linekeeper_{name}{{{told}}} {value:.17g}\n" if told else f"linekeeper_{name} {value:.17g}\n")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
