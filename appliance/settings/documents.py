# SPDX-License-Identifier: GPL-2.0-or-later
"""From bytes to a checked TOML document; every fault with its place."""

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from appliance.settings.faults import Fault, SettingsFaults, dotted, from_validation
from appliance.settings.places import DEPTH, Deep, Places, scan
from appliance.settings.sentence import Sentence

LARGEST = 1 << 20  # bytes of a document; an office of 250 people needs a tenth

Model = TypeVar("Model", bound=BaseModel)

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def load(path: Path, largest: int = LARGEST) -> tuple[str, os.stat_result]:
    """The text of a file and what the system says of it. Raises OSError, SettingsFaults."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hold us up
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise refused("not-a-file", path.name, Sentence("is no file; accepted: a text file in TOML"))
        with open(file, "rb", closefd=False) as stream:
            return decode(stream.read(largest + 1), path.name, largest), status
    finally:
        os.close(file)


def decode(data: bytes, file: str, largest: int = LARGEST) -> str:
    if len(data) > largest:
        raise refused("too-large", file, Sentence("is larger than accepted: at most {} bytes", largest))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = Sentence("byte 0x{} is not UTF-8; accepted: text in UTF-8", f"{data[error.start]:02x}")
        raise SettingsFaults([Fault("not-utf-8", file, line, column, "", message)]) from None


def check(model: type[Model], text: str, file: str, *, secret: bool = False) -> tuple[Model, Places]:
    """A document as its model, and where everything in it stands. Raises SettingsFaults."""
    try:
        text = decode(text.encode(), file)
    except UnicodeEncodeError:
        raise refused("not-utf-8", file, Sentence("is not text that UTF-8 can hold")) from None
    try:
        places = scan(text)
    except Deep as deep:
        message = Sentence("tables and lists are nested too deep; accepted: at most {} levels", DEPTH)
        raise SettingsFaults([Fault("too-deep", file, *deep.place, "", message)]) from None
    table = _parse(text, file, places)
    try:
        return model.model_validate(table), places
    except ValidationError as error:
        raise SettingsFaults(in_order(from_validation(error, model, places, file, secret=secret))) from None


def in_order(faults: list[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.line, fault.column))


def refused(id: str, file: str, message: Sentence) -> SettingsFaults:
    """A fault of a file as a whole."""
    return SettingsFaults([Fault(id, file, 0, 0, "", message)])


def _parse(text: str, file: str, places: Places) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if places.twice:
            raise SettingsFaults(
                [
                    Fault("given-twice", file, *places.place(at), dotted(path), _first(places, first))
                    for path, at, first in places.twice[:100]
                ]
            ) from None
        message = str(error)
        found = _PLACE.search(message)
        at_end = places.place(len(text.replace("\r\n", "\n")))
        place = (int(found[1]), int(found[2])) if found and found[1] else at_end
        said = message[: found.start()] if found else message
        raise SettingsFaults([Fault("toml-syntax", file, *place, "", Sentence("this is not TOML: {}", said))]) from None
    except ValueError:  # an integer of thousands of digits
        raise refused(
            "toml-syntax", file, Sentence("a number has too many digits; accepted: numbers within 64 bits")
        ) from None


def _first(places: Places, offset: int) -> Sentence:
    return Sentence("is given twice, first in line {}; accepted: once", places.place(offset).line)
