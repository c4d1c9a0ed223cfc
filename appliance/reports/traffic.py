# SPDX-License-Identifier: GPL-2.0-or-later
"""A traffic by name: who calls when, what they do, and what is known of people and lines meanwhile. Times in ms."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from appliance.core.names import Fact
from appliance.settings.names import fnv1a

NEVER = 0xFFFFFFFF
LONGEST = 0xFFFFFFFE  # ms a record can hold
KEYS = 16
JITTER = 900_000  # ms: a call made up by scaling comes within the same half hour, more or less
AT_LEAST_APART = 1_000  # ms between a call and one made up after it

ARRIVAL = struct.Struct("=q8IHBBB3x32s32s16s")
MANNER = struct.Struct("=IIi")
FACT = struct.Struct("=qH2xIi4x")
PERSON = struct.Struct("=II")


class Manner(NamedTuple):
    """How somebody takes a call when rung: answers after so many ms, or refuses with a cause, or NEVER."""

    person: str  # "" is who is called outside
    after: int
    cause: int = 0


class Record(NamedTuple):
    """What became of a call, by name."""

    outcome: str  # "" when it could not come in at all
    person: str
    queue: str
    answered_at: int | None
    over_at: int
    waited: int  # ms
    looked_for: bool = True  # somebody was: who was let in at a gate or kept out before that was not missed


@dataclass(slots=True)
class Visit:
    """One caller's visit."""

    at: int
    line: str
    number: str = ""
    called: str = ""
    person: str = ""  # the caller when he is one of ours
    patience: int = 0  # 0: he waits for ever
    talk: int = 0
    answer: int = 0  # till whoever is rung picks up, NEVER when nobody does
    message: int = 0
    caller_ends: bool = False
    keys: str = ""
    manners: tuple[Manner, ...] = ()
    trust: int = 0
    history: int = 0
    last_spoken: str = ""
    call: int = 0  # of the journal; 0: made up
    was: Record | None = None


class Known(NamedTuple):
    """A fact about a person or a line."""

    at: int
    kind: Fact
    name: str
    value: int


@dataclass
class Traffic:
    """Visits and facts in order of time. `begins` is when those that count begin; earlier ones warm up."""

    begins: int
    visits: list[Visit]
    facts: list[Known] = field(default_factory=list)
    ignores: Mapping[str, int] = field(default_factory=dict)  # of a thousand calls, by person
    spread: int = 1000  # of a thousand: how much later than `answer` others pick up
    say: int = 0  # ms of a prompt
    key: int = 0  # ms to the next key


def scaled(visits: Sequence[Visit], scale: float, chance: Random) -> list[Visit]:
    """So many times the calls: each is kept, left out or repeated, so that the day keeps its shape.

    A repeated one is another caller within a quarter of an hour of the first: what is known of how people took the
    first does not hold for him.
    """
    if scale == 1:
        return list(visits)
    made = []
    for visit in visits:
        copies = int(scale) + (chance.random() < scale % 1)
        if copies:
            made.append(visit)
        for _ in range(copies - 1):
            apart = chance.randint(AT_LEAST_APART, JITTER) * chance.choice((-1, 1))
            made.append(_another(visit, visit.at + apart))
    return sorted(made, key=lambda visit: visit.at)


def _another(visit: Visit, at: int) -> Visit:
    return Visit(
        at,
        visit.line,
        visit.number,
        visit.called,
        patience=visit.patience,
        talk=visit.talk,
        answer=visit.answer,
        message=visit.message,
        caller_ends=visit.caller_ends,
        keys=visit.keys,
        trust=visit.trust,
    )


class Encoded(NamedTuple):
    """As replay() takes it."""

    arrivals: bytes
    facts: bytes
    people: bytes
    manners: bytes


def encode(traffic: Traffic, people: Iterable[str]) -> Encoded:
    """Ids are those of any plan that has the name; what it has not, it does not know."""
    ids = _Ids()
    arrivals, manners = bytearray(ARRIVAL.size * len(traffic.visits)), bytearray()
    count = 0
    for i, visit in enumerate(traffic.visits):
        ARRIVAL.pack_into(
            arrivals,
            i * ARRIVAL.size,
            visit.at,
            ids["line", visit.line],
            ids["person", visit.person],
            ids["person", visit.last_spoken],
            min(visit.patience, LONGEST),
            min(visit.talk, LONGEST),
            min(visit.answer, NEVER),
            min(visit.message, LONGEST),
            count,
            len(visit.manners),
            visit.trust,
            visit.history,
            visit.caller_ends,
            _digits(visit.number),
            _digits(visit.called),
            visit.keys.encode("ascii", "ignore")[:KEYS],
        )
        for manner in visit.manners:
            manners += MANNER.pack(ids["person", manner.person], min(manner.after, NEVER), manner.cause)
            count += 1
    facts = b"".join(
        FACT.pack(one.at, one.kind, ids["line" if one.kind == Fact.LINE else "person", one.name], one.value)
        for one in traffic.facts
    )
    crew = b"".join(PERSON.pack(ids["person", name], traffic.ignores.get(name, 0)) for name in people)
    return Encoded(bytes(arrivals), facts, crew, bytes(manners))


class _Ids(dict[tuple[str, str], int]):
    def __missing__(self, key: tuple[str, str]) -> int:
        self[key] = fnv1a(f"{key[0]}:{key[1]}") if key[1] else 0
        return self[key]


def _digits(number: str) -> bytes:
    return number.removeprefix("+").encode("ascii", "ignore")[:31]
