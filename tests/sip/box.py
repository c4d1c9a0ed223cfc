# SPDX-License-Identifier: GPL-2.0-or-later
"""The SIP side of the box in this process, and telephones that are spoken by hand."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Mapping
from itertools import count
from typing import NamedTuple, Self

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import Seen
from appliance.sip._sip import Endpoint
from appliance.sip.names import Heard
from tests.sip.wire import Message, Wire, authorization, request, sdp

HOST = "127.0.0.1"
CODECS = ["opus/48000", "G722/16000", "PCMA/8000", "PCMU/8000"]
PASSWORD = "correct-horse"
ACCOUNTS = 250  # of 256 that there may be
NUMBERS = count(1)


class Event(NamedTuple):
    """names.Event with names."""

    kind: Heard
    handle: int
    code: int
    value: int
    at: int
    text: tuple[str, ...]


class Account(NamedTuple):
    name: str
    password: str


class Box:
    """An endpoint and what it told, to be awaited in the running loop."""

    def __init__(self, ports: Ports, **changes: object) -> None:
        """`changes`: arguments of Endpoint."""
        self.address = (HOST, ports.take(2))
        rtp = ports.take(200)
        self._arguments = {
            "listen": HOST, "port": self.address[1], "realm": HOST, "rtp_first": rtp, "rtp_last": rtp + 199,
            "user_agent": "Linekeeper", "codecs": CODECS, "min_expires": 2, "digest": "both",
        } | changes  # fmt: skip
        self.start()

    def start(self, *, opens: bool = True) -> None:
        """With accounts that nobody has had: a command is not sure to be done before a packet sent after it."""
        self.sip = Endpoint(**self._arguments)  # type: ignore[arg-type]
        self._accounts = [Account(f"desk{next(NUMBERS)}", PASSWORD) for _ in range(ACCOUNTS)]
        for account in self._accounts:
            secret = f"{account.name}:{HOST}:{account.password}".encode()
            self.sip.set_phone(account.name, hashlib.md5(secret).hexdigest(), hashlib.sha256(secret).hexdigest())
        if opens:
            self.sip.open()

    async def done(self, within: float = 20.0) -> None:
        """All commands given so far are carried out: the last of them is told to have failed."""
        while not (player := self.sip.play("", False)):
            await asyncio.sleep(0.01)  # every handle is in use
        await self.told(Heard.STOPPED, of=player, within=within)

    @property
    def uri(self) -> str:
        return f"sip:{self.address[0]}:{self.address[1]}"

    def __enter__(self) -> Self:
        """For one test, with its running loop."""
        self.seen: Seen[Event] = Seen("box")
        self.sip.events()
        asyncio.get_running_loop().add_reader(self.sip.fileno(), self.read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self.sip.fileno())

    def read(self) -> None:
        for kind, *rest in self.sip.events():
            self.seen.add(Event(Heard(kind), *rest))  # type: ignore[arg-type]

    def account(self) -> Account:
        """A telephone let in under a name of its own."""
        return self._accounts.pop(0)

    async def told(self, kind: Heard, *, of: int | str | None = None, within: float = 20.0) -> Event:
        """The oldest such event not taken yet, of this handle, or with this first text."""
        return await self.seen.next(
            f"{kind.name} of {of}",
            lambda event: event.kind == kind and (of is None or of in (event.handle, event.text[0])),
            within,
        )

    def told_so_far(self, *kinds: Heard, of: int | None = None) -> list[Event]:
        """of: a handle; what was told of one of an earlier test may come late."""
        return [event for event in self.seen.all if event.kind in kinds and of in (None, event.handle)]


class Telephone:
    """An account's telephone on a wire, spoken by hand: right unless told otherwise."""

    def __init__(self, box: Box, wire: Wire, account: Account | None = None) -> None:
        self.box, self.wire = box, wire
        self.account = account or box.account()
        self.call_id, self._cseq = secrets.token_hex(8), count(1)

    @property
    def contact(self) -> str:
        tcp = ";transport=tcp" if self.wire.transport == "TCP" else ""
        return f"sip:{self.account.name}@{self.wire.at}{tcp}"

    async def register(self, *contacts: str, expires: int | None = 600, algorithm: str = "MD5") -> Message:
        """The final answer to a REGISTER of these contacts (header values; none: of its own)."""
        headers: dict[str, str | list[str]] = {"Contact": list(contacts) or [f"<{self.contact}>"]}
        if expires is not None:
            headers["Expires"] = str(expires)
        return await self.ask("REGISTER", self.box.uri, headers=headers, algorithm=algorithm)

    async def ask(
        self,
        method: str,
        uri: str,
        *,
        headers: Mapping[str, str | list[str]] | None = None,
        body: bytes = b"",
        to: str = "",
        call_id: str = "",
        cseq: int = 0,
        algorithm: str = "MD5",
    ) -> Message:
        """The answer to a request sent again with digest; an INVITE's challenge is acknowledged."""
        extra = dict(headers or {})
        to = to or (f"<sip:{self.account.name}@{HOST}>" if method == "REGISTER" else f"<{uri}>")
        call_id = call_id or self.call_id

        def say(**more: str) -> bytes:
            return request(
                method, uri, self.wire, user=self.account.name, to=to, call_id=call_id,
                cseq=cseq or next(self._cseq), headers=extra | more, body=body,
            )  # fmt: skip

        challenge = await self.wire.ask(say())
        if challenge.status != 401:  # not asked for it, or refused anyhow
            return challenge
        if method == "INVITE":
            self.ack(challenge, uri)
        mine = authorization(challenge.challenge(algorithm), method, uri, *self.account)
        self.wire.send(say(Authorization=mine))
        return await self.wire.response(final=method != "INVITE")

    def ack(self, answer: Message, uri: str) -> None:
        """Acknowledge a final answer to an INVITE, refused (same branch) or not."""
        headers = {"Via": answer["via"]} if answer.status >= 300 else {}
        self.wire.send(
            request(
                "ACK",
                uri,
                self.wire,
                user=self.account.name,
                to=answer["to"],
                call_id=answer["call-id"],
                cseq=int(answer["cseq"].split()[0]),
                headers=headers,
            )
        )

    async def call(self, called: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Call:
        """Call a number; when this returns the box has told of it."""
        uri, call_id = f"sip:{called}@{HOST}:{self.box.address[1]}", secrets.token_hex(8)
        offer = sdp() if body is None else body
        first = await self.ask("INVITE", uri, headers=headers, body=offer, call_id=call_id)
        assert first.status == 100, first
        told = await self.box.told(Heard.INCOMING, of="phone")
        return Call(self.wire, told.handle, call_id, first["from"], first["to"], uri, int(first["cseq"].split()[0]))

    async def picks_up(self, leg: int = 0, *, ringing: bool = False, body: bytes | None = None) -> Call:
        """Answer the next call that comes (the box's handle of it, for later)."""
        invite = await self.wire.request("INVITE")
        tag = secrets.token_hex(4)
        if ringing:
            self.wire.reply(invite, 180, "Ringing", tag=tag)
        self.wire.reply(invite, 200, tag=tag, body=sdp() if body is None else body)
        await self.wire.request("ACK")
        return Call(
            self.wire, leg, invite["call-id"], f"{invite['to']};tag={tag}", invite["from"], address_of(invite), 1
        )  # fmt: skip

    async def refuses(self, status: int, phrase: str, **headers: str) -> Message:
        """Refuse the next call that comes; its INVITE."""
        invite = await self.wire.request("INVITE")
        self.wire.reply(invite, status, phrase, headers=headers)
        await self.wire.request("ACK")
        return invite


class Call:
    """A call of a hand-spoken telephone, and the box's handle of its leg."""

    def __init__(self, wire: Wire, handle: int, call_id: str, mine: str, theirs: str, target: str, cseq: int) -> None:
        self.wire, self.handle = wire, handle
        self._call_id, self._mine, self._theirs, self._target, self._cseq = call_id, mine, theirs, target, cseq

    async def answered(self, status: int = 200) -> Message:
        """The box's final answer, acknowledged; provisional ones are passed over."""
        answer = await self.wire.response(final=True)
        assert answer.status == status, answer
        self._theirs = answer["to"]
        if status == 200:
            self._target = address_of(answer)
        self.say("ACK", {"Via": answer["via"]} if status >= 300 else {}, cseq=self._cseq)
        return answer

    def say(
        self, method: str, headers: Mapping[str, str | list[str]] | None = None, body: bytes = b"", cseq: int = 0
    ) -> None:
        """A request within the call."""
        if not cseq:
            self._cseq += 1
        own = {"From": self._mine, "To": self._theirs} | dict(headers or {})
        self.wire.send(
            request(
                method, self._target, self.wire, call_id=self._call_id, cseq=cseq or self._cseq, headers=own, body=body
            )
        )  # fmt: skip

    async def ask(
        self, method: str, headers: Mapping[str, str | list[str]] | None = None, body: bytes = b""
    ) -> Message:
        """The final answer to a request within the call; that to a re-INVITE is acknowledged."""
        self.say(method, headers, body)
        answer = await self.wire.response(final=True)
        if method == "INVITE":
            self.ack(answer)
        return answer

    def ack(self, answer: Message) -> None:
        """Acknowledge the final answer to our latest INVITE."""
        self.say("ACK", {"Via": answer["via"]} if answer.status >= 300 else {}, cseq=self._cseq)

    @property
    def name(self) -> str:
        """As a Replaces header has it."""
        theirs, mine = (re.findall(";tag=([^;>]+)", end)[0] for end in (self._theirs, self._mine))
        return f"{self._call_id};to-tag={theirs};from-tag={mine}"

    def theirs(self, to: str) -> None:
        """The other end, as a provisional answer named it."""
        self._theirs = to

    def cancel(self, answer: Message) -> None:
        """CANCEL the call that this provisional answer belongs to."""
        self.say("CANCEL", {"Via": answer["via"], "To": answer["to"].partition(";")[0]}, cseq=self._cseq)

    async def bye(self) -> None:
        assert (await self.ask("BYE")).status == 200

    async def hung_up(self) -> Message:
        """The box's BYE, answered."""
        bye = await self.wire.request("BYE")
        self.wire.reply(bye, 200)
        return bye


def address_of(message: Message) -> str:
    """The URI in its Contact."""
    return message["contact"].partition("<")[2].partition(">")[0]
