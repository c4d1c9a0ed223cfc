# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones and SIP trunks for call control: our extension's events and commands in the words of calls/ports.py."""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import quote

from appliance.calls.ports import Leg, Listener, Port, Vouched
from appliance.settings.guard import Guard
from appliance.settings.lines import SipLine
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets, registering
from appliance.settings.phones import Phone
from appliance.sip._sip import Endpoint, cause_of
from appliance.sip.certificate import Certificate
from appliance.sip.gateways import Binding, Gateways
from appliance.sip.hosts import addresses, at, literal, own_address, servers
from appliance.sip.names import Event, Heard, How

log = logging.getLogger("sip")

CODECS = {"opus": "opus/48000", "g722": "G722/16000", "pcma": "PCMA/8000", "pcmu": "PCMU/8000", "gsm": "GSM/8000"}
RESOLVE_EVERY = 300.0  # seconds between look-ups of a trunk's name; never while a call waits for it
TRANSPORTS = {"udp": "", "tcp": ";transport=tcp", "tls": ";transport=tls"}  # in a URI
SRTP = {"off": How(0), "optional": How.SRTP, "mandatory": How.SRTP | How.SRTP_ONLY}
QUALIFY = 30  # seconds between two questions whether a server is there, where there are others
LOG_LEVELS = {1: logging.ERROR, 2: logging.WARNING}

# Q.850 cause -> SIP status for a leg we refuse, RFC 3398 section 7.2.4.1; 480 for the rest
STATUS = {
    1: 404,
    17: 486,
    18: 480,
    19: 480,
    20: 480,
    21: 603,
    22: 410,
    25: 482,
    28: 484,
    34: 503,
    38: 503,
    41: 503,
    42: 503,
}


class Bindings(Protocol):
    """Where contacts are kept over a restart; expires_at in ms UTC."""

    def bind(self, phone: str, contact: str, source: str, expires_at: int, agent: str) -> None: ...
    def unbind(self, phone: str, contact: str) -> None: ...
    def flush(self) -> None: ...


class Bans(Protocol):
    """Who is told of addresses banned; until in ms UTC."""

    def banned(self, address: str, why: str, times: int, until: int) -> None: ...
    def lifted(self, address: str, why: str) -> None: ...


