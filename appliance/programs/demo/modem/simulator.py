# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem on a pty: the dialects and the bad manners of real ones, written from their manuals and from what users report.

It shares nothing with the code that talks to it. `link` is where it is plugged in, and stays when its pty has another
number. A test scripts the far end: ring(), far_answers(), far_hangs_up(), text_comes(), unplug().
"""

import asyncio
import os
import re
import tty
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.programs.demo.modem.dialects import CARD_ON, CLCC, COMMON, SOUND_OFF, SOUND_ON, Dialect


class Far(Protocol):
    """Who is heard through its port for sound."""

    quiet: bool


@dataclass
class Call:
    id: int
    coming: bool
    number: str
    state: str

    @property
    def kind(self) -> int:
        return 145 if self.number.startswith("+") else 129 if self.number else 128


class Network(Protocol):
    """Who is told what a modem does, and does the same to whoever it talks with."""

    def dialled(self, modem: "Simulator", number: str) -> None: ...
    def answered(self, modem: "Simulator") -> None: ...
    def over(self, modem: "Simulator") -> None: ...
    def pressed(self, modem: "Simulator", keys: str) -> None: ...


class Simulator:
    """One modem. What is wrong with it can be changed at any time."""

    def __init__(self, dialect: Dialect, link: Path, number: str = "350000000000006") -> None:
        self.dialect, self.link, self.serial = dialect, link, number
        self.echo = True  # until ATE0, unless it will not stop
        self.keeps_echo = False
        self.mute = False  # takes everything and says nothing
        self.mute_for = 0  # so many commands
        self.late = 0.0  # s after which the next command is answered, as if nothing had been
        self.noise = b""  # in front of every line
        self.between: list[str] = []  # said inside the next answer that has data
        self.number_from_ring = 1  # +CLIP comes from this ring on
        self.tells_numbers = True
        self.ring_every = 3.0  # s
        self.hides_numbers = False  # the list of calls says none
        self.prompt_sticks = False  # takes a message text and stays in it until ESC
        self.refuses: set[str] = set()
        self.pin, self.locked, self.tries = "", False, 3
        self.registered = True
        self.abroad = False
        self.diverts_to = ""  # who calls while we talk
        self.memory: dict[int, str] = {}  # of the SIM, by place
        self.places = 255
        self.centre: deque[str] = deque()  # messages that the network holds until there is room, or the modem is back
        self.sent: list[str] = []  # PDUs of ours
        self.heard: list[str] = []  # commands
        self.keys = ""
        self.levels = {command: now for command, (now, _) in dialect.levels.items()}
        self.calls: list[Call] = []
        self.replies: dict[str, str] = {}  # to codes
        self.far: Far | None = None  # who is heard through its port for sound
        self.network: Network | None = None  # other modems are called by it; else a test does all that the far end does
        self.card: Far | None = None  # who is through its sound card
        self.sound_once = False  # until it is started anew, sound is given to one call alone
        self.sounded = False
        self.in_text = False
        self.rest = b""
        self.unsaid = bytearray()  # what the cable has not taken yet
        self.master = self.slave = -1
        self.ringing: asyncio.Task[None] | None = None
        self.asked = asyncio.Condition()

    # The cable

    def plug(self) -> None:
        """Into a pty of a new number, at the same place."""
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.rest, self.in_text, self.echo = b"", False, True
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))
        asyncio.get_running_loop().add_reader(self.master, self.readable)
        self.take_more()

    def unplug(self) -> None:
        """Calls end, and nobody is told."""
        if self.master < 0:
            return
        self.stop_ringing()
        asyncio.get_running_loop().remove_reader(self.master)
        asyncio.get_running_loop().remove_writer(self.master)
        self.unsaid.clear()
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1
        self.calls = []
        self.link.unlink(missing_ok=True)

    def write(self, text: str) -> None:
        if self.master >= 0 and not self.mute:
            self.unsaid += text.encode("latin-1")
            self.go_on()

    def go_on(self) -> None:
        """Say what the cable takes, and the rest when it takes more."""
        loop = asyncio.get_running_loop()
        loop.remove_writer(self.master)
        try:
            del self.unsaid[: os.write(self.master, self.unsaid)]
        except BlockingIOError:
            pass
        if self.unsaid:
            loop.add_writer(self.master, self.go_on)

    def say(self, *lines: str) -> None:
        for line in lines:
            self.write(f"{self.noise.decode('latin-1')}\r\n{line}\r\n")

    def say_so(self, lines: tuple[str, ...], call: Call, **more: object) -> None:
        """Lines of the dialect about a call, by themselves."""
        for line in lines:
            said = line.format(n=call.number, t=call.kind, i=call.id, **more)
            if "+CLIP" in said and not call.number:
                said = '+CLIP: "",128,,,,1'
            odd = self.dialect.end if said.startswith(("+CRING", "+RXDTMF")) else "\r\n"
            self.write(f"{odd}{said}{odd}")

    def stands(self, call: Call) -> None:
        if self.dialect.stands:
            stat = self.dialect.states[call.state]
            self.say_so((self.dialect.stands,), call, way=int(call.coming), stat=stat)

    # The far end

    def ring(self, number: str) -> Call:
        """Somebody calls; "" withholds his number."""
        call = Call(len(self.calls) + 1, True, number, "coming")
        self.calls.append(call)
        self.ringing = asyncio.get_running_loop().create_task(self.rings(call))
        return call

    async def rings(self, call: Call) -> None:
        count = 0
        while True:
            count += 1
            ring, *number = self.dialect.rings
            self.say_so((ring,), call)
            await asyncio.sleep(0.02)
            if self.tells_numbers and count >= self.number_from_ring:
                self.say_so(tuple(number), call)
                if count == self.number_from_ring:
                    self.stands(call)
            await asyncio.sleep(self.ring_every)

    def knock(self, number: str) -> Call:
        """A second caller."""
        call = Call(len(self.calls) + 1, True, number, "waiting")
        self.calls.append(call)
        self.say_so((self.dialect.second,), call)
        self.stands(call)
        return call

    def stop_ringing(self) -> None:
        if self.ringing:
            self.ringing.cancel()
            self.ringing = None

    def far_rings(self) -> None:
        self.move("alerting", self.dialect.alerting)

    def far_answers(self) -> None:
        self.move("active", self.dialect.answered)

    def move(self, state: str, lines: tuple[str, ...]) -> None:
        call = self.calls[0]
        call.state = state
        self.say_so(lines, call)
        self.stands(call)

    def far_hangs_up(self, cause: int = 16, word: str = "") -> None:
        """The first call ends; word: said in the end, BUSY."""
        self.finish(self.calls[0], cause, word)

    def finish(self, call: Call, cause: int = 16, word: str = "") -> None:
        was, call.state = call.state, "over"
        self.calls.remove(call)
        self.heard_by(None)
        if was == "coming":
            self.stop_ringing()
        self.stands(call)
        lines = self.dialect.over if was == "active" else self.dialect.over_unanswered
        self.say_so((word,) if word else lines, call, cause=cause)
        if self.network:
            self.network.over(self)

    def far_presses(self, keys: str) -> None:
        for key in keys:
            said = self.dialect.key.format(key=key, ascii=ord(key))
            self.write(f"{self.dialect.end}{said}{self.dialect.end}")

    def text_comes(self, pdu: str, report: bool = False) -> int:
        """Its place; 0 while it waits for one."""
        if self.master < 0 or len(self.memory) >= self.places:
            self.centre.append(pdu)
            return 0
        place = min(set(range(1, self.places + 1)) - self.memory.keys())
        self.memory[place] = pdu
        self.say(f'{"+CDSI" if report else "+CMTI"}: "SM",{place}')
        return place

    def take_more(self) -> None:
        """What the network holds, as far as there is room."""
        while self.centre and len(self.memory) < self.places:
            self.text_comes(self.centre.popleft())

    async def until(self, what: Callable[[], bool], within: float = 10.0) -> None:
        """Wait until something that was asked of the modem makes this true."""
        async with asyncio.timeout(within), self.asked:
            await self.asked.wait_for(what)

    # Commands

    def readable(self) -> None:
        try:
            data = os.read(self.master, 4096)
        except (BlockingIOError, OSError):
            return
        self.take(data)

    def take(self, data: bytes) -> None:
        if self.mute:
            return
        self.rest += data
        while True:
            if b"\x1b" in self.rest:
                self.rest, self.in_text = self.rest.split(b"\x1b", 1)[1], False
            mark = b"\x1a" if self.in_text else b"\r"
            if mark not in self.rest:
                break
            line, self.rest = self.rest.split(mark, 1)
            if self.echo:
                self.write((line + mark).decode("latin-1"))
            if self.in_text:
                self.text(line.decode())
            else:
                self.command(line.decode("latin-1").strip())
        asyncio.get_running_loop().create_task(self.tell())

    async def tell(self) -> None:
        async with self.asked:
            self.asked.notify_all()

    def text(self, pdu: str) -> None:
        if self.prompt_sticks:
            return
        self.in_text = False
        self.sent.append(pdu)
        self.say(f"+CMGS: {len(self.sent)}", "OK")

    def command(self, line: str) -> None:
        if not line.upper().startswith("AT"):
            return
        self.heard.append(line)
        if self.late:
            asyncio.get_running_loop().call_later(self.late, self.obey, line[2:])
            self.late = 0.0
            return
        if self.mute_for:
            self.mute_for -= 1
            return
        self.obey(line[2:])

    def obey(self, what: str) -> None:
        if any(what.startswith(each) for each in self.refuses):
            return self.say(self.dialect.refusal)
        if what in SOUND_ON | CARD_ON | SOUND_OFF:
            return self.sounds(what)
        for pattern, do in self.TABLE:
            if found := re.fullmatch(pattern, what):
                return do(self, *found.groups())
        if (found := re.fullmatch(r"(\+\w+)(\?|=\?|=(\d+))", what)) and found[1] in self.levels:
            return self.level(*found.groups())
        if what in self.dialect.answers:
            return self.data(self.dialect.answers[what])
        if what == "" or what.startswith((*COMMON, *self.dialect.knows)):
            return self.say("OK")
        self.say(self.dialect.refusal)

    def sounds(self, what: str) -> None:
        on = what not in SOUND_OFF
        if on and (not any(call.state == "active" for call in self.calls) or (self.sound_once and self.sounded)):
            return self.say(self.dialect.refusal)
        self.sounded |= on
        self.heard_by((self.card if what in CARD_ON else self.far) if on else None)
        self.say("OK")

    def heard_by(self, end: Far | None) -> None:
        """Through one way, or none."""
        for each in (self.far, self.card):
            if each:
                each.quiet = each is not end

    def level(self, command: str, asked: str, value: str | None) -> None:
        if value is not None:
            self.levels[command] = int(value)
            return self.say("OK")
        most = self.dialect.levels[command][1]
        self.data(f"{command}: (0-{most})" if asked == "=?" else f"{command}: {self.levels[command]}")

    def louder(self, command: str) -> float:
        """How much more a level is than it was at first."""
        return self.levels[command] / self.dialect.levels[command][0] if command in self.levels else 1.0

    def starts_anew(self) -> None:
        self.say("OK")
        self.sounded = False
        asyncio.get_running_loop().call_later(0.1, self.unplug)
        asyncio.get_running_loop().call_later(0.5, self.plug)

    def data(self, *lines: str) -> None:
        said, self.between = list(lines), [*self.between]
        if self.between:
            said[0:0] = self.between
            self.between = []
        self.say(*said, "OK")

    @property
    def stat(self) -> int:
        return (5 if self.abroad else 1) if self.registered else 2

    def diverts(self, what: str) -> None:
        if what == "4":
            self.diverts_to = ""
            return self.say("OK")
        self.data(f'+CCFC: 1,1,"{self.diverts_to}",145' if self.diverts_to else "+CCFC: 0,7")

    def no_echo(self) -> None:
        self.echo = self.keeps_echo
        self.say("OK")

    def sim(self) -> None:
        self.data("+CPIN: SIM PIN" if self.locked else "+CPIN: READY")

    def enter(self, pin: str) -> None:
        if pin == self.pin:
            self.locked, self.tries = False, 3
            return self.say("OK", "+CPIN: READY")
        self.tries -= 1
        self.say("+CME ERROR: 16")

    def tries_left(self) -> None:
        self.data(self.dialect.tries.format(tries=self.tries))

    def list_calls(self) -> None:
        said = []
        for each in self.calls:
            number = "" if self.hides_numbers else each.number
            said.append(f'+CLCC: {each.id},{int(each.coming)},{CLCC[each.state]},0,0,"{number}",{each.kind}')
        self.data(*said)

    def dial(self, number: str) -> None:
        call = Call(1, False, number.rstrip("Ii"), "dialling")
        self.calls.append(call)
        self.say("OK")
        self.say_so(self.dialect.dialling, call)
        self.stands(call)
        if self.network:
            self.network.dialled(self, call.number)

    def answer(self) -> None:
        if not self.calls or self.calls[0].state != "coming":
            return self.say("NO CARRIER")
        self.stop_ringing()
        self.calls[0].state = "active"
        self.say_so(self.dialect.answered, self.calls[0])  # before the OK
        self.say("OK")
        self.stands(self.calls[0])
        if self.network:
            self.network.answered(self)

    def hang_up(self) -> None:
        self.say("OK")
        for call in [each for each in self.calls if each.state != "waiting"]:
            self.finish(call)

    def hook(self) -> None:
        self.say("OK") if self.dialect.hook_is_ignored else self.hang_up()

    def one_over(self, which: str) -> None:
        self.say("OK")
        for call in [each for each in self.calls if each.id == int(which)]:
            self.finish(call)

    def refuse_second(self) -> None:
        self.say("OK")
        for call in [each for each in self.calls if each.state == "waiting"]:
            self.finish(call)

    def prompt(self, _length: str) -> None:
        self.in_text = True
        self.write("\r\n> ")

    def read(self, place: str) -> None:
        pdu = self.memory.get(int(place))
        if pdu is None:
            return self.say("+CMS ERROR: 321")
        self.data(f"+CMGR: 0,,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}\r\n{pdu}")

    def read_all(self) -> None:
        self.data(*(f"+CMGL: {place},0,,{len(pdu) // 2 - 8}\r\n{pdu}" for place, pdu in self.memory.items()))

    def delete(self, place: str) -> None:
        self.memory.pop(int(place), None)
        self.say("OK")
        self.take_more()

    def code(self, code: str) -> None:
        if re.fullmatch(r"(?:[0-9A-F]{4})+", code):
            code = bytes.fromhex(code).decode("utf-16-be")
        self.say("OK", f"+CUSD: 0,{self.dialect.ussd(self.replies.get(code, '?'))}")

    def press(self, keys: str) -> None:
        pressed = re.sub(r"[^0-9*#A-D]", "", keys)
        self.keys += pressed
        self.say("OK")
        if self.network:
            self.network.pressed(self, pressed)

    TABLE: tuple[tuple[str, Callable[..., None]], ...] = (
        (r"E0", no_echo),
        (r"\+CGMI", lambda self: self.data(self.dialect.maker)),
        (r"\+CGMM", lambda self: self.data(self.dialect.model)),
        (r"\+CGMR", lambda self: self.data("+CGMR: " + self.dialect.revision)),
        (r"\+CGSN", lambda self: self.data(self.serial)),
        (r"\+CPIN\?", sim),
        (r'\+CPIN="(\d+)"', enter),
        (r'\+QPINC="SC"|\+SPIC|\^CPIN\?', tries_left),
        (r"\+CREG\?", lambda self: self.data(f'+CREG: 2,{self.stat},"00C3","0A1B2C3D",7')),
        (r"\+COPS\?", lambda self: self.data('+COPS: 0,0,"Example Mobile",7')),
        (r"\+CCFC=1,([24])", diverts),
        (r"\+CSQ", lambda self: self.data("+CSQ: 20,99")),
        (r"\+CLCC", list_calls),
        (r"D(\+?[0-9*#]+[Ii]?);", dial),
        (r"A", answer),
        (r"\+CRESET", starts_anew),
        (r"\+CHUP", hang_up),
        (r"H", hook),
        (r"\+CHLD=1(\d)", one_over),
        (r"\+CHLD=0", refuse_second),
        (r"\+CMGS=(\d+)", prompt),
        (r"\+CMGR=(\d+)", read),
        (r"\+CMGL=4", read_all),
        (r"\+CMGD=(\d+)", delete),
        (r'\+CUSD=1,"([^"]*)",15', code),
        (r"\+VTS=(.*)", press),
        (r"\^DTMF=\d,(.)", press),
    )
