# SPDX-License-Identifier: GPL-2.0-or-later
"""From figures to findings: what is wrong with a line, and by how much its modem is to be turned. health/line_checks.py has the
words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from appliance.doctor.keys import Pressed
from appliance.doctor.measure import Way

TOO_QUIET, TOO_LOUD = -5.0, 5.0  # dB; a line of the exchange loses some, networks level the rest
NOISY = -45.0  # dBm0 while nobody speaks
HEARD_ECHO = 30.0  # dB of loss below which who speaks hears himself,
AT_ONCE = 15.0  # ms: unless it comes at once, as the sound of his own telephone
LATE = 250.0  # ms one way; people fall into each other's words
GAPS = 40  # ms that are heard as gaps
LOUDEST = -3.0  # dBm0 that must pass without being clipped
TURNED = 12.0  # dB at most at once


Side = Literal["said", "heard", ""]


class Finding(NamedTuple):
    """id: one of the words below; way: said (into the line), heard (from it), or "" for both."""

    id: str
    way: Side


@dataclass(frozen=True, slots=True)
class Checked:
    """line: under test; other: whatever the call came back by."""

    line: str
    other: str
    said: Way
    heard: Way
    said_keys: Pressed
    heard_keys: Pressed


def findings(one: Checked) -> list[Finding]:
    """What is wrong, the worst first; none: all is well."""
    ways: tuple[tuple[Side, Way, Pressed], ...] = (
        ("said", one.said, one.said_keys),
        ("heard", one.heard, one.heard_keys),
    )
    if all(way.gain is None for _, way, _ in ways):
        return [Finding("silent", "")]
    found = [Finding(id, name) for name, way, keys in ways for id in (*_sound(way), *_echo(way), *_keys(keys))]
    return sorted(found, key=lambda each: ORDER.index(each.id))


ORDER = (
    "silent",
    "one-way",
    "gaps",
    "clipped",
    "too-quiet",
    "too-loud",
    "echo",
    "noise",
    "late",
    "lost-keys",
    "doubled-keys",
    "wrong-keys",
)


def turn(way: Way) -> float:
    """By how many dB it is to be made louder (softer, below 0); 0: it is well as it is."""
    if way.gain is None:
        return 0.0
    if way.clips is not None:
        return max(-TURNED, way.clips - LOUDEST - 3.0) if way.gain > -3.0 else 0.0
    if TOO_QUIET < way.gain < TOO_LOUD:
        return 0.0
    return max(-TURNED, min(TURNED, -way.gain))


def _sound(its: Way) -> Iterator[str]:
    if its.gain is None:
        yield "one-way"
        return
    if its.lost >= GAPS:
        yield "gaps"
    if its.clips is not None:
        yield "clipped"
    elif its.gain <= TOO_QUIET:
        yield "too-quiet"
    if its.gain >= TOO_LOUD:
        yield "too-loud"
    if its.noise >= NOISY:
        yield "noise"
    if its.delay is not None and its.delay >= LATE:
        yield "late"


def _echo(its: Way) -> Iterator[str]:
    if its.echo_loss is None or its.echo_delay is None:
        return
    if its.echo_loss < HEARD_ECHO and its.echo_delay >= AT_ONCE:
        yield "echo"


def _keys(keys: Pressed) -> Iterator[str]:
    if keys.lost:
        yield "lost-keys"
    if keys.doubled:
        yield "doubled-keys"
    if keys.wrong:
        yield "wrong-keys"