class Telephony:
    """The SIP side of the box; satisfies calls.ports.Telephony. start() raises SipError when it cannot listen."""

    def __init__(
        self,
        listener: Listener,
        bindings: Bindings,
        *,
        opened: Callable[[], None],
        died: Callable[[str], None],
        bans: Bans | None = None,
    ) -> None:
        """opened: called once requests are answered. died: called with why when nothing is any longer."""
        self._listener, self._bindings, self._opened, self._died, self._bans = listener, bindings, opened, died, bans
        self._endpoint: Endpoint | None = None
        self._contacts: dict[str, dict[str, Binding]] = {}  # phone -> contact -> binding
        self._phones: dict[str, tuple[str, str, How]] = {}  # phone -> its two HA1, and how it is spoken with
        self._lines: dict[str, tuple[SipLine, str]] = {}  # line -> what is set, and its password
        self._trunks: dict[str, tuple[SipLine, str]] = {}  # those of them that the settings say where they are
        self._gateways = Gateways()
        self._usable: dict[str, bool] = {}
        self._guard: Guard | None = None
        self._realm, self._six = "", False
        self._resolving: dict[str, asyncio.Task[None]] = {}
        self.sounds: Callable[[Leg, int, int, str], None] = lambda leg, code, ms, why: (
            None
        )  # names.Stall, of lines' legs
        self.watched: Callable[[str, str, bool], None] = lambda package, resource, on: None  # see publish()
        self._unread: deque[Event] = deque()
        self._unpublished: dict[tuple[str, str], str] = {}  # before the start: known when the first request is let in

    def start(
        self, settings: Settings, secrets: Secrets, known: Iterable[Binding], certificate: Certificate | None = None
    ) -> None:
        """Listen, let the telephones and trunks of the settings in, and put back the contacts known before."""
        sip = settings.sip
        self._realm, self._six = own_address(sip.listen), sip.listen6 is not None
        endpoint = Endpoint(
            sip.listen,
            sip.port,
            self._realm,
            *sip.rtp_ports,
            sip.user_agent,
            [CODECS[name] for name in sip.codecs],
            min_expires=sip.expires_min,
            max_expires=sip.expires_max,
            silent_after=sip.silent_after,
            session_expires=sip.session_expires,
            tls_port=sip.tls_port if certificate else 0,
            certificate=str(certificate.file) if certificate else "",
            key=str(certificate.key) if certificate else "",
            authorities=sip.authorities if certificate and Path(sip.authorities).exists() else "",
            digest="both" if len(set(sip.digest)) == 2 else sip.digest[0],
            relay=sip.relay,
            listen6=sip.listen6 or "",
            name6=own_address(sip.listen6) if sip.listen6 else "",
        )
        self._endpoint = endpoint
        asyncio.get_running_loop().add_reader(endpoint.fileno(), self._read)
        self.configure(settings, secrets)
        for one in known:
            endpoint.bind(one.phone, one.contact, one.target, one.agent, one.expires)
        for (package, resource), body in self._unpublished.items():
            endpoint.publish(package, resource, body)
        self._unpublished.clear()
        endpoint.open()

    def refuse_calls(self) -> None:
        """Whoever calls from now on is told to come again in some seconds."""
        if self._endpoint:
            self._endpoint.open(False)

    async def close(self) -> None:
        """Hang up what is left, leave the trunks."""
        for task in self._resolving.values():
            task.cancel()
        self._resolving.clear()
        if endpoint := self._endpoint:
            self._endpoint = None
            asyncio.get_running_loop().remove_reader(endpoint.fileno())
            await asyncio.to_thread(endpoint.close)

    def configure(self, settings: Settings, secrets: Secrets) -> None:
        """Telephones and trunks as the settings have them now; what stayed the same is not touched."""
        self._gateways.configure(settings)
        phones = {
            name: (*self._ha1(name, password), of_phone(settings.phone[name]) if name in settings.phone else How.LINE)
            for name, password in registering(settings, secrets)
        }
        for name, was in self._phones.items():
            new = phones.get(name)
            if new is None or (new != was and (new[2] | was[2]) & How.LINE):  # a line is where its password is known
                self._sip.remove_phone(name)
                self._contacts.pop(name, None)
        for name, ha1 in phones.items():
            if self._phones.get(name) != ha1:
                self._sip.set_phone(name, *ha1)
        self._phones = phones
        self._trunks = {
            name: (line, password.get_secret_value() if known and (password := known.password) else "")
            for name, line in settings.line.items()
            if isinstance(line, SipLine)
            for known in [secrets.line.get(name)]
        }
        self._set_lines()
        if self._guard != settings.guard:
            self._guard = guard = settings.guard
            never = " ".join(guard.never)
            self._sip.guard(guard.mode != "off", guard.passwords, guard.requests, guard.ban_for, never)

    def _set_lines(self) -> None:
        """The trunks of the settings, and gateways where they are now."""
        lines = self._trunks | {name: (line, "") for name, line in self._gateways.trunks(self._contacts).items()}
        for name in self._lines.keys() - lines.keys():
            self._stop_resolving(name)
            self._sip.remove_trunk(name)
            if name not in self._gateways:
                self._usable.pop(name, None)
        for name, line in lines.items():
            if self._lines.get(name) != line:
                self._stop_resolving(name)
                self._usable.pop(name, None)
                where = servers(line[0])
                if all(literal(host) for host, _ in where):
                    self._set_trunk(name, *line, [[at(host, port)] for host, port in where])
                else:
                    self._resolving[name] = asyncio.create_task(self._keep_trunk(name, *line), name=f"trunk {name}")
        self._lines = lines
        for name in self._gateways.accounts.values():
            if name not in lines:
                self._line(name, False, "not-registered")

    @property
    def _sip(self) -> Endpoint:
        if not self._endpoint:
            raise RuntimeError("telephony is not started")
        return self._endpoint

    def _ha1(self, user: str, password: str) -> tuple[str, str]:
        text = f"{user}:{self._realm}:{password}".encode()
        return hashlib.md5(text).hexdigest(), hashlib.sha256(text).hexdigest()

    def _stop_resolving(self, name: str) -> None:
        if task := self._resolving.pop(name, None):
            task.cancel()

    def _set_trunk(self, name: str, line: SipLine, password: str, found: list[list[str]]) -> None:
        """found: the addresses of each of its servers."""
        where = " | ".join(" ".join(addresses) for addresses in found)
        expires = line.expires if line.registers else 0
        qualify = line.qualify or (QUALIFY if len(found) > 1 else 0)
        uri = f"sip:{at(line.host, line.port)}{TRANSPORTS[line.transport]}"
        names = " ".join({line.host, *(host for host, _ in servers(line))})
        how = of_line(line) | (How.LINE if name in self._gateways.accounts.values() else How(0))
        self._sip.set_trunk(name, uri, line.user or "", password, where, expires, qualify, how, names)

    async def _keep_trunk(self, name: str, line: SipLine, password: str) -> None:
        """Tell the SIP thread where a trunk with a name is, again whenever its name leads elsewhere."""
        known: list[list[str]] = []
        while True:
            each = [[at(one, port) for one in await addresses(host, self._six)] for host, port in servers(line)]
            found = [one for one in each if one]
            if found and found != known:
                known = found
                self._set_trunk(name, line, password, found)
            elif not found and not known:
                self._line(name, False, f"{', '.join(host for host, _ in servers(line))} is not known to DNS")
            await asyncio.sleep(RESOLVE_EVERY if known else RESOLVE_EVERY / 30)

    # ---- commands ---------------------------------------------------------------------------------------------------

    def contacts(self, phone: str) -> list[Binding]:
        return list(self._contacts.get(phone, {}).values())

    def ring_phone(self, phone: str, number: str, name: str, at_once: bool = False) -> list[Leg]:
        how = self._phones[phone][2] if phone in self._phones else How(0)
        legs = [
            self._sip.call("", one.target, number or "anonymous", name, at_once, "", how)
            for one in self.contacts(phone)
        ]
        return [leg for leg in legs if leg]

    def dial(
        self,
        line: str,
        number: str,
        caller: str,
        name: str,
        *,
        withheld: bool = False,
        diverted: str = "",
        anyway: bool = False,
    ) -> Leg:
        if not (self._usable.get(line) or anyway) or line not in self._lines:
            return 0
        table = self._lines[line][0]
        if line in self._gateways:  # it knows no caller but its own lines, and of hiding them what their exchange knows
            if (told := self._gateways.dialled(line, number, withheld)) is None:
                return 0
            number, withheld, diverted = told, False, ""
        host = f"[{table.host}]" if ":" in table.host else table.host
        user = quote(number, safe="+*")  # what a caller asked for must not become a part of the address
        headers = []
        if withheld:  # RFC 3323, 3325: the trunk knows who calls, and tells nobody
            headers += ["Privacy: id", f"P-Asserted-Identity: <sip:{quote(caller, safe='+*')}@{host}>"]
            caller, name = "anonymous", "Anonymous"
        if diverted:  # RFC 5806, and RFC 7044 for those who want that
            by = f"<sip:{quote(diverted, safe='+*')}@{host}>"
            headers.append(f"Diversion: {by};reason=unconditional;counter=1")
            headers.append(f"History-Info: {by};index=1, <sip:{user}@{host};cause=302>;index=1.1")
        target = f"sip:{user}@{host}:{table.port}{TRANSPORTS[table.transport]}"
        return self._sip.call(line, target, caller, name, False, "\n".join(headers))

    def ringing(self, leg: Leg) -> None:
        self._sip.progress(leg, 180)

    def early(self, leg: Leg) -> None:
        self._sip.progress(leg, 183)

    def answer(self, leg: Leg) -> None:
        self._sip.answer(leg)

    def hang_up(self, leg: Leg, cause: int) -> None:
        self._sip.hang_up(leg, STATUS.get(cause, 480), cause)

    def press(self, leg: Leg, digits: str) -> None:
        self._sip.digits(leg, digits)

    def show(self, leg: Leg, number: str, name: str) -> None:
        self._sip.show(leg, number or "anonymous", name)

    def play(self, path: str, repeat: bool) -> Port:
        return self._sip.play(path, repeat)

    def record(self, path: str) -> Port:
        return self._sip.record(path)

    def tape(self, leg: Leg, rate: int, sounds: bool, a_law: bool) -> Port:
        return self._sip.tape(leg, rate, sounds, a_law)

    def pause(self, tape: Port, on: bool) -> None:
        self._sip.pause(tape, on)

    def stop(self, port: Port) -> None:
        self._sip.stop(port)

    def hear(self, listener: int, source: int) -> None:
        self._sip.hear(listener, source)

    def unhear(self, listener: int, source: int) -> None:
        self._sip.unhear(listener, source)

    def line(self) -> Leg:
        return self._sip.line()

    def line_sound(self, leg: Leg, tty: int) -> None:
        self._sip.line_sound(leg, tty)

    def line_card(self, leg: Leg, channel: int, copy: int, law: int) -> None:
        self._sip.line_card(leg, channel, copy, law)

    def line_uac(self, leg: Leg, card: str) -> None:
        self._sip.line_uac(leg, card)

    def line_silent(self, leg: Leg) -> None:
        self._sip.line_silent(leg)

    def line_closed(self, leg: Leg) -> None:
        self._sip.line_closed(leg)

    def line_digit(self, leg: Leg, digit: str) -> None:
        self._sip.line_digit(leg, digit)

    def publish(self, package: str, resource: str, body: str) -> None:
        if self._endpoint:
            self._endpoint.publish(package, resource, body)
        else:
            self._unpublished[package, resource] = body

    def referred(self, leg: Leg, status: int) -> None:
        self._sip.referred(leg, status)

    def lift(self, address: str) -> None:
        """Ban an address no longer, "" for all; Bans.lifted() tells that it is done."""
        self._sip.lift(address)

    def sync(self, phone: str) -> None:
        """Ask a telephone to start anew and fetch its settings, wherever it is registered."""
        self._sip.sync(phone)

    # ---- events -----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """What is asked of the SIP thread because of what it told wakes it once."""
        sip = self._sip
        self._unread.extend(sip.events())
        sip.hold(True)
        try:
            while self._unread:
                self._take(self._unread.popleft())
        finally:
            sip.hold(False)
            if self._unread:  # one that fails is told by the loop and takes none of the others with it
                asyncio.get_running_loop().call_soon(self._read)

    def _take(self, event: Event) -> None:
        kind, handle, code, value, _, text = event
        listener = self._listener
        match kind:
            case Heard.INCOMING:
                number, vouched = withheld(text[2]), vouches(text[6], text[7])
                phone, called = text[0] == "phone", text[4]
                if not phone:
                    number = self._gateways.caller(text[1], number, vouched.number)
                    called = self._gateways.called(text[1], called)
                listener.incoming(handle, text[1], phone, number, text[3], called, vouched, value)
            case Heard.EARLY:
                (listener.early if value else listener.rang)(handle)
            case Heard.DIVERTED:
                listener.diverted(handle, text[0])
            case Heard.ANSWERED:
                listener.answered(handle)
            case Heard.OVER:
                log.debug("leg %x is over: %d %s", handle, code, text[0])
                listener.over(handle, value or cause_of(code))
            case Heard.DIGIT:
                listener.digit(handle, chr(code))
            case Heard.HELD:
                listener.held(handle, bool(code))
            case Heard.TRANSFER:
                listener.transfer(handle, text[0], value)
            case Heard.PLAYED:
                listener.played(handle)
            case Heard.STOPPED:
                listener.stopped(handle, text[0])
            case Heard.SOUND:
                self.sounds(handle, code, value, text[0])
            case Heard.AUDIO:
                log.debug("leg %x has audio %s", handle, text[0])
            case Heard.BOUND:
                self._bound(Binding(text[0], text[1], text[2], text[3], value))
            case Heard.UNBOUND:
                self._unbound(text[0], text[1], text[2])
            case Heard.TRUNK if text[0] in self._lines:
                self._line(text[0], 200 <= code < 300 and (value > 0 or not self._registers(text[0])), text[1])
            case Heard.REFUSED:
                log.info("%s from %s (%s) refused with %d: %s", text[0], text[3], text[2], code, text[1])
            case Heard.BANNED:
                log.warning("%s is banned for %s, the %d. time", text[0], text[1], code)
                if self._bans:
                    self._bans.banned(text[0], text[1], code, value * 1000)
            case Heard.LIFTED:
                log.info("%s is banned no longer: %s", text[0], text[1])
                if self._bans:
                    self._bans.lifted(text[0], text[1])
            case Heard.WATCHED:
                self.watched(text[1], text[0], bool(code))
            case Heard.LOG:
                log.log(LOG_LEVELS.get(code, logging.DEBUG), "%s", text[0])
            case Heard.OPEN:
                self._opened()
            case Heard.DEAD:
                self._died(text[0])

    def _bound(self, binding: Binding) -> None:
        new = binding.contact not in self._contacts.get(binding.phone, {})
        self._contacts.setdefault(binding.phone, {})[binding.contact] = binding
        self._bindings.bind(binding.phone, binding.contact, binding.target, binding.expires * 1000, binding.agent)
        if new:
            self._bindings.flush()  # a telephone told that it is registered must be so after a power cut too
            log.info("%s registered at %s (%s)", binding.phone, binding.target, binding.agent)
        self._registered(binding.phone)

    def _unbound(self, phone: str, contact: str, why: str) -> None:
        self._contacts.get(phone, {}).pop(contact, None)
        self._bindings.unbind(phone, contact)
        log.info("%s is no longer at %s: %s", phone, contact, why)
        self._registered(phone)

    def _registered(self, who: str) -> None:
        bindings = self.contacts(who)
        last = max(bindings, key=lambda one: one.expires, default=None)
        known = [one.contact for one in bindings], last.agent if last else "", last.expires * 1000 if last else None
        if line := self._gateways.accounts.get(who):
            self._listener.gateway(line, *known)
            self._set_lines()
        else:
            self._listener.phone(who, *known)

    def _registers(self, line: str) -> bool:
        return line in self._lines and self._lines[line][0].registers

    def _line(self, line: str, usable: bool, why: str) -> None:
        if self._usable.get(line) is not usable:
            self._usable[line] = usable
            log.log(
                logging.INFO if usable else logging.WARNING, "line %s is %s %s", line, "up" if usable else "down", why
            )
            self._listener.line(line, usable, why)


