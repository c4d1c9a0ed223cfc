"""The routing core in C; contract of the binding. Times are integer milliseconds UTC; ids are u32, 0 is nobody."""

from typing import NamedTuple, final

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
