# SPDX-License-Identifier: GPL-2.0-or-later
"""Which modem is it: guessed by its USB ids, believed when it says so itself."""

import re

from appliance.lines.at.engine import Answer
from appliance.lines.at.families import FAMILIES, Family, Ports, Sound, Usb
from appliance.lines.at.fields import fields, number

AUDIO_PORTS = ("pcm", "voice", "diag")  # a Huawei's audio comes out of the one it calls DIAG


def guesses(usb: Usb) -> list[tuple[Family, Ports]]:
    """The families that have these ids; several share some."""
    return [(family, family.usb[usb]) for family in FAMILIES if usb in family.usb]


def family_of(maker: str, model: str) -> Family | None:
    """By the modem's own words; None: we do not know it, and leave it alone."""
    said = f"{maker} {model}"
    return next((each for each in FAMILIES if re.search(each.models, said, re.IGNORECASE)), None)


def said(answer: Answer) -> str:
    """The one value of an answer that may have its prefix: AT+CGMM and its like."""
    if not answer.ok or not answer.lines:
        return ""
    line = answer.lines[0]
    before, colon, after = line.partition(":")
    value = after if colon and before.lstrip("+").upper() in ("CGMI", "CGMM", "CGMR", "CGSN", "REVISION") else line
    return value.strip().strip('"')[:64]


def serial(answer: Answer) -> str:
    """An IMEI, fifteen figures, or ""."""
    found = re.match(r"\d{15}", said(answer))
    return found[0] if found else ""


def sounds_of(family: Family, answers: dict[str, Answer]) -> tuple[Sound, ...]:
    """The ways of audio that this modem showed it has, the best first, from the answers to the probes by their command."""
    return tuple(sound for sound in family.sounds if _shows(sound, answers.get(sound.probe.text)))


def _shows(sound: Sound, answer: Answer | None) -> bool:
    return bool(answer and answer.ok and any(re.match(sound.shows, line, re.IGNORECASE) for line in answer.lines))


def port_mode(line: str) -> dict[str, int]:
    """Huawei's ^GETPORTMODE: port names, in small letters, and their interface numbers. Vendors may have commas."""
    found = re.findall(r"([A-Za-z0-9_ ]+?)\s*:\s*(\d{1,2})(?=\s*(?:,|$))", line)
    return {name.strip().lower(): int(at) for name, at in found}


def ports_of(line: str) -> Ports | None:
    """The ports a Huawei tells of itself; None when it does not name the one for commands."""
    named = port_mode(line)
    if "pcui" not in named:
        return None
    return Ports(named["pcui"], next((named[name] for name in AUDIO_PORTS if name in named), None))


def tries_left(family: Family, answer: Answer | None) -> int | None:
    """How often a PIN may still be tried; None: it does not say."""
    if not family.pin or not answer or not answer.ok or not answer.lines:
        return None
    found = fields(answer.lines[0])
    return number(found[family.pin.value]) if len(found) > family.pin.value else None


def may_enter(tries: int | None, refused: bool) -> bool:
    """May a PIN be entered? Never the last but one time, never one that was refused, never without knowing."""
    return not refused and tries is not None and tries >= 2
