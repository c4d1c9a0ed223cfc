# SPDX-License-Identifier: GPL-2.0-or-later
"""What call control needs of its adapters, and what it hears from them. Times are ms UTC.

Handles are integers, never used twice; a command to one that is over does nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from appliance.calls.call import Call
    from appliance.calls.messages import Message
    from appliance.calls.recorded import Recorded

Leg = int  # one connection to a telephone or line
Port = int  # a player or a recording


class Vouched(NamedTuple):
    """What a line itself says of who calls."""

    number: str = ""  # P-Asserted-Identity (RFC 3325), "" when it vouches for none
    stir: Literal["", "passed", "failed"] = ""  # what it found when it checked the number's signature (RFC 8224)


UNVOUCHED = Vouched()


class Telephony(Protocol):
    """Legs and audio. Every method returns at once; what becomes of it is told to the Listener."""

    def ring_phone(self, phone: str, number: str, name: str, at_once: bool = False) -> list[Leg]:
        """Call every contact a telephone has registered; its screen shows number and name. [] when there is none.

        at_once: ask it to answer by itself; one that does not do so rings."""

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
        """Call a number (digits, with + when international) through a line; 0 when the line cannot be used.

        anyway: also when it seems to be down, as one that is not registered.

        withheld: who is called does not see the caller's number. diverted: our number, which passes on a call of others."""

    def ringing(self, leg: Leg) -> None:
        """Let the caller hear that it rings."""

    def early(self, leg: Leg) -> None:
        """Let the caller hear what hear() names though he is not answered."""

    def answer(self, leg: Leg) -> None: ...

    def hang_up(self, leg: Leg, cause: int) -> None:
        """End or refuse a leg with a Q.850 cause; 26: answered elsewhere."""

    def press(self, leg: Leg, digits: str) -> None:
        """Send digits (RFC 4733) to whoever is at the other end."""

    def show(self, leg: Leg, number: str, name: str) -> None:
        """Tell a telephone whom it talks with now, or will once it is answered; number "" when withheld. Lines are not told."""

    def play(self, path: str, repeat: bool) -> Port:
        """A player of a WAV file, to be heard; played() comes at its end unless it repeats. 0: no room."""

    def record(self, path: str) -> Port:
        """A recording into a WAV file of what it hears. 0: no room."""

    def tape(self, leg: Leg, rate: int, sounds: bool, a_law: bool) -> Port:
        """Take down what a leg and those it talks with say, as long as it lasts; sounds: what it is played too. 0: no room.

        stopped() comes only when it could not begin."""

    def pause(self, tape: Port, on: bool) -> None:
        """Take down silence instead, or no longer."""

    def stop(self, port: Port) -> None:
        """End a player or recording; stopped() comes when its file is whole."""

    def hear(self, listener: int, source: int) -> None:
        """Let a leg or recording hear a leg or player, from when both have audio until unhear() or the end of one."""

    def unhear(self, listener: int, source: int) -> None: ...

    def publish(self, package: str, resource: str, body: str) -> None:
        """The newest state of a resource, for the telephones that subscribed to it; "" when it is no more, "?" when it is
        to be asked for as soon as somebody subscribes.

        package: dialog or presence, of a number; message-summary, of a telephone by its id."""

    def referred(self, leg: Leg, status: int) -> None:
        """Tell a telephone what became of the transfer it asked for: a SIP status, 200 done, 403, 404, 486, 503, 603, ..."""


