# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who speaks SIP byte by byte, so that he can also speak it wrongly: UDP or TCP, requests, answers, digest."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from appliance.programs.demo.seen import Seen

SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True)
class Message:
    """A request or response as it came."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Raises ValueError when a line is no header: the box never sends such. Bytes that are no UTF-8 are kept."""
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode(errors="surrogateescape").split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        return cls(first, tuple((SHORT.get(n.strip().lower(), n.strip().lower()), v.strip()) for n, v in pairs), body)

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.first.split(" ")[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.first.split(" ")[0]

    @property
    def uri(self) -> str:
        return self.first.split(" ")[1]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def __getitem__(self, name: str) -> str:
        """The first header of this name, "" when there is none."""
        return next(iter(self.all(name)), "")

    @property
    def tag(self) -> str:
        """Of the To header."""
        found = re.search(r";tag=([^;>]+)", self["to"])
        return found[1] if found else ""

    def challenge(self, algorithm: str = "MD5") -> dict[str, str]:
        """The parameters of the WWW-Authenticate header for this algorithm; KeyError when it is not offered."""
        for value in self.all("www-authenticate"):
            found = {name: text.strip('"') for name, text in re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', value)}
            if found.get("algorithm", "MD5") == algorithm:
                return found
        raise KeyError(algorithm)


class Wire(asyncio.DatagramProtocol):
    """`async with Wire(address) as wire`: one socket towards the box, by UDP or TCP."""

    def __init__(self, box: tuple[str, int], transport: str = "UDP", *, port: int = 0, host: str = "") -> None:
        """host: the address of this end, the box's own unless given; all of 127.0.0.0/8 are this machine's."""
        self.box, self.transport = box, transport
        self._host = host or box[0]
        self.responses: Seen[Message] = Seen("response")
        self.requests: Seen[Message] = Seen("request")
        self._port = port
        self._stream: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        if self.transport == "TCP":
            reader, self._stream = await asyncio.open_connection(*self.box, local_addr=(self._host, self._port))
            self.here = self._stream.get_extra_info("sockname")[:2]
            self._reading = asyncio.create_task(self._read(reader))
        else:
            self._datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: self, local_addr=(self._host, self._port), remote_addr=self.box
            )
            self.here = self._datagrams.get_extra_info("sockname")[:2]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._stream:
            self._stream.close()
            await self._reading
        else:
            self._datagrams.close()

    @property
    def at(self) -> str:
        """host:port of this end."""
        return f"{literal(self.here[0])}:{self.here[1]}"

    def send(self, data: bytes) -> None:
        if self._stream:
            self._stream.write(data)
        else:
            self._datagrams.sendto(data)

    async def response(self, within: float = 20.0, *, final: bool = False) -> Message:
        """The next response not taken yet; `final` passes over provisional ones. NotSeen when none comes."""
        return await self.responses.next("response", lambda message: not final or message.status >= 200, within)

    async def request(self, method: str, within: float = 20.0) -> Message:
        """The next request of this method not taken yet."""
        return await self.requests.next(method, lambda message: message.method == method, within)

    async def ask(self, data: bytes) -> Message:
        """Send a request, and the final response to it."""
        self.send(data)
        return await self.response(final=True)

    async def ping(self, within: float = 20.0) -> Message:
        """An OPTIONS answered: the box lives, and has done with all that was sent before."""
        call_id = secrets.token_hex(8)
        self.send(request("OPTIONS", f"sip:{literal(self.box[0])}:{self.box[1]}", self, call_id=call_id))
        return await self.responses.next(
            "answer to OPTIONS", lambda message: message["call-id"] == call_id and message.status >= 200, within
        )

    def reply(
        self,
        to: Message,
        status: int,
        reason: str = "OK",
        *,
        tag: str = "there",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """Answer a request that came."""
        said = [(name, value) for name, value in to.headers if name in ("via", "call-id", "cseq", "from")]
        said.append(("to", to["to"] if to.tag else f"{to['to']};tag={tag}"))
        usual = {"contact": f"<sip:here@{self.at}>"} | dict(headers or {})
        self.send(text(f"SIP/2.0 {status} {reason}", [*said, *usual.items()], body))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        (self.responses if message.status else self.requests).add(message)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")
                if not head:
                    continue  # a line end that keeps the connection open
                size = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                self.datagram_received(head + await reader.readexactly(int(size[1]) if size else 0), self.box)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.responses.end("the box closed the connection")
            self.requests.end("the box closed the connection")


def literal(host: str) -> str:
    """An address as a URI has it."""
    return f"[{host}]" if ":" in host else host


def text(first: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """A message with its Content-Length, and a Content-Type (that of SDP unless given) when there is a body."""
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if body and not any(line.startswith("Content-Type") for line in lines):
        lines.append("Content-Type: application/sdp")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode(errors="surrogateescape") + body


def request(
    method: str,
    uri: str,
    wire: Wire,
    *,
    user: str = "stranger",
    to: str = "",
    call_id: str = "",
    cseq: int = 1,
    tag: str = "here",
    headers: Mapping[str, str | list[str]] | None = None,
    body: bytes = b"",
) -> bytes:
    """A request; `headers` add to the usual ones, or replace them ("" leaves one out)."""
    usual: dict[str, str | list[str]] = {
        "Via": f"SIP/2.0/{wire.transport} {wire.at};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards": "70",
        "From": f"<sip:{user}@{literal(wire.box[0])}>;tag={tag}",
        "To": to or f"<{uri}>",
        "Call-ID": call_id or secrets.token_hex(8),
        "CSeq": f"{cseq} {method}",
        "Contact": f"<sip:{user}@{wire.at}{';transport=tcp' if wire.transport == 'TCP' else ''}>",
    }
    usual |= headers or {}
    listed = ((name, value if isinstance(value, list) else [value]) for name, value in usual.items())
    return text(f"{method} {uri} SIP/2.0", ((name, one) for name, values in listed for one in values if one), body)


def authorization(
    challenge: Mapping[str, str],
    method: str,
    uri: str,
    user: str,
    password: str,
    *,
    nc: int | str = 1,
    leave_out: Iterable[str] = (),
    **lies: str,
) -> str:
    """The Authorization header of RFC 7616 for a challenge; `lies` replace what it says, counted into the answer."""
    said = {
        "username": user, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri,
        "algorithm": challenge.get("algorithm", "MD5"), "qop": "auth", "nc": nc if isinstance(nc, str) else f"{nc:08x}",
        "cnonce": secrets.token_hex(4),
    } | lies  # fmt: skip

    def hashed(value: str) -> str:
        return HASHES.get(said["algorithm"], hashlib.md5)(value.encode()).hexdigest()

    ha1, ha2 = hashed(f"{said['username']}:{said['realm']}:{password}"), hashed(f"{method}:{said['uri']}")
    if "qop" in leave_out:  # as RFC 2069 had it
        answer = hashed(f"{ha1}:{said['nonce']}:{ha2}")
    else:
        answer = hashed(":".join((ha1, said["nonce"], said["nc"], said["cnonce"], said["qop"], ha2)))
    said.setdefault("response", answer)
    bare = ("algorithm", "qop", "nc")
    return "Digest " + ", ".join(
        f"{name}={value}" if name in bare else f'{name}="{value}"'
        for name, value in said.items()
        if name not in leave_out
    )


def sdp(port: int = 40000, codecs: Mapping[int, str] | None = None, *, host: str = "127.0.0.1", way: str = "") -> bytes:
    """An offer or answer of one audio stream; codecs by payload type, e.g. {8: "PCMA/8000"}. way: sendonly, ..."""
    codecs = {8: "PCMA/8000", 101: "telephone-event/8000"} if codecs is None else codecs
    at = f"IN IP6 {host}" if ":" in host else f"IN IP4 {host}"
    lines = [
        "v=0", f"o=- 1 {secrets.randbits(30)} {at}", "s=-", f"c={at}", "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, codecs))}",
        *(f"a=rtpmap:{kind} {name}" for kind, name in codecs.items()),
        *([f"a={way}"] if way else []),
    ]  # fmt: skip
    return "\r\n".join([*lines, ""]).encode()