def withheld(number: str) -> str:
    """The number as it came, "" for the ways of saying that it is not told (RFC 3323 section 4.1)."""
    return "" if number.lower() in ("anonymous", "unavailable", "unknown", "restricted", "private") else number


def vouches(asserted: str, verstat: str) -> Vouched:
    """asserted: of P-Asserted-Identity, whose verstat it is when it is there: one that hides its number vouches for none."""
    number, found = withheld(asserted), stir(verstat)
    return Vouched(number, "" if asserted and not number and found == "passed" else found)


def stir(verstat: str) -> Literal["", "passed", "failed"]:
    """What a verstat (TS 24.229, 7.2A.20) comes to; "" for none, and where nothing was checked."""
    match verstat.lower().removeprefix("tn-validation-").partition("-")[0]:
        case "passed":
            return "passed"
        case "failed":
            return "failed"
    return ""


def of_phone(phone: Phone) -> How:
    return SRTP[phone.srtp] | (How.PROOF if phone.tls else How(0))


def of_line(line: SipLine) -> How:
    how = SRTP[line.srtp] | {"udp": How(0), "tcp": How.TCP, "tls": How.TLS}[line.transport]
    return how | (How.PROOF if line.verify else How(0)) | (How.LATE_OFFER if line.late_offer else How(0))
