"""The routing core in C; contract of the binding. Times are integer milliseconds UTC; ids are u32, 0 is nobody."""

from collections.abc import Callable
from typing import NamedTuple, final

from typing_extensions import Buffer

class CoreError(Exception):
    """A fact or plan the core refuses.

    `id` is one of no-memory, bad-plan, bad-memory, bad-event, no-call, no-leg, full, cannot.
    """

    id: str

class Command(NamedTuple):
    """What is to be done; kind is a Do, the other fields as core.h says for that kind."""

    kind: int
    call: int
    leg: int
    target: int
    queue: int
    value: int
    number: str

class Trace(NamedTuple):
    """One line of why; rule is a Why, reason a Because."""

    at: int
    call: int
    rule: int
    reason: int
    subject: int
    detail: int

@final
class Core:
    """Decides who is rung, when and why. One thread at a time."""

    def __init__(self, plan: bytes, memory: bytes | None = None) -> None: ...
    def feed(
        self,
        kind: int,
        now: int,
        *,
        call: int = 0,
        leg: int = 0,
        line: int = 0,
        person: int = 0,
        what: int = 0,
        value: int = 0,
        trust: int = 0,
        history: int = 0,
        until: int = 0,
        number: str = "",
        other: str = "",
    ) -> None:
        """Take one fact. Raises CoreError and changes nothing when it cannot be.

        A number longer than 31 or with other than printable ASCII is bad-event. `full`: too many calls, or the
        commands and traces of earlier facts were not fetched.
        """

    def commands(self) -> list[Command]:
        """All commands due, oldest first; each is given once."""

    def trace(self) -> list[Trace]:
        """All decisions made since last asked, oldest first."""

    def deadline(self) -> int | None:
        """When a TICK must be fed next, or None."""

    def swap(self, plan: bytes, now: int) -> None:
        """New rules for new calls; calls under way end under theirs. Raises CoreError(bad-plan) and keeps the old."""

    def memory(self) -> bytes:
        """Turns and statuses, to survive a restart."""

def number_lookup(plan: bytes, numbers: list[str]) -> list[int]:
    """The caller record index each number finds in the plan's caller table, -1 where none (for bench and tests)."""

def replay(
    plan: bytes,
    arrivals: Buffer,
    *,
    facts: Buffer = b"",
    people: Buffer = b"",
    manners: Buffer = b"",
    look_ups: Buffer = b"",
    memory: bytes | None = None,
    say_ms: int = 0,
    key_ms: int = 0,
    spread: int = 0,
    progress: Callable[[int], object] | None = None,
) -> tuple[bytes, bytes]:
    """A whole traffic through the core in virtual time; replay.h tells what each field means. Other threads go on.

    Each is records of one kind, one after another, 8-aligned, as `struct` reads them with "=":

        arrivals   q8IHBBB3x32s32s16s  at, line, person, what, patience_ms, talk_ms, answer_ms, message_ms,
                                       first_manner, manners, trust, history, caller_ends, number, other, keys
        facts      qH2xIi4x            at, kind, id, value
        people     II                  id, ignores (of a thousand calls)
        manners    IIi                 person, after_ms, cause
        look_ups   III32s              id, after_ms, found, text

    Answered by two of them, one record for each arrival and one for each of the people:

        calls      qqQIII4xHBBB3x      answered_at, over_at, path, person, queue, waited_ms, rung, outcome, actions,
                                       looked_for
        loads      III4xQ              id, calls, rung, talk_ms

    `progress(arrivals so far)` is called at most every 0.2 s; what it raises ends the run, as does Ctrl-C.
    Raises CoreError (bad-plan, bad-memory, bad-event: not in order of time), ValueError (not whole records).
    """
