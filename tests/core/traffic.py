# SPDX-License-Identifier: GPL-2.0-or-later
"""Made-up traffic for replay(), column by column, and what comes back of it."""

import math
import struct
from array import array
from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from appliance.core import replay
from appliance.core.names import Fact
from tests.core.box import NINE
from tests.core.plans import Office

ARRIVAL = struct.Struct("=q8IHBBB3x32s32s16s")
RESULT = 48  # bytes of what comes back of each
COLUMNS = {"person": 3, "what": 4, "patience": 5, "talk": 6, "answer": 7, "message": 8}  # by 32-bit words
NEVER = 0xFFFFFFFF


class Call(NamedTuple):
    answered_at: int
    over_at: int
    path: int
    person: int
    queue: int
    waited: int
    rung: int
    outcome: int
    actions: int
    looked_for: int


class Load(NamedTuple):
    id: int
    calls: int
    rung: int
    talk: int


def exponential(chance: Random, mean: float, count: int) -> list[int]:
    """ms."""
    draw = chance.random
    return [round(-math.log(1 - draw()) * mean) for _ in range(count)]


def poisson(chance: Random, per_ms: float, count: int) -> list[int]:
    at, times = float(NINE), []
    for gap in exponential(chance, 1000 / per_ms, count):  # in 1/1000 ms, so that nothing is lost by rounding
        at += gap / 1000
        times.append(round(at))
    return times


def arrivals(
    office: Office,
    line: str,
    at: Sequence[int],
    *,
    number: str = "",
    called: str = "",
    keys: str = "",
    **columns: Iterable[int],
) -> bytearray:
    """One for each time; columns are ms (or ids) one for each, as COLUMNS names them."""
    row = ARRIVAL.pack(
        0, office.id("line", line), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number.encode(), called.encode(), keys.encode()
    )
    rows = bytearray(row * len(at))
    memoryview(rows).cast("q")[:: ARRIVAL.size // 8] = memoryview(array("q", at))
    words = memoryview(rows).cast("I")
    for name, values in columns.items():
        words[COLUMNS[name] :: ARRIVAL.size // 4] = memoryview(array("I", values))
    return rows


def facts(*rows: tuple[int, Fact, int, int]) -> bytes:
    return b"".join(struct.pack("=qH2xIi4x", *row) for row in rows)


def everybody(office: Office) -> bytes:
    """All have a telephone and every line is up, before anything happens."""
    people = [(0, Fact.REACHABLE, office.id("person", name), 1) for name in office.people]
    return facts(*people, *((0, Fact.LINE, office.id("line", name), 1) for name in office.lines))


def everyone(office: Office, ignores: int = 0) -> bytes:
    return b"".join(struct.pack("=II", office.id("person", name), ignores) for name in office.people)


def manners(office: Office, *rows: tuple[str, int, int]) -> bytes:
    return b"".join(struct.pack("=IIi", office.id("person", who) if who else 0, *rest) for who, *rest in rows)


def run(
    office: Office, rows: bytes | bytearray, *, more: bytes = b"", ignores: int = 0, **options: object
) -> tuple[list[Call], dict[str, Load]]:
    known = b"".join(sorted(_split(everybody(office) + more), key=lambda row: struct.unpack_from("=q", row)[0]))
    calls, loads = replay(office.plan(), rows, facts=known, people=everyone(office, ignores), **options)  # type: ignore[arg-type]
    done = [Call(*row) for row in struct.iter_unpack("=qqQIII4xHBBB3x", calls)]
    return done, {office.names[row[0]]: Load(*row) for row in struct.iter_unpack("=III4xQ", loads)}


def _split(rows: bytes) -> list[bytes]:
    return [rows[i : i + 24] for i in range(0, len(rows), 24)]
