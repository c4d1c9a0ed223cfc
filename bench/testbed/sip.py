# SPDX-License-Identifier: GPL-2.0-or-later
"""A SIP end point of one bare UDP socket, just enough for a call (RFC 3261), with the kernel's time of each datagram."""

import asyncio
import hashlib
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

SO_TIMESTAMPNS = 35  # linux/socket.h; struct timespec of CLOCK_REALTIME beside each datagram, taken by the kernel
TIMESPEC = struct.Struct("@ll")
BUFFER = 4 << 20  # bytes of the socket's receive buffer asked for
LOOPBACK = "127.0.0.1"
A_LAW, G722 = (8, "PCMA/8000"), (9, "G722/8000")  # RFC 3551: of G.722 the clock is told wrong, and stays so
OPUS = (107, "opus/48000/2")  # RFC 7587; the number is a wish, that of an offer counts
T1 = 0.5  # seconds before what was not answered is sent again, doubling; RFC 3261 section 17.1.1.1


class Message(NamedTuple):
    """A request or response; of a header that comes twice the first."""

    start: str
    headers: dict[str, str]  # by name in lower case
    body: str

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.start.split(" ", 2)[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Of a response: of what it answers."""
        return self.headers["cseq"].split()[1]


def parse(datagram: bytes) -> Message:
    head, _, body = datagram.decode().partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return Message(start, headers, body)


@dataclass(slots=True)
class Dialog:
    """One call as this end sees it. local and remote are what stands in From and To; times are ns since 1970."""

    call_id: str
    local: str
    remote: str
    target: str  # where requests go within the dialog
    caller: str  # user of the INVITE's From
    at: int  # when the INVITE was sent, or had come
    cseq: int = 1
    rtp: int = 0  # port the other end listens at, 0 as long as it has told none
    up: bool = False
    answered: int = 0  # when its 200 was sent, or had come
    kind: int = 0  # payload type by which the other end knows our codec
    invite: Message | None = None  # the one to be answered
    answer: str = ""  # the last, for one that is asked again
    via: str = ""


@dataclass
class Heard:
    """Who is told: nothing, as long as nobody is set."""

    invited: Callable[[Dialog], None] = lambda dialog: None
    trying: Callable[[Dialog, int], None] = lambda dialog, at: None
    up: Callable[[Dialog], None] = lambda dialog: None
    over: Callable[[Dialog, int], None] = lambda dialog, status: None  # status: of a refusal, 0 after a BYE


@dataclass
class Telephone:
    """An end point at `port` that speaks with `peer`. audio: where it says that it listens; 0 offers no direction, unless
    `direction` says another. codec: the one it has, payload type and name (RFC 3551)."""

    port: int
    peer: int
    audio: int = 0
    codec: tuple[int, str] = A_LAW
    direction: str = ""
    heard: Heard = field(default_factory=Heard)
    sent: int = 0
    again: int = 0  # of them sent because no answer came

    def __post_init__(self) -> None:
        self.dialogs: dict[str, Dialog] = {}
        self._count = 0
        self._registering: dict[str, asyncio.Future[Message]] = {}
        self._unanswered: dict[str, asyncio.TimerHandle] = {}  # by Call-ID and method
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._wire.setblocking(False)
        self._wire.bind((LOOPBACK, self.port))
        asyncio.get_running_loop().add_reader(self._wire, self._read)
        self.other: Callable[[bytes, int], None] | None = None  # takes what is no SIP, with its time

    def close(self) -> None:
        for timer in self._unanswered.values():
            timer.cancel()
        asyncio.get_running_loop().remove_reader(self._wire)
        self._wire.close()

    def send(self, text: str, to: int = 0) -> int:
        """The time just before."""
        self.sent += 1
        data = text.encode()
        at = time.time_ns()
        self._wire.sendto(data, (LOOPBACK, to or self.peer))
        return at

    def _insist(self, key: str, text: str, wait: float = T1) -> int:
        """Send until _answered(key); the time just before the first."""
        self._answered(key)
        self._unanswered[key] = asyncio.get_running_loop().call_later(wait, self._again, key, text, 2 * wait)
        return self.send(text)

    def _again(self, key: str, text: str, wait: float) -> None:
        self.again += 1
        self._insist(key, text, wait)

    def _answered(self, key: str) -> None:
        if timer := self._unanswered.pop(key, None):
            timer.cancel()

    # ---- what it does -----------------------------------------------------------------------------------------------

    async def challenged(self, user: str, within: float) -> Message:
        """The answer to a REGISTER without credentials. TimeoutError."""
        return await self._register(user, self._token(), 1, "", within, 3600)

    async def register(self, user: str, password: str, within: float = 5.0, expires: int = 3600) -> None:
        """Digest as RFC 7616 with MD5; 0 s ends it. TimeoutError, or ConnectionRefusedError when the answer is no."""
        call_id, head = self._token(), ""
        for cseq in range(1, 6):  # a nonce may be stale at once
            answer = await self._register(user, call_id, cseq, head, within, expires)
            if answer.status == 200:
                return
            if answer.status == 401:
                uri = f"sip:{LOOPBACK}:{self.peer}"
                head = f"Authorization: {credentials(answer, user, password, 'REGISTER', uri)}\r\n"
        raise ConnectionRefusedError(answer.start)

    async def _register(self, user: str, call_id: str, cseq: int, head: str, within: float, expires: int) -> Message:
        me = f"<sip:{user}@{LOOPBACK}:{self.peer}>"
        more = f"Contact: <sip:{user}@{LOOPBACK}:{self.port}>\r\nExpires: {expires}\r\n{head}"
        uri, via = f"sip:{LOOPBACK}:{self.peer}", self._via()
        self._registering[call_id] = asyncio.get_running_loop().create_future()
        self.send(self._request("REGISTER", uri, f"{me};tag={call_id}", me, call_id, cseq, via, more))
        async with asyncio.timeout(within):
            return await self._registering[call_id]

    def call(self, caller: str, called: str) -> Dialog:
        """Send an INVITE."""
        uri = f"sip:{called}@{LOOPBACK}:{self.peer}"
        local = f"<sip:{caller}@{LOOPBACK}:{self.port}>;tag={self._token()}"
        dialog = Dialog(self._token(), local, f"<{uri}>", uri, caller, 0, via=self._via())
        self.dialogs[dialog.call_id] = dialog
        contact = f"Contact: <sip:{caller}@{LOOPBACK}:{self.port}>\r\n"
        text = self._request("INVITE", uri, local, f"<{uri}>", dialog.call_id, 1, dialog.via, contact, self._sdp())
        dialog.at = self._insist(f"{dialog.call_id} INVITE", text)
        return dialog

    def ring(self, dialog: Dialog) -> None:
        self._reply(dialog, "180 Ringing", "")

    def answer(self, dialog: Dialog) -> None:
        dialog.answered = time.time_ns()
        self._reply(dialog, "200 OK", self._sdp(dialog.kind), until_ack=True)

    def hang_up(self, dialog: Dialog) -> None:
        """Send a BYE."""
        dialog.cseq += 1
        self._insist(f"{dialog.call_id} BYE", self._within(dialog, "BYE", self._via()))

    # ---- what it hears ----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            try:
                data, extra, _, _ = self._wire.recvmsg(65536, 64)
            except BlockingIOError:
                return
            seconds, ns = TIMESPEC.unpack(next(one[2] for one in extra if one[1] == SO_TIMESTAMPNS))
            at = seconds * 1_000_000_000 + ns
            if self.other and b"SIP/2.0" not in data[:400]:
                self.other(data, at)
                continue
            message = parse(data)
            if message.status:
                self._response(message, at)
            else:
                self._asked(message, at)

    def _asked(self, request: Message, at: int) -> None:
        dialog = self.dialogs.get(request.headers["call-id"])
        match request.method:
            case "INVITE" if dialog:
                if dialog.answer:
                    self.send(dialog.answer)
            case "INVITE":
                self._invited(request, at)
            case "ACK":
                self._answered(f"{request.headers['call-id']} 200")
                if dialog and dialog.invite and not dialog.up:
                    dialog.up = True
                    self.heard.up(dialog)
            case "BYE" | "CANCEL":
                self.send(response(request, "200 OK"))
                if dialog:
                    if request.method == "CANCEL":
                        self._reply(dialog, "487 Request Terminated", "")
                    self._over(dialog, 0)
            case _:
                self.send(response(request, "200 OK"))

    def _invited(self, request: Message, at: int) -> None:
        headers = request.headers
        dialog = Dialog(
            headers["call-id"], f"{headers['to']};tag={self._token()}", headers["from"], uri_of(headers["contact"]),
            user_of(headers["from"]), at, rtp=rtp_of(request.body), kind=kind_of(request.body, self.codec), invite=request,
        )  # fmt: skip
        self.dialogs[dialog.call_id] = dialog
        self.heard.invited(dialog)

    def _response(self, answer: Message, at: int) -> None:
        call_id, method = answer.headers["call-id"], answer.method
        self._answered(f"{call_id} {method}")
        if method == "REGISTER":
            if (asked := self._registering.pop(call_id, None)) and not asked.done():
                asked.set_result(answer)
            return
        dialog = self.dialogs.get(call_id)
        if not dialog:
            return
        if method == "BYE":
            self._over(dialog, 0)
        elif method == "INVITE" and answer.status < 200:
            self.heard.trying(dialog, at)
        elif method == "INVITE" and answer.status < 300:
            dialog.remote, dialog.target = answer.headers["to"], uri_of(answer.headers["contact"])
            dialog.rtp, dialog.kind = rtp_of(answer.body), kind_of(answer.body, self.codec)
            self.send(self._within(dialog, "ACK", self._via()))
            if not dialog.up:
                dialog.up, dialog.answered = True, at
                self.heard.up(dialog)
        elif method == "INVITE":  # refused
            dialog.remote = answer.headers["to"]
            self.send(self._within(dialog, "ACK", dialog.via))
            self._over(dialog, answer.status)

    def _over(self, dialog: Dialog, status: int) -> None:
        self._answered(f"{dialog.call_id} 200")
        if self.dialogs.pop(dialog.call_id, None):
            self.heard.over(dialog, status)

    # ---- text -------------------------------------------------------------------------------------------------------

    def _token(self) -> str:
        self._count += 1
        return f"{self.port}x{self._count}"

    def _via(self) -> str:
        return f"SIP/2.0/UDP {LOOPBACK}:{self.port};branch=z9hG4bK{self._token()}"

    def _request(
        self, method: str, uri: str, sender: str, to: str, call_id: str, cseq: int, via: str, more: str = "", body: str = "",
        kind: str = "application/sdp",
    ) -> str:  # fmt: skip
        kind = f"Content-Type: {kind}\r\n" if body else ""
        return (
            f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {sender}\r\nTo: {to}\r\n"
            f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _within(self, dialog: Dialog, method: str, via: str, more: str = "", body: str = "", kind: str = "") -> str:
        return self._request(
            method, dialog.target, dialog.local, dialog.remote, dialog.call_id, dialog.cseq, via, more, body, kind
        )

    def _reply(self, dialog: Dialog, status: str, body: str, *, until_ack: bool = False) -> None:
        assert dialog.invite
        dialog.answer = response(
            dialog.invite, status, to=dialog.local, contact=f"<sip:{LOOPBACK}:{self.port}>", body=body
        )
        if until_ack:
            self._insist(f"{dialog.call_id} 200", dialog.answer)
        else:
            self.send(dialog.answer)

    def _sdp(self, kind: int = 0) -> str:
        direction = self.direction or ("sendrecv" if self.audio else "inactive")
        wish, name = self.codec
        kind = kind or wish
        return (
            f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
            f"m=audio {self.audio or self.port} RTP/AVP {kind} 101\r\na=rtpmap:{kind} {name}\r\n"
            f"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n"
        )


def response(request: Message, status: str, *, to: str = "", contact: str = "", body: str = "") -> str:
    headers = request.headers
    more = f"Contact: {contact}\r\n" if contact else ""
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"SIP/2.0 {status}\r\nVia: {headers['via']}\r\nFrom: {headers['from']}\r\nTo: {to or headers['to']}\r\n"
        f"Call-ID: {headers['call-id']}\r\nCSeq: {headers['cseq']}\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    )


def credentials(challenge: Message, user: str, password: str, method: str, uri: str) -> str:
    """The Authorization header for a challenge with qop=auth and MD5."""
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.headers["www-authenticate"]))
    realm, nonce = asked["realm"], asked["nonce"]
    ha1, ha2 = md5(f"{user}:{realm}:{password}"), md5(f"{method}:{uri}")
    answer = md5(f"{ha1}:{nonce}:00000001:bench:auth:{ha2}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{answer}", '
        f'algorithm=MD5, qop=auth, nc=00000001, cnonce="bench"'
    )


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def uri_of(header: str) -> str:
    return header.partition("<")[2].partition(">")[0] if "<" in header else header.partition(";")[0]


def user_of(header: str) -> str:
    return uri_of(header).partition(":")[2].partition("@")[0]


def kind_of(sdp: str, codec: tuple[int, str]) -> int:
    """The payload type by which the other end knows a codec."""
    found = re.search(rf"^a=rtpmap:(\d+) {codec[1]}\b", sdp, re.MULTILINE | re.IGNORECASE)
    return int(found[1]) if found else codec[0]


def rtp_of(sdp: str) -> int:
    """Port of the audio line, 0 without one."""
    found = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
    return int(found[1]) if found else 0
