# SPDX-License-Identifier: GPL-2.0-or-later
"""What the line doctor found, in words and in figures: for the page of health, that of a line, and `linekeeper doctor`."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from appliance.control.doctor import LineChecked, Way
from appliance.health.facts import Facts
from appliance.health.findings import UNKNOWN, Finding, Level, _

Say = Callable[[str], str]

SILENT = ("silent", "one-way")  # nobody can talk by such a line


def look(facts: Facts) -> Iterable[Finding]:
    """What was found when each line was checked last."""
    if facts.live is None:
        return UNKNOWN
    checked = [(one.name or one.id, one.checked) for one in facts.live.lines.values() if one.checked]
    if not checked:
        return [Finding("none", _("No line was checked."))]
    return [found for name, one in checked for found in told(one, name)]


def told(checked: LineChecked, name: str) -> list[Finding]:
    """What is wrong with a line of this name, the worst first, and what to do."""
    page = f"/settings/at/line/{checked.line}"
    found = []
    for one in checked.findings:
        its = checked.heard if one.way == "heard" else checked.said
        if says := SAYS.get((one.id, one.way)):
            level: Level = "bad" if one.id in SILENT else "warning"
            found.append(Finding(level, says.words, (name, *says.figures(its)), says.todo, page))
        else:  # of a check by a newer version
            found.append(Finding("warning", one.words, (), one.todo, page))
    return found


class Says(NamedTuple):
    """Words of a finding: the first gap is the line, the others are filled with figures of the way."""

    words: str
    todo: str
    figures: Callable[[Way], tuple[str, ...]] = lambda way: ()


def _gain(way: Way) -> tuple[str, ...]:
    return (f"{abs(way.gain or 0.0):.1f}",)


def _clips(way: Way) -> tuple[str, ...]:
    return (f"{way.clips or 0.0:g}",)


def _lost(way: Way) -> tuple[str, ...]:
    return (f"{way.lost}",)


def _noise(way: Way) -> tuple[str, ...]:
    return (f"{way.noise:.0f}",)


def _delay(way: Way) -> tuple[str, ...]:
    return (f"{way.delay or 0.0:.0f}",)


def _echo(way: Way) -> tuple[str, ...]:
    return f"{way.echo_delay or 0.0:.0f}", f"{way.echo_loss or 0.0:.0f}"


def _keys(which: str) -> Callable[[Way], tuple[str, ...]]:
    return lambda way: (" ".join(getattr(way, which)),)


_SOUND = _(
    "Look how the sound of this line stands (linekeeper lines): of a modem its port may be missing, or be another's; of a "
    "trunk the firewall may stop it (RTP)."
)
_NETWORK = _("Look at the network, the USB hub and how busy the box is.")
_MICROPHONE_DOWN = _("Turn this line down: the gain of its microphone.")
_VOLUME_DOWN = _("Turn this line down: its volume.")
_WIRING = _("Look at the wiring, the power supply and, of a modem, the antenna, which must not lie at the cables.")
_ECHO = _(
    "It arises at this line, or at that by which the call came back. Turn the louder of them down; of a card, switch its "
    "echo canceller on."
)
_LATE = _("Look at the network; a route by fewer providers may be faster.")
_KEYS = _("Menus fail by it. Look at the levels first; of a trunk, at RFC 4733 (telephone-event).")
_TWICE = _("They come in the sound and beside it: the provider must send them one way.")
_WRONG = _("Look at the levels: sound that is clipped is mistaken for keys.")

SAYS = {
    ("silent", ""): Says(_("Line “{}”: nothing is heard, either way."), _SOUND),
    ("one-way", "said"): Says(_("Line “{}”: what is said into it is not heard; the other way is."), _SOUND),
    ("one-way", "heard"): Says(_("Line “{}”: the office hears nothing; the other way is heard."), _SOUND),
    ("gaps", "said"): Says(
        _("Line “{}”: what is said into it arrives with gaps: {} ms did not come."), _NETWORK, _lost
    ),
    ("gaps", "heard"): Says(_("Line “{}”: what is heard from it has gaps: {} ms did not come."), _NETWORK, _lost),
    ("clipped", "said"): Says(
        _("Line “{}”: what is said into it is clipped from {} dBm0 on: loud voices sound rough."),
        _MICROPHONE_DOWN,
        _clips,
    ),
    ("clipped", "heard"): Says(
        _("Line “{}”: what is heard from it is clipped from {} dBm0 on: loud voices sound rough."), _VOLUME_DOWN, _clips
    ),
    ("too-quiet", "said"): Says(
        _("Line “{}”: what is said into it arrives {} dB too quiet."),
        _("Turn this line up: the gain of its microphone."),
        _gain,
    ),
    ("too-quiet", "heard"): Says(
        _("Line “{}”: what is heard from it is {} dB too quiet."), _("Turn this line up: its volume."), _gain
    ),
    ("too-loud", "said"): Says(_("Line “{}”: what is said into it arrives {} dB too loud."), _MICROPHONE_DOWN, _gain),
    ("too-loud", "heard"): Says(_("Line “{}”: what is heard from it is {} dB too loud."), _VOLUME_DOWN, _gain),
    ("echo", "said"): Says(
        _("Line “{}”: who speaks into it hears himself: an echo after {} ms, {} dB below."), _ECHO, _echo
    ),
    ("echo", "heard"): Says(
        _("Line “{}”: who is talked to by it hears himself: an echo after {} ms, {} dB below."), _ECHO, _echo
    ),
    ("noise", "said"): Says(
        _("Line “{}”: what is said into it arrives with noise of {} dBm0 while nobody speaks."), _WIRING, _noise
    ),
    ("noise", "heard"): Says(_("Line “{}”: noise of {} dBm0 is heard from it while nobody speaks."), _WIRING, _noise),
    ("late", "said"): Says(_("Line “{}”: what is said into it comes {} ms late."), _LATE, _delay),
    ("late", "heard"): Says(_("Line “{}”: what is heard from it comes {} ms late."), _LATE, _delay),
    ("lost-keys", "said"): Says(_("Line “{}”: keys pressed into it are lost: {}."), _KEYS, _keys("keys_lost")),
    ("lost-keys", "heard"): Says(
        _("Line “{}”: keys that are pressed at its far end are lost: {}."), _KEYS, _keys("keys_lost")
    ),
    ("doubled-keys", "said"): Says(
        _("Line “{}”: keys pressed into it are heard twice: {}."), _TWICE, _keys("keys_doubled")
    ),
    ("doubled-keys", "heard"): Says(
        _("Line “{}”: keys that are pressed at its far end are heard twice: {}."), _TWICE, _keys("keys_doubled")
    ),
    ("wrong-keys", "said"): Says(
        _("Line “{}”: keys are heard at its far end that nobody pressed: {}."), _WRONG, _keys("keys_wrong")
    ),
    ("wrong-keys", "heard"): Says(
        _("Line “{}”: keys are heard from it that nobody pressed: {}."), _WRONG, _keys("keys_wrong")
    ),
}


# ---- figures


SAID, HEARD = _("said into it"), _("heard from it")
BACK_BY = _("Line “{}”, by a call that came back by “{}”:")
WELL = _("All is well.")
TRY = _("Try {}={}; it is {}.")


class Figure(NamedTuple):
    """A row of the table: its name, and the figure of each way."""

    name: str
    said: str
    heard: str


def figures(checked: LineChecked, say: Say) -> list[Figure]:
    """All that was measured, in the words of a language."""
    ways = (checked.said, checked.heard)
    return [Figure(say(name), *(figure(way, say) for way in ways)) for name, figure in FIGURES]


def _unit(value: float | None, unit: str, none: str, say: Say) -> str:
    return say(none) if value is None else say(unit).format(f"{value:g}")


def _heard_keys(way: Way, say: Say) -> str:
    named = ((_("{} lost"), way.keys_lost), (_("{} twice"), way.keys_doubled), (_("{} wrong"), way.keys_wrong))
    return ", ".join(say(what).format(len(keys)) for what, keys in named if keys) or say(_("all"))


_DB, _DBM0, _MS, _NOTHING = _("{} dB"), _("{} dBm0"), _("{} ms"), "–"
FIGURES: tuple[tuple[str, Callable[[Way, Say], str]], ...] = (
    (_("gain"), lambda way, say: _unit(way.gain, _DB, _("nothing heard"), say)),
    (_("noise"), lambda way, say: _unit(way.noise, _DBM0, _NOTHING, say)),
    (_("clipped from"), lambda way, say: _unit(way.clips, _DBM0, _("not clipped"), say)),
    (_("sound lost"), lambda way, say: _unit(way.lost, _MS, _NOTHING, say)),
    (_("delay"), lambda way, say: _unit(way.delay, _MS, _NOTHING, say)),
    (_("echo"), lambda way, say: _unit(way.echo_loss, _("{} dB below"), _("none"), say)),
    (_("echo after"), lambda way, say: _unit(way.echo_delay, _MS, _NOTHING, say)),
    (_("keys heard"), _heard_keys),
)