class Listener(Protocol):
    """What an adapter tells, always in the event loop's thread."""

    def incoming(
        self,
        leg: Leg,
        source: str,
        phone: bool,
        number: str,
        name: str,
        called: str,
        vouched: Vouched = UNVOUCHED,
        replaces: Leg = 0,
    ) -> None:
        """A call from a telephone (its id as source) or a line. number and called as they came, "" when withheld;

        replaces: the leg that a telephone wants this one to take the place of (Replaces): a call picked up, or one
        handed over."""

    def rang(self, leg: Leg) -> None: ...
    def early(self, leg: Leg) -> None:
        """A line is heard before whoever was called answers: a tone of its network, or words."""

    def diverted(self, leg: Leg, number: str) -> None:
        """A telephone or line that was called names another number instead of itself, as it came; over() follows."""

    def answered(self, leg: Leg) -> None: ...
    def over(self, leg: Leg, cause: int) -> None: ...
    def digit(self, leg: Leg, digit: str) -> None: ...
    def held(self, leg: Leg, on: bool) -> None:
        """Its telephone (or a line's far end) puts us on hold, in whatever style, or is back."""

    def transfer(self, leg: Leg, number: str, replaces: Leg) -> None:
        """A telephone asks for its call to go to a number, or (replaces not 0) to whom that other leg connects it with.

        It was told yes, we try; referred() tells it the end."""

    def played(self, port: Port) -> None: ...
    def stopped(self, port: Port, why: str) -> None:
        """A player or recording is closed; why is "" when that was asked for, else what went wrong."""

    def phone(self, phone: str, contacts: list[str], agent: str, expires: int | None) -> None:
        """The contacts a telephone has registered changed."""

    def gateway(self, line: str, contacts: list[str], agent: str, expires: int | None) -> None:
        """Those of a line that registers here did."""

    def line(self, line: str, usable: bool, why: str) -> None: ...

    def named(self, leg: Leg, number: str) -> None:
        """The number of a caller of a line, as it came, later than his call."""

    def knocked(self, line: str, number: str) -> None:
        """Somebody calls on a line that is busy, and cannot be taken; "" when his number is withheld."""


class Lookups(Protocol):
    """Questions to other programs. Nothing waits for them."""

    def ask(self, url: str, field: str | None, timeout: float, told: Callable[[str | None, str], None]) -> None:
        """Get a web address. told(answer, "") comes once, in the loop's thread: at most 31 printable ASCII characters,
        of a field of the JSON object answered or the text itself, "" when there is none; or told(None, why not)."""


class Journal(Protocol):
    """What happened, kept. Never blocks; order is kept; flush() makes all before it durable."""

    def next_call_id(self) -> int: ...
    def call(self, call: int, at: int, line: str, caller: str, called: str, name: str) -> None: ...
    def caller(self, call: int, caller: str, name: str) -> None: ...
    def leg(self, call: int, leg: int, at: int, party: str, kind: str, state: str, cause: int = 0) -> None: ...
    def event(self, call: int, at: int, kind: str, detail: dict[str, object]) -> None: ...
    def trace(self, call: int, at: int, rule: int, reason: int, subject: str, detail: int) -> None: ...
    def over(self, call: int, at: int, outcome: str, queue: str, person: str, answered_at: int | None) -> None: ...
    def message(self, message: "Message") -> None: ...
    def message_gone(self, message: int) -> None: ...
    def recording(self, recorded: "Recorded") -> None: ...
    def recording_gone(self, recording: int) -> None: ...
    def flush(self) -> object: ...


class Audience(Protocol):
    """Who is told of the live state; each looks at the Switchboard for what it is now."""

    def call_changed(self, call: int) -> None: ...
    def line_changed(self, line: str) -> None: ...
    def queue_changed(self, queue: str) -> None: ...
    def hours_changed(self, hours: str) -> None: ...
    def person_changed(self, person: str) -> None: ...
    def phone_changed(self, phone: str) -> None: ...
    def mailbox_changed(self, mailbox: str) -> None: ...
    def slot_changed(self, slot: str, call: "Call | None") -> None:
        """A parking slot has this call, or none."""

    def happened(self, kind: str, call: "Call", person: str = "", detail: str = "") -> None:
        """Something momentary; a message may be whole only after its call is over."""

    def action_due(self, action: str, call: int, request: str, asked: bool) -> None:
        """request: a name for this once; asked: the call waits for what becomes of it."""
