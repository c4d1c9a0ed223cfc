# SPDX-License-Identifier: GPL-2.0-or-later
"""Random offices and random days in them, for the C core and its model alike; hypothesis draws and shrinks them.

An office is a graph of steps over two queues, a chain and a mailbox; a day is a list of things that happen, each naming
what it concerns by a number taken modulo what there is at that moment. Everything is drawn as a few bytes and read by
Dice: quick to draw, and whatever shrinks to zeros is the plainest choice, or nothing at all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st

from appliance.core.names import Because
from tests.core.box import NINE
from tests.core.plans import STRATEGIES, Office

T = TypeVar("T")

PEOPLE = ["anna", "boris", "cile", "dora"]
SKILLS = ["german", "french"]
LINES = ["desks", "city", "gsm"]
EXTENSIONS = ["21", "30", "305"]
TIMES = [5, 1, 2, 7, 10, 20]
CALLERS = ["", "37060000001", "4477009000", "4477001", "1555", "0" * 16, "abc"]
CALLED = ["", "21", "305", "0441214960000", "00", "7", "999"]
STEPS = 9
THINGS = 40


class Dice:
    """Choices read from bytes; when they are at an end, the first of everything."""

    def __init__(self, thrown: bytes) -> None:
        self.thrown = list(reversed(thrown))

    def of(self, *values: T) -> T:
        return values[self.number(len(values))]

    def number(self, below: int) -> int:
        return (self.thrown.pop() if self.thrown else 0) % below

    def often(self, chances: int) -> bool:
        """Once in so many."""
        return self.number(chances) == chances - 1


def bytes_of(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


class Thing(NamedTuple):
    """One thing that happens: of this kind, to the a-th and with the b-th of what there is, after so many ms."""

    kind: str
    a: int = 0
    b: int = 0
    after: int = 0


KINDS = [
    "nothing",
    *["arrives"] * 6,
    *["answers"] * 6,
    *["refuses"] * 4,
    *["partner leaves"] * 3,
    *["done"] * 3,
    *["presses"] * 6,
    *["found"] * 3,
    *["dials"] * 2,
    *["status"] * 3,
    *["telephones"] * 2,
    *["hangs up"] * 2,
    "is silent",
    "fails",
    "line",
    "rang",
    "held",
    "sent",
    "sent to number",
    *["taken"] * 3,
    "morning",
    "late",
    "nonsense",
    "new settings",
    "restart",
]
PAUSES = [0, 0, 0, 1, 500, 999, 1000, 2000, 3000, 7000, 10_000, 20_000, 45_000]


def thing(thrown: bytes) -> Thing:
    dice = Dice(thrown)
    return Thing(dice.of(*KINDS), dice.number(256), dice.number(256), dice.of(*PAUSES))


def day(thrown: Sequence[bytes]) -> list[Thing]:
    each = (thing(some[i : i + 4]) for some in thrown for i in range(0, len(some), 4))
    return [one for one in each if one.kind != "nothing"]


# Always of one length, so that every day is a full one; what does not matter shrinks to nothing.
days = st.lists(bytes_of(16), min_size=THINGS // 4, max_size=THINGS // 4).map(day)


# ---- offices ---------------------------------------------------------------------------------------------------------


def _office(general: bytes, people: bytes, queues: bytes, steps: bytes) -> Office:
    dice = Dice(general)
    office = Office(calls_max=dice.of(6, 6, 6, 1, 2))
    names = [f"s{i}" for i in range(1 + dice.number(STEPS))]
    for line in LINES:
        office.line(line, names[0] if line == "city" else dice.of(*names, ""), kind=int(line != "desks"))
    for i, person in enumerate(PEOPLE[: 1 + dice.number(4)]):
        _person(Dice(people[8 * i : 8 * i + 8]), office, person)
    for i, name in enumerate(("sales", "help")):
        _queue(Dice(queues[32 * i : 32 * i + 32]), office, name)
    office.chain("managers", *((dice.of(*TIMES), _words(dice, list(office.people))) for _ in range(dice.number(4))))
    cuts = sorted({NINE + 1000 * (40 * i + dice.number(40)) for i in range(dice.of(0, 2, 4))})
    office.hours("office", *zip(cuts[::2], cuts[1::2], strict=False))
    _callers(dice, office)
    for extension in EXTENSIONS[: dice.number(4)]:
        office.dial("desks", extension, dice.of(*names))
    for prefix in ("0*", "00*", "7*"):
        office.dial("desks", prefix, dice.of(*names))
    for i in range(len(names)):
        _step(Dice(steps[16 * i : 16 * i + 16]), office, i, names)
    return office


offices = st.builds(_office, bytes_of(60), bytes_of(8 * 4), bytes_of(32 * 2), bytes_of(16 * STEPS))


def _person(dice: Dice, office: Office, name: str) -> None:
    office.person(
        name,
        dice.of(0, 3, 11),
        mobile=dice.of("", "gsm", "city gsm"),
        level=dice.of(0, 10, 50),
        pause_after=dice.of(0, 1, 2),
        pause_for=dice.of(13, 0),
        skills={skill: level for skill in SKILLS if (level := dice.of(0, 20, 70))},
        duty=dice.of("", "", "office"),
    )


def _words(dice: Dice, people: list[str]) -> str:
    """Some of these people, each by some way."""
    ways = [dice.of("", "", ".all", ".mobile", "-") for _ in people]
    return " ".join(person + way for person, way in zip(people, ways, strict=True) if way != "-")


def _order(dice: Dice, people: list[str]) -> list[str]:
    left, order = list(people), []
    while left:
        order.append(left.pop(dice.number(len(left))))
    return order


def _queue(dice: Dice, office: Office, name: str) -> None:
    people = _order(dice, list(office.people))
    late = dice.of(0, 0, 1, 2)
    strategy = dice.of(*STRATEGIES, "percentage")
    empty = dice.of(0, 1, 2, 3)
    office.queue(
        name,
        _words(dice, people[late:]),
        widen=[(dice.of(*TIMES), _words(dice, [person])) for person in people[:late]],
        strategy=strategy,
        shares={p: dice.of(50, 20, 30, 0) for p in people} if strategy == "percentage" else None,
        ring=dice.of(*TIMES),
        max_wait=dice.of(40, 15, 0),
        max_length=dice.of(0, 0, 2),
        after_refusal=dice.of(30, 0, 3),
        after_no_answer=dice.of(10, 0, 3),
        music=dice.of(True, False),
        join_when_empty=bool(empty & 1),
        leave_when_empty=bool(empty & 2),
        wrap_up=dice.of(None, 0, 5),
        any_skill_after=dice.of(None, 0, 9),
        weight=dice.of(0, 0, 7, 99),
    )


def _callers(dice: Dice, office: Office) -> None:
    office.callers(
        "regulars",
        "37060000001",
        "4477*",
        withheld=dice.of(False, True),
        manager=dice.of("", *office.people),
        priority=dice.of(0, 5, 99),
    )
    office.callers("vip", "4477009*", "1555", withheld=dice.of(False, True), priority=dice.of(0, 8))
    office.action("lamp", "regulars", "city", least_trust=dice.of(0, 2))
    office.action("gate", "", "city", "gsm", least_trust=dice.of(0, 3))


# ---- steps -----------------------------------------------------------------------------------------------------------

ENDINGS: Mapping[str, list[Because]] = {
    "queue": [Because.QUEUE_FULL, Because.QUEUE_EMPTY, Because.LEFT_EMPTY, Because.MAX_WAIT],
    "person": [Because.BUSY, Because.UNREACHABLE, Because.NO_ANSWER, Because.DECLINED, Because.RINGING],
    "manager": [Because.NOBODY, Because.STATUS, Because.WRAP_UP, Because.PAUSED, Because.NO_ANSWER],
    "last-person": [Because.NOBODY, Because.BUSY, Because.NO_ANSWER],
    "sender": [Because.NOBODY, Because.BUSY, Because.NO_ANSWER],
    "park": [Because.MAX_WAIT],
    "say": [Because.FAILED],
    "menu": [Because.NO_KEY, Because.WRONG_KEY, Because.FAILED],
    "collect": [Because.NO_KEY, Because.WRONG_KEY, Because.FAILED],
    "look-up": [Because.NOT_FOUND, Because.FAILED, Because.TIMED_OUT],
    "outside": [Because.LINE_DOWN, Because.NO_ANSWER, Because.MAX_WAIT],
}
KINDS_OF_STEPS = [
    *["queue"] * 8,
    *["menu"] * 4,
    *["chain", "person", "collect", "look-up", "say"] * 2,
    "voicemail",
    "hang-up",
    "outside",
    "list",
    "hours",
    "trust",
    "set",
    "compare",
    "action",
    *["skill"] * 2,
    "load",
    "history",
    "manager",
    "last-person",
    "priority",
    *["park"] * 2,
    "sender",
]
ONE_WAY = ("queue", "chain", "person", "voicemail", "say", "set", "skill", "priority", "park", "sender")


def _step(dice: Dice, office: Office, place: int, names: list[str]) -> None:
    """Mostly it leads to a later one; sometimes back, or nowhere."""
    later = names[place + 1 :] or [""]

    def to() -> str:
        return dice.of(*later, *later, *later, names[place // 2], "")

    kind = dice.of(*KINDS_OF_STEPS)
    exits: dict[str | int, str] = {}
    next, other = to(), to() if kind not in ONE_WAY else ""
    if kind == "menu":
        exits |= {key: dice.of(*names) for key in "12*"[: 1 + dice.number(3)]}
    details = DETAILS[kind](dice, office)
    exits |= {reason: dice.of(*names) for reason in ENDINGS.get(kind, []) if dice.often(4)}
    office.step(names[place], kind, next=next, other=other, exits=exits, **details)


def _compare(dice: Dice, office: Office) -> dict[str, Any]:
    how = dice.number(5)
    text = None if how == 4 else dice.of("12", "3") if how in (2, 3) else dice.of("1", "sales", "370")
    return {"what": dice.of("topic", "number", "caller", "called"), "extra": how, "text": text}


def _collect(dice: Dice, office: Office) -> dict[str, Any]:
    least = dice.of(1, 2)
    asks = {"what": "number", "attribute": dice.of("topic", "number"), "least": least}
    return asks | {"most": least + dice.number(2), "extra": dice.of(1, 2), "seconds": dice.of(1, 5)}


# What a step of a kind says beside where it leads.
DETAILS: Mapping[str, Callable[[Dice, Office], dict[str, Any]]] = {
    "hours": lambda d, o: {"what": "office"},
    "queue": lambda d, o: {"what": d.of("sales", "help")},
    "chain": lambda d, o: {"what": "managers"},
    "person": lambda d, o: {"what": d.of(*o.people), "extra": d.of(*TIMES), "least": d.of(1, 2, 3)},
    "manager": lambda d, o: {"extra": d.of(*TIMES), "least": d.of(1, 2, 3)},
    "last-person": lambda d, o: {"extra": d.of(*TIMES), "least": d.of(1, 2, 3)},
    "voicemail": lambda d, o: {"what": "office"},
    "hang-up": lambda d, o: {"what": d.of(16, 17, 21)},
    "outside": lambda d, o: {
        "what": d.of("city", "gsm"),
        "extra": d.of(0, 1),
        "least": d.of(0, 1),
        "text": d.of(None, "555"),
        "seconds": d.of(0, *TIMES),
    },
    "list": lambda d, o: {"what": d.of("regulars", "vip")},
    "trust": lambda d, o: {"extra": d.of(1, 2, 3, 4, 5)},
    "say": lambda d, o: {"what": "welcome"},
    "menu": lambda d, o: {
        "what": "choose",
        "attribute": d.of("", "topic"),
        "least": d.of(0, 1),
        "extra": d.of(1, 2),
        "seconds": d.of(1, 5),
    },
    "collect": _collect,
    "look-up": lambda d, o: {"what": "crm", "attribute": d.of("", "topic"), "seconds": d.of(20, 2)},
    "set": lambda d, o: {"what": d.of("topic", "number"), "text": d.of("1", "sales")},
    "compare": _compare,
    "action": lambda d, o: {"what": d.of("lamp", "gate")},
    "skill": lambda d, o: {"what": d.of(*SKILLS), "extra": d.of(1, 50, 100)},
    "load": lambda d, o: {"what": d.of("sales", "help"), "extra": d.number(4), "count": d.of(1, 2, 5)},
    "history": lambda d, o: {"extra": d.number(3)},
    "priority": lambda d, o: {"extra": d.of(1, 60)},
    "park": lambda d, o: {"seconds": d.of(0, 3, 20), "least": d.of(0, 0, 1)},
    "sender": lambda d, o: {"extra": d.of(*TIMES), "least": d.of(1, 2, 3)},
}
