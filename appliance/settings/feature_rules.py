# SPDX-License-Identifier: GPL-2.0-or-later
"""What is dialled must mean one thing: codes, extensions and parking slots do not get into each other's way."""

from collections.abc import Iterator

from appliance.settings.faults import shown
from appliance.settings.features import Feature, table
from appliance.settings.models import Settings
from appliance.settings.numbers import emergency_numbers
from appliance.settings.places import Path
from appliance.settings.references import Wrong, begins_outside
from appliance.settings.sentence import Sentence


def extensions(s: Settings) -> dict[str, str]:
    """Every extension, and what it is of, such as `person.anna`."""
    tables = (("person", s.person), ("queue", s.queue), ("chain", s.chain), ("scenario", s.scenario), ("room", s.room))
    return {
        table.extension: f"{kind}.{name}"
        for kind, several in tables
        for name, table in several.items()
        if table.extension is not None
    }


def slots(s: Settings) -> tuple[str, ...]:
    """The parking slots: without those that are dialled for something else in a document that says nothing of parking."""
    taken = extensions(s).keys() | emergency_numbers(s.office.country)
    return tuple(n for n in s.parking.numbers() if n not in taken and not _outside(s, n))


def of_people(s: Settings, feature: Feature) -> dict[str, str]:
    """The extensions that may be dialled behind a code, and what each is of."""
    kinds = ("queue", "chain") if feature.name == "paging" else ("person",)
    return {number: of for number, of in extensions(s).items() if of.partition(".")[0] in kinds}


def wrongs(s: Settings) -> Iterator[Wrong]:
    features = list(table(s.features))
    yield from _slots(s)
    yield from _extensions(s, features)
    yield from _pressed([one for one in features if one.where != "dialled"])
    yield from _dialled(s, [one for one in features if one.where != "call"])


def _outside(s: Settings, number: str) -> bool:
    return bool(s.outside.prefix and s.outside.lines and number.startswith(s.outside.prefix))


def _slots(s: Settings) -> Iterator[Wrong]:
    """Slots that somebody asked for must be what is dialled for them."""
    if "parking" not in s.model_fields_set:
        return
    known, alarms = extensions(s), emergency_numbers(s.office.country)
    path: Path = ("parking", "first")
    for number in s.parking.numbers():
        if number in known:
            yield Wrong(
                "slot-taken",
                path,
                Sentence("{} is the extension of {}; accepted: other slots", shown(number), known[number]),
            )
        elif _outside(s, number):
            yield Wrong("slot-outside", path, begins_outside(number, s.outside.prefix))
        elif number in alarms:
            yield Wrong("slot-alarm", path, Sentence("{} is an emergency number; accepted: other slots", shown(number)))


def _extensions(s: Settings, features: list[Feature]) -> Iterator[Wrong]:
    """No code is an extension, a slot, or what is dialled outside."""
    numbers = extensions(s) | dict.fromkeys(slots(s), "parking")
    alarms = emergency_numbers(s.office.country)
    for one in features:
        if one.where == "call":
            continue
        path: Path = ("features", one.name)
        begins = one.takes == "number"
        for number, of in numbers.items():
            if number == one.code or (begins and number.startswith(one.code)):
                what = Sentence("a slot of parking") if of == "parking" else Sentence("the extension of {}", of)
                if number != one.code:
                    what = Sentence("the beginning of {}, {}", shown(number), what)
                yield Wrong("code-taken", path, Sentence("{} is {}; accepted: another", shown(one.code), what))
                break
        if _outside(s, one.code):
            yield Wrong("code-outside", path, begins_outside(one.code, s.outside.prefix))
        if any(alarm == one.code or (begins and alarm.startswith(one.code)) for alarm in alarms):
            yield Wrong(
                "code-alarm",
                path,
                Sentence("{} would keep people from calling for help; accepted: another", shown(one.code)),
            )


def _pressed(features: list[Feature]) -> Iterator[Wrong]:
    """Of the codes pressed in a call none is another's beginning: the keys would never be known to be the longer one."""
    for i, one in enumerate(features):
        for other in features[:i]:
            short, long = sorted((one.code, other.code), key=len)
            if long.startswith(short):
                same = Sentence("{} is `features.{}`; accepted: another", shown(one.code), other.name)
                begun = Sentence("{} begins as `features.{}`; accepted: another", shown(one.code), other.name)
                yield Wrong("code-taken", ("features", one.name), same if one.code == other.code else begun)
                break


def _dialled(s: Settings, features: list[Feature]) -> Iterator[Wrong]:
    """Whatever is dialled, one code is meant, with one thing behind it; of our own codes the longest counts."""
    if "features" not in s.model_fields_set:
        return
    meant: dict[str, Feature] = {}
    for one in features:
        behind = [*of_people(s, one)] if one.takes.startswith("extension") else []
        for dialled in [one.code + number for number in behind] + [one.code] * (one.takes != "extension"):
            other = meant.setdefault(dialled, one)
            if other is not one:
                what = Sentence("{} could be `features.{}` too; accepted: another code", shown(dialled), other.name)
                yield Wrong("code-taken", ("features", one.name), what)
                break
        for other in features:
            if one.takes == "number" and other is not one and other.code.startswith(one.code):
                what = Sentence(
                    "{} with a number behind it could be `features.{}`; accepted: another code",
                    shown(one.code),
                    other.name,
                )
                yield Wrong("code-taken", ("features", one.name), what)
