# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone, or the world outside, made of PJSIP: one process that takes JSON lines and tells JSON lines.

Commands: register, call, answer, answer-after, decline, hang-up, press, hold, resume, transfer, join, listen. The end of
standard input ends the process.
All of pjsua2 is called from one thread; a Call object is kept until PJSIP has said that the call is over. What pjsua2
hands out of another of its objects (`getInfo().media`) is freed with it, so that the outer one is kept by name meanwhile.
"""

import argparse
import functools
import json
import os
import re
import select
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import pjsua2 as pj  # type: ignore[import-untyped]
except ImportError as error:
    sys.exit(f"PJSIP's Python bindings are missing ({error}); `make setup` builds them")

KEPT = 10  # recordings: a demo may run for days
IDENTITY = re.compile(
    r'^P-Asserted-Identity: *(?:"(?P<name>.*)" *)?<sips?:(?P<number>[^@>]*)@', re.MULTILINE
)  # RFC 3325
AT_ONCE = "answer-after=0"  # in an INVITE, of a telephone that is to answer by itself
POLL = 10  # milliseconds PJSIP may wait for packets before standard input is looked at again


_told = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # PJSIP writes its log to standard output, from its first call on


def tell(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, "at": time.time(), **fields}), file=_told)


def callback(method: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """The outer edge of what PJSIP calls: it would swallow an exception without a word."""

    @functools.wraps(method)
    def guarded(self: Any, told: Any) -> None:
        try:
            method(self, told)
        except Exception as error:
            traceback.print_exc()
            tell("failed", command=method.__qualname__, why=repr(error))

    return guarded


class Call(pj.Call):  # type: ignore[misc]
    """One call of this telephone; it speaks and records from the moment audio flows."""

    def __init__(self, account: "Account", number: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, number)
        self.phone, self.rang_at = account.phone, float("inf")
        self.held = False  # by us
        self._record: pj.AudioMediaRecorder | None = None
        self._file = ""

    @callback
    def onCallState(self, _: object) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            tell("ringing-there", call=self.getId())
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            tell("talking", call=self.getId())
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._record = None  # closes the file
            self.phone.calls.remove(self)
            self.phone.listening.pop(self, None)
            self.phone.over.append(self)
            tell("over", call=self.getId(), code=info.lastStatusCode, reason=info.lastReason, heard=self._file)

    @callback
    def onCallMediaState(self, _: object) -> None:
        info = self.getInfo()
        if [media.status for media in info.media] != [pj.PJSUA_CALL_MEDIA_ACTIVE]:  # one stream of audio was offered
            tell("no-audio", call=self.getId(), statuses=[media.status for media in info.media])
            return
        media = self.getAudioMedia(0)
        self.phone.player.startTransmit(media)
        if self._record is None:
            self._file = str(self.phone.take())
            self._record = pj.AudioMediaRecorder()
            self._record.createRecorder(self._file)
            tell("audio", call=self.getId(), codec=self.getStreamInfo(0).codecName)
        media.startTransmit(self._record)

    @callback
    def onCallTsxState(self, told: Any) -> None:
        state = told.e.body.tsxState
        if state.type == pj.PJSIP_EVENT_RX_MSG and (said := IDENTITY.search(state.src.rdata.wholeMsg)):
            tell("shows", call=self.getId(), name=said["name"] or "", number=said["number"])

    @callback
    def onCallTransferStatus(self, told: Any) -> None:
        if told.finalNotify:
            tell("transfer", call=self.getId(), code=told.statusCode)

    @callback
    def onDtmfDigit(self, told: Any) -> None:
        tell("key", call=self.getId(), key=told.digit)

    def respond(self, code: int, **headers: str) -> None:
        self.rang_at = float("inf")
        self.answer(operation(code, **headers))


class Account(pj.Account):  # type: ignore[misc]
    """An identity calls are made with and come in by."""

    def __init__(self, phone: "Phone") -> None:
        super().__init__()
        self.phone = phone

    @callback
    def onRegState(self, told: Any) -> None:
        if told.expiration:
            tell("registered" if told.code == 200 else "not-registered", code=told.code, reason=told.reason)

    @callback
    def onIncomingCall(self, told: Any) -> None:
        call = Call(self, told.callId)
        self.phone.calls.append(call)
        call.answer(operation(180))
        call.rang_at = time.monotonic()
        tell("rings", call=told.callId, caller=call.getInfo().remoteUri, called=call.getInfo().localUri)
        if AT_ONCE in told.rdata.wholeMsg:
            call.respond(200)


class Phone:
    """The endpoint: its identities, its calls, what it says."""

    def __init__(self, folder: Path, says: str, port: int, rtp: int, codecs: list[str]) -> None:
        self.folder, self.takes = folder, 0
        self.answer_after: float | None = None
        self.calls: list[Call] = []
        self.listening: dict[Call, tuple[float, pj.AudioMediaRecorder, str]] = {}  # until when, into what
        self.closing: list[str] = []
        self.over: list[Call] = []  # kept till the callback that ended them has returned
        self.accounts: dict[str, Account] = {}
        self.port, self.rtp = port, rtp
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        settings = pj.EpConfig()
        settings.uaConfig.threadCnt, settings.uaConfig.mainThreadOnly = 0, True
        settings.uaConfig.userAgent = "Linekeeper demo telephone"
        settings.medConfig.clockRate, settings.medConfig.sndClockRate = 16000, 16000
        settings.medConfig.noVad, settings.medConfig.ecTailLen = True, 0
        settings.logConfig.level = settings.logConfig.consoleLevel = 3
        self.endpoint.libInit(settings)
        wire = pj.TransportConfig()
        wire.port, wire.boundAddress = port, "127.0.0.1"
        self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, wire)
        self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_TCP, wire)
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        for codec in self.endpoint.codecEnum2():
            wanted = [n for n, name in enumerate(codecs) if codec.codecId.lower().startswith(name.lower())]
            self.endpoint.codecSetPriority(codec.codecId, 200 - wanted[0] if wanted else 0)
        self.player = pj.AudioMediaPlayer()
        self.player.createPlayer(says)
        self.identity(f"sip:anybody@127.0.0.1:{port}")  # calls to whatever user at this address are taken

    def identity(
        self, uri: str, registrar: str = "", user: str = "", password: str = "", secret: bool = False
    ) -> Account:
        """The account of this URI, made at first use; registers when a registrar is given.

        secret: over TLS, whatever the certificate, and with encrypted sound alone."""
        if uri in self.accounts:
            return self.accounts[uri]
        settings = pj.AccountConfig()
        settings.idUri = uri
        settings.natConfig.contactRewriteUse = settings.natConfig.viaRewriteUse = 0
        settings.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        settings.mediaConfig.transportConfig.port = self.rtp
        settings.mediaConfig.transportConfig.portRange = 40
        if registrar:
            settings.regConfig.registrarUri = f"sip:{registrar}"
            settings.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        if secret:
            wire = pj.TransportConfig()
            wire.boundAddress = "127.0.0.1"
            self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, wire)
            settings.regConfig.registrarUri += ";transport=tls"
            settings.sipConfig.proxies.append(f"sip:{registrar};transport=tls;lr")
            settings.mediaConfig.srtpUse, settings.mediaConfig.srtpSecureSignaling = pj.PJMEDIA_SRTP_MANDATORY, 0
        account = self.accounts[uri] = Account(self)
        account.create(settings)
        return account

    def take(self, name: str = "heard") -> Path:
        """Where the next recording goes; the oldest one makes room for it."""
        self.takes += 1
        for old in self.folder.glob(f"*-{self.takes - KEPT}.wav"):
            old.unlink()
        return self.folder / f"{name}-{self.takes}.wav"

    def do(self, command: dict[str, Any]) -> None:
        match command:
            case {"do": "register", "registrar": registrar, "user": user, "password": password, "secret": secret}:
                self.identity(f"sip:{user}@{registrar}", registrar, user, password, secret)
            case {"do": "call", "to": to, "from": identity, **more}:
                call = Call(self.identity(identity))
                self.calls.append(call)
                call.makeCall(to, operation(0, Replaces=str(more.get("replaces", ""))))
            case {"do": "answer"}:
                self.ringing().respond(200)
            case {"do": "answer-after", "seconds": seconds}:
                self.answer_after = seconds
            case {"do": "decline", "code": code, "instead": instead}:
                self.ringing().respond(code, Contact=f"<{instead}>" if instead else "")
            case {"do": "hang-up"}:
                for call in list(self.calls):
                    call.hangup(operation(0))
            case {"do": "press", "keys": keys}:
                self.talking().dialDtmf(keys)
            case _:
                self.do_in_call(command)

    def do_in_call(self, command: dict[str, Any]) -> None:
        match command:
            case {"do": "hold"}:
                call = self.talking()
                call.held = True
                call.setHold(operation(0))
            case {"do": "resume"}:
                call = next(call for call in self.calls if call.held)
                call.held, again = False, operation(0)
                again.opt.flag = pj.PJSUA_CALL_UNHOLD
                call.reinvite(again)
            case {"do": "transfer", "to": to}:
                self.talking().xfer(to, operation(0))
            case {"do": "join"}:
                next(call for call in self.calls if call.held).xferReplaces(self.talking(), operation(0))
            case {"do": "listen", "seconds": seconds}:
                self.listen(self.talking(), seconds)
            case _:
                tell("not-understood", command=command)

    def ringing(self) -> Call:
        """The call that rings; the first when none does."""
        return next((call for call in self.calls if call.rang_at < float("inf")), self.calls[0])

    def talking(self) -> Call:
        """The latest call that we neither hold nor let ring."""
        return [call for call in self.calls if not call.held and call.rang_at == float("inf")][-1]

    def listen(self, call: Call, seconds: float) -> None:
        """Record what is heard from now on, for so long."""
        file, recorder = str(self.take("listened")), pj.AudioMediaRecorder()
        recorder.createRecorder(file)
        call.getAudioMedia(0).startTransmit(recorder)
        self.listening[call] = (time.monotonic() + seconds, recorder, file)

    def listened(self) -> None:
        for call in [call for call, (until, _, _) in self.listening.items() if until <= time.monotonic()]:
            self.closing.append(self.listening.pop(call)[2])  # without its recorder the file is closed, soon
        for file in [file for file in self.closing if is_whole(file)]:
            self.closing.remove(file)
            tell("listened", file=file)

    def run(self) -> None:
        """Until standard input ends."""
        tell("ready", port=self.port)
        unread = b""
        while True:
            self.endpoint.libHandleEvents(POLL)
            self.over.clear()
            self.answer_due()
            self.listened()
            while select.select([0], [], [], 0)[0]:
                part = os.read(0, 65536)
                if not part:
                    return
                *lines, unread = (unread + part).split(b"\n")
                for line in lines:
                    self.obey(line)

    def answer_due(self) -> None:
        """Answer what has rung long enough, also when it rang before it was said how long."""
        if self.answer_after is not None:
            for call in [call for call in self.calls if call.rang_at + self.answer_after <= time.monotonic()]:
                call.respond(200)

    def obey(self, line: bytes) -> None:
        """Carry out one line; what PJSIP refuses is told, and the telephone goes on."""
        try:
            self.do(json.loads(line))
        except (pj.Error, IndexError, StopIteration, ValueError) as error:
            why = error.info() if isinstance(error, pj.Error) else str(error)
            tell("failed", command=line.decode(errors="replace"), why=why)

    def close(self) -> None:
        for call in list(self.calls):
            call.hangup(operation(0))
        deadline = time.monotonic() + 1.0
        while self.calls and time.monotonic() < deadline:
            self.endpoint.libHandleEvents(POLL)
        self.calls.clear()
        self.over.clear()
        self.listening.clear()
        for account in self.accounts.values():
            account.shutdown()
        self.accounts.clear()
        del self.player
        self.endpoint.libDestroy()


def is_whole(wav: str) -> bool:
    """Whether a recording has its length in its header, which is written last."""
    with open(wav, "rb") as file:
        return int.from_bytes(file.read(8)[4:], "little") == os.path.getsize(wav) - 8


def operation(code: int, **headers: str) -> pj.CallOpParam:
    """Audio alone, this SIP status, and headers that are not empty: Replaces, the dialog whose place is taken (RFC 3891)."""
    told = pj.CallOpParam(True)
    for name, value in ((name, value) for name, value in headers.items() if value):
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        told.txOption.headers.append(header)
    told.statusCode = code
    told.opt.audioCount, told.opt.videoCount, told.opt.textCount = 1, 0, 0
    return told


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, required=True, help="where recordings go")
    arguments.add_argument("--says", required=True, help="16-bit mono WAV said over and over")
    arguments.add_argument("--port", type=int, required=True, help="SIP, UDP and TCP")
    arguments.add_argument("--rtp", type=int, required=True, help="first of 40 ports")
    arguments.add_argument("--codecs", default="PCMA,PCMU,telephone-event", help="in order of preference")
    given = arguments.parse_args()
    try:
        phone = Phone(given.folder, given.says, given.port, given.rtp, given.codecs.split(","))
    except pj.Error as error:
        sys.exit(f"the telephone does not start with port {given.port} and {given.says}: {error.reason}")
    try:
        phone.run()
    except KeyboardInterrupt:
        pass
    finally:
        phone.close()


if __name__ == "__main__":
    main()
