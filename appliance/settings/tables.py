# SPDX-License-Identifier: GPL-2.0-or-later
"""What tables of the settings documents are made of: fields with their help, strict and unchanging."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from appliance.settings.places import Path


def setting(
    help: str,
    default: Any = ...,
    *,
    unit: str = "",
    accepts: str = "",
    of: str = "",
    leads: bool = False,
    code: str = "",
    **bounds: Any,
) -> Any:
    """A field with its help; unit and other words for what it accepts are told wherever the field is.

    `of`: it names a table of this kind. `leads`: it says where a call goes on. `code`: it is dialled, or pressed in a call.
    """
    said = (("unit", unit), ("accepts", accepts), ("of", of), ("leads", leads), ("code", code))
    extra: dict[str, JsonValue] = {key: value for key, value in said if value}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


def some(help: str, default: Any = ..., *, least: int = 0, most: int, unit: str = "", of: str = "") -> Any:
    """A field that is a list, kept as a tuple."""
    return setting(help, default, unit=unit, of=of, strict=False, min_length=least, max_length=most)


class Named(NamedTuple):
    """A name somewhere in a table, and the kind of table it is of."""

    path: Path
    name: str
    kind: str


class Table(BaseModel):
    """Common to all tables: nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    def names(self) -> Iterator[Named]:
        """Every name of another table in a field that is `of` its kind; a list's items and a table's keys one by one."""
        for field, key, extra in self._extras():
            if (kind := extra.get("of")) is None:
                continue
            match getattr(self, field):
                case str(name):
                    yield Named((key,), name, str(kind))
                case tuple(several):
                    yield from (Named((key, i), name, str(kind)) for i, name in enumerate(several))
                case dict(tables):
                    yield from (Named((key, name), name, str(kind)) for name in tables)

    def targets(self) -> Iterator[tuple[Path, str]]:
        """Everywhere a call may go on from here, as written."""
        for field, key, extra in self._extras():
            if "leads" in extra and (target := getattr(self, field)) is not None:
                yield (key,), target

    def _extras(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for field, info in type(self).model_fields.items():
            if isinstance(info.json_schema_extra, dict):
                yield field, info.alias or field, info.json_schema_extra
