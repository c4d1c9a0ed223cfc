# SPDX-License-Identifier: GPL-2.0-or-later
"""A box to play with: the real core, a clock of its own, and words for what is fed and what comes out."""

from appliance.core import Command, Core, CoreError, Trace
from appliance.core.names import Because, Do, Fact, Outcome, Override, Past, Status, Trust, Why
from tests.core.plans import Office

WAYS = {1: "", 2: ".mobile", 3: ".all"}
NINE = 1_772_784_000_000  # ms UTC: a morning


class Box:
    """Everybody has a telephone and every line is up when it starts; calls are A, B, C ... in order of arrival."""

    def __init__(self, office: Office, memory: bytes | None = None) -> None:
        self.office = office
        self.core = Core(office.plan(), memory)
        self.now = NINE
        self.calls: dict[str, int] = {}
        self.letters: dict[int, str] = {}
        self.legs: dict[tuple[str, str], int] = {}  # call and party -> its last leg
        self.on: dict[str, str] = {}  # party -> call he was last rung for
        self.why: list[Trace] = []
        self.sides: dict[int, str] = {}  # leg -> party
        self.taker = "somebody"  # who took a call last
        self.start()

    def start(self) -> None:
        for person in self.office.people:
            self.feed(Fact.REACHABLE, person=self.office.id("person", person), value=1)
        for line in self.office.lines:
            self.feed(Fact.LINE, line=self.office.id("line", line), value=1)

    def feed(self, fact: Fact, **fields: int | str) -> None:
        self.core.feed(fact, self.now, **fields)  # type: ignore[arg-type]

    # ---- what happens -----------------------------------------------------------------------------------------------

    def arrives(
        self,
        line: str,
        number: str = "",
        called: str = "",
        by: str = "",
        *,
        trust: str = "none",
        history: str = "",
        last: str = "",
        sent: str = "",
    ) -> str:
        """`history` in the words of Past; `last` is the person he spoke to last; `sent`: we called him, and where to."""
        call = len(self.calls) + 1
        letter = chr(ord("A") + call - 1) if call <= 26 else str(call)
        self.calls[letter], self.letters[call] = call, letter
        person = self.office.id("person", by) if by else 0
        past = sum(Past[word.upper().replace("-", "_")] for word in history.split())
        self.feed(
            Fact.ARRIVED,
            call=call,
            line=self.office.id("line", line),
            person=person,
            number=number,
            other=called,
            trust=Trust[trust.upper()],
            history=past,
            what=self.office.id("person", last) if last else 0,
            leg=self.office.id("step", sent) if sent else 0,
        )
        return letter

    def about_leg(self, fact: Fact, party: str, call: str = "", value: int = 0) -> None:
        call = call or self.on[party]
        self.feed(fact, call=self.calls[call], leg=self.legs[call, party], value=value)

    def answers(self, party: str, call: str = "") -> None:
        self.about_leg(Fact.ANSWERED, party, call)

    def refuses(self, party: str, call: str = "", cause: int = 21) -> None:
        self.about_leg(Fact.REFUSED, party, call, cause)

    def leaves(self, party: str, call: str = "") -> None:
        self.about_leg(Fact.LEFT, party, call)

    def hangs_up(self, call: str) -> None:
        self.feed(Fact.HUNG_UP, call=self.calls[call])

    def done(self, call: str) -> None:
        self.feed(Fact.DONE, call=self.calls[call])

    def fails(self, call: str) -> None:
        """What was to be said cannot be, or what was to be looked up could not be asked."""
        self.feed(Fact.FAILED, call=self.calls[call])

    def found(self, call: str, what: str | None) -> None:
        """What was looked up; None: there is none."""
        self.feed(Fact.FOUND, call=self.calls[call], value=what is not None, number=what or "")

    def sent(self, call: str, step: str, by: str = "") -> None:
        """Somebody sends the call there."""
        self.feed(Fact.SENT, call=self.calls[call], what=self.office.id("step", step), person=self.person(by))

    def sent_to_number(self, call: str, number: str, by: str = "") -> None:
        """Somebody sends the call to a number, as a telephone would dial it."""
        self.feed(Fact.SENT, call=self.calls[call], other=number, person=self.person(by))

    def taken(self, call: str, by: str) -> None:
        """Somebody of ours takes the call, "" somebody else."""
        self.taker = by or "somebody"
        self.feed(Fact.TAKEN, call=self.calls[call], person=self.person(by))

    def person(self, name: str) -> int:
        return self.office.id("person", name) if name else 0

    def held(self, hours: str, how: str, seconds: float = 0) -> None:
        """Hours held "open" or "closed" against what is written, or "as written" again; 0 s: till told otherwise."""
        value = {"open": Override.HELD_OPEN, "closed": Override.HELD_CLOSED, "as written": Override.AS_WRITTEN}[how]
        until = self.now + round(seconds * 1000) if seconds else 0
        self.feed(Fact.OVERRIDE, what=self.office.id("hours", hours), value=value, until=until)

    def morning(self) -> None:
        """The counts begin anew."""
        self.feed(Fact.RESET)

    def digit(self, call: str, digit: str) -> None:
        self.feed(Fact.DIGIT, call=self.calls[call], value=ord(digit))

    def status(self, person: str, status: str) -> None:
        self.feed(Fact.STATUS, person=self.office.id("person", person), value=Status[status.upper()])

    def telephones(self, person: str, count: int) -> None:
        self.feed(Fact.REACHABLE, person=self.office.id("person", person), value=count)

    def usable(self, line: str, usable: bool) -> None:
        self.feed(Fact.LINE, line=self.office.id("line", line), value=usable)

    def on_ring(self, call: str) -> str:
        """Who is rung next for this call."""
        [ringing] = [word for word in self.wants() if word.endswith(f"RINGS {call}")]
        return ringing.split()[0].partition(".")[0]

    def wait(self, seconds: float) -> list[str]:
        """Time goes on, with a tick whenever one is due; what is wanted meanwhile."""
        until, wanted = self.now + round(seconds * 1000), self.wants()
        while (due := self.core.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.feed(Fact.TICK)
            after = self.core.deadline()
            assert after is None or after > self.now
            wanted += self.wants()
        self.now = until
        return wanted

    # ---- what is wanted ---------------------------------------------------------------------------------------------

    def wants(self) -> list[str]:
        """Commands since last asked, in words."""
        self.why += self.core.trace()
        return [self._word(command) for command in self.core.commands()]

    def _has_leg(self, call: str, party: str, leg: int) -> None:
        self.legs[call, party], self.on[party], self.sides[leg] = leg, call, party

    def _word(self, c: Command) -> str:
        name = self.office.names.get
        call = self.letters[c.call] if c.call else ""
        match c.kind:
            case Do.RING | Do.DIAL:
                party = name(c.target, "?")
                self._has_leg(call, party, c.leg)
                if c.kind == Do.RING:
                    return f"{party}{WAYS[c.value]} RINGS {call}"
                return f"{party} DIALS {c.number} {call}" + " CONFIRM" * c.value
            case Do.STOP:
                return f"{self.sides[c.leg]} STOPS {call} {c.value}"
            case Do.ANSWER:
                return f"{call} ANSWERED"
            case Do.PLAY:
                return f"{call} MUSIC {name(c.target)}"
            case Do.BRIDGE:
                if c.leg not in self.sides:  # he took it
                    self._has_leg(call, self.taker, c.leg)
                return f"{call} TALKS {self.sides[c.leg]}"
            case Do.MAILBOX:
                return f"{call} MAILBOX {name(c.target)}"
            case Do.ACTION:
                return f"{name(c.target)} DUE {call}"
            case Do.HANG_UP:
                return f"{call} ENDED {c.value}"
            case Do.OVER:
                said = f"{call} OVER {Outcome(c.value).name.lower()} {name(c.target)} {name(c.queue)}"
                return " ".join(said.split())
            case Do.SAY:
                return f"{call} {'ASKS' if c.value else 'SAYS'} {name(c.target)}"
            case Do.HUSH:
                return f"{call} HUSH"
            case Do.LOOK_UP:
                return f"{call} LOOKS UP {name(c.target)}"
            case Do.SET:
                return f"{call} SET {name(c.target)} {c.number}".rstrip()
            case Do.PARK:
                return f"{call} PARKED {name(c.target)}"
            case Do.PAUSED:
                return f"{name(c.target)} PAUSED {c.value / 1000:g}"
        raise AssertionError(c)

    def reasons(self) -> list[str]:
        """The trace since last asked, in words."""
        self.why += self.core.trace()
        told, self.why = self.why, []
        words = []
        for line in told:
            because = f" {Because(line.reason).name}" if line.reason else ""
            words.append(" ".join(f"{Why(line.rule).name} {self.office.names.get(line.subject, '')}{because}".split()))
        return words


def refused(box: Box, fact: Fact, **fields: int | str) -> str:
    """The id of the error a fact gives, "" when it is taken."""
    try:
        box.feed(fact, **fields)
    except CoreError as fault:
        return fault.id
    return ""
