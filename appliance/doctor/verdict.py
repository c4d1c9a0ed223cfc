# SPDX-License-Identifier: GPL-2.0-or-later
"""From figures to words: what is wrong with a line, and what to do about it; and by how much its modem is to be turned."""

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.doctor import signal
from appliance.doctor.keys import ALL, Pressed
from appliance.doctor.measure import Way

TOO_QUIET, TOO_LOUD = -5.0, 5.0  # dB; a line of the exchange loses some, networks level the rest
NOISY = -45.0  # dBm0 while nobody speaks
HEARD_ECHO = 30.0  # dB of loss below which who speaks hears himself,
AT_ONCE = 15.0  # ms: unless it comes at once, as the sound of his own telephone
LATE = 250.0  # ms one way; people fall into each other's words
GAPS = 40  # ms that are heard as gaps
LOUDEST = -3.0  # dBm0 that must pass without being clipped
TURNED = 12.0  # dB at most at once
SAID = round(1000 * (signal.SWEEP + signal.STEP * len(signal.LEVELS)))  # ms of sound


@dataclass(frozen=True, slots=True)
class Finding:
    """id: one of the words below; way: said (into the line), heard (from it), or "" for both."""

    id: str
    way: str
    words: str
    todo: str


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
    ways = (("said", one.said, one.said_keys), ("heard", one.heard, one.heard_keys))
    silent = [name for name, way, _ in ways if way.gain is None]
    if len(silent) == len(ways):
        todo = f"Look at how the sound of {one.line} stands (linekeeper lines): its port may be missing or another's."
        return [Finding("silent", "", "Nothing is heard either way.", todo)]
    found: list[Finding] = []
    for name, way, keys in ways:
        found += _one_way(one, name) if way.gain is None else _sound(one, name, way)
        found += _echo(one, name, way)
        found += _keys(one, name, keys)
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


def _path(one: Checked, way: str) -> tuple[str, str, str]:
    """From where, to where, and what of the line under test is to be turned."""
    return (one.line, one.other, "the gain of its microphone") if way == "said" else (one.other, one.line, "its volume")


def _named(one: Checked, way: str) -> str:
    begins, ends, _ = _path(one, way)
    return f"What is said into {begins} and heard at {ends}"


def _one_way(one: Checked, way: str) -> Iterator[Finding]:
    begins, ends, _ = _path(one, way)
    words = f"One-way: what is said into {begins} is not heard at {ends}; the other way is."
    who = "those who are called by it hear" if way == "said" else "the office hears"
    todo = f"On {one.line} {who} nothing. Look at the firewall (RTP) of a trunk, the firmware and the port for sound of a modem."
    yield Finding("one-way", way, words, todo)


def _sound(one: Checked, way: str, its: Way) -> Iterator[Finding]:
    named, (_, _, knob) = _named(one, way), _path(one, way)
    assert its.gain is not None
    if its.lost >= GAPS:
        words = f"{named} has gaps: {its.lost} ms of {SAID} did not come."
        yield Finding("gaps", way, words, "Look at the network, the USB hub and how busy the box is.")
    if its.clips is not None:
        words = f"{named} is clipped from {its.clips:g} dBm0 on: loud voices sound rough."
        yield Finding("clipped", way, words, f"Turn {one.line} down: {knob}.")
    elif its.gain <= TOO_QUIET:
        yield Finding("too-quiet", way, f"{named} is {-its.gain:.1f} dB too quiet.", f"Turn {one.line} up: {knob}.")
    if its.gain >= TOO_LOUD:
        yield Finding("too-loud", way, f"{named} is {its.gain:.1f} dB too loud.", f"Turn {one.line} down: {knob}.")
    if its.noise >= NOISY:
        words = f"{named} has noise of {its.noise:.0f} dBm0 while nobody speaks."
        todo = "Look at the wiring, the power supply and, of a modem, the antenna, which must not lie at the cables."
        yield Finding("noise", way, words, todo)
    if its.delay is not None and its.delay >= LATE:
        words = f"{named} comes {its.delay:.0f} ms late."
        yield Finding("late", way, words, "Look at the network; a route by fewer providers may be faster.")


def _echo(one: Checked, way: str, its: Way) -> Iterator[Finding]:
    if its.echo_loss is None or its.echo_delay is None or its.echo_loss >= HEARD_ECHO or its.echo_delay < AT_ONCE:
        return
    at, other, _ = _path(one, way)
    words = f"Who speaks by {at} hears himself: an echo after {its.echo_delay:.0f} ms, {its.echo_loss:.0f} dB below."
    todo = f"It arises at {at} or at {other}. Turn the louder of them down; of a card, switch its echo canceller on."
    yield Finding("echo", way, words, todo)


def _keys(one: Checked, way: str, keys: Pressed) -> Iterator[Finding]:
    begins, ends, _ = _path(one, way)
    if keys.lost:
        which = "All keys" if len(keys.lost) == len(ALL) else f"Keys {' '.join(keys.lost)}"
        todo = "Menus fail by it. Look at the levels first; of a trunk, at RFC 4733 (telephone-event)."
        yield Finding("lost-keys", way, f"{which} pressed on {begins} are lost on the way to {ends}.", todo)
    if keys.doubled:
        words = f"Keys {' '.join(keys.doubled)} pressed on {begins} are heard twice at {ends}."
        yield Finding(
            "doubled-keys", way, words, "They come in the sound and beside it: the provider must send them one way."
        )
    if keys.wrong:
        words = f"Keys {' '.join(keys.wrong)} are heard at {ends}, which nobody pressed on {begins}."
        yield Finding("wrong-keys", way, words, "Look at the levels: sound that is clipped is mistaken for keys.")
