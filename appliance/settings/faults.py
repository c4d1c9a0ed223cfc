# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with a settings document: each fault with its place, what was found and what would be accepted."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from appliance.settings.places import Path, Places
from appliance.settings.sentence import Sentence

MOST = 100  # faults told of one document
SHOWN = 40  # characters shown of what was found

Schema = dict[str, Any]

MISSING = Sentence("is missing; accepted: {1}")
UNKNOWN = Sentence("{0} is not known; accepted: {1}")
REFUSED = Sentence("{0} is not accepted; accepted: {1}")
OUTSIDE = Sentence("{0} is out of range; accepted: {1}")
SAYS = {  # what a model finds wrong: the fault's id, and its words around what was found and what is accepted
    "missing": ("missing", MISSING),
    "too_long": ("wrong-count", Sentence("has too many; accepted: {1}")),
    "too_short": ("wrong-count", Sentence("has too few; accepted: {1}")),
    "literal_error": ("not-known", UNKNOWN),
    "union_tag_not_found": ("missing", MISSING),
    "union_tag_invalid": ("not-known", UNKNOWN),
    "text": ("not-accepted", REFUSED),
    "greater_than_equal": ("out-of-range", OUTSIDE),
    "less_than_equal": ("out-of-range", OUTSIDE),
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong; `id` is stable, `path` is dotted, line and column count from 1 (0: the file as a whole)."""

    id: str
    file: str
    line: int
    column: int
    path: str
    message: Sentence

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"

    @property
    def where(self) -> str:
        """The place in the file, and what stands there."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place} {self.path}" if self.path else place


class SettingsFaults(Exception):
    """A document that cannot be used; at least one fault, in the order of the file."""

    id = "settings-faults"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def dotted(path: Path) -> str:
    """`queue.sales.people[0]`, as people would write it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part[:SHOWN] if bare else shown(part))
    return text


def _escaped(unseen: str) -> str:
    """As the document may write it."""
    return f"\\u{ord(unseen):04x}" if ord(unseen) < 0x10000 else f"\\U{ord(unseen):08x}"


def shown(found: object) -> str:
    """What was found, in a few words."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        short = found if len(found) <= SHOWN else found[:SHOWN] + "…"
        return "".join(c if c.isprintable() else _escaped(c) for c in json.dumps(short, ensure_ascii=False))
    if isinstance(found, int):
        return str(found) if abs(found) < 10**SHOWN else Sentence("a very large number")
    if isinstance(found, dict):
        return Sentence("a table")
    return Sentence("a list") if isinstance(found, list | tuple) else f"{found}"[:SHOWN]


def nearest(found: str, known: Iterable[str]) -> Sentence:
    """`; did you mean "x"?` when something known is close, else nothing."""
    close = difflib.get_close_matches(found[:SHOWN].lower(), known, 1)
    return Sentence('; did you mean "{}"?', close[0]) if close else Sentence()


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def schema_at(model: type[BaseModel], path: Path) -> Schema:
    """What a model says of a path as pydantic writes it: a JSON Schema, {} where it says nothing."""
    root = schema_of(model)
    node = plain(root, root)
    for part in path:
        step: Any
        if isinstance(part, int):
            places = node.get("prefixItems", ())
            step = places[part] if part < len(places) else node.get("items")
        elif "discriminator" in node:
            step = {"$ref": node["discriminator"]["mapping"][part]}
        else:
            step = node.get("properties", {}).get(part, node.get("additionalProperties"))
        node = plain(step, root) if isinstance(step, dict) else {}
    return node


def document_path(model: type[BaseModel], path: Path) -> Path:
    """A path as pydantic writes it, without the kinds of tables it holds between names."""
    return tuple(
        part
        for i, part in enumerate(path)
        if isinstance(part, int) or "discriminator" not in schema_at(model, path[:i])
    )


def plain(node: Schema, root: Schema) -> Schema:
    """A schema without its references, and without the null that stands for left out."""
    if "anyOf" in node:
        [only] = [each for each in node["anyOf"] if each.get("type") != "null"]
        node = {k: v for k, v in node.items() if k != "anyOf"} | plain(only, root)
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}
    return node


def accepted(node: Schema, root: Schema) -> Sentence:
    """What a schema accepts, in words."""
    node = plain(node, root)
    if "accepts" in node:
        return Sentence(str(node["accepts"]))
    if "const" in node or "enum" in node:
        return Sentence("{}", ", ".join(_choices(node)))
    if "discriminator" in node:
        field = node["discriminator"]["propertyName"]
        return Sentence("a table whose `{}` is one of {}", field, ", ".join(_choices(node)))
    match node.get("type"):
        case "boolean":
            return Sentence("true or false")
        case "integer" if "unit" in node:
            unit = Sentence(node["unit"])
            return Sentence("a whole number from {} to {} ({})", node["minimum"], node["maximum"], unit)
        case "integer":
            return Sentence("a whole number from {} to {}", node["minimum"], node["maximum"])
        case "number" if "minimum" in node:
            return Sentence("a number from {} to {}", f"{node['minimum']:g}", f"{node['maximum']:g}")
        case "number":
            return Sentence("a number above {}, up to {}", f"{node['exclusiveMinimum']:g}", f"{node['maximum']:g}")
        case "array" if "prefixItems" in node:
            return Sentence("a list of {}: {}", len(node["prefixItems"]), accepted(node["prefixItems"][0], root))
        case "array":
            bounds = (node.get("minItems", 0), node["maxItems"])
            return Sentence("a list of {} to {}: {}", *bounds, accepted(node["items"], root))
        case "object" if node.get("maxProperties", 0) and "type" in node["additionalProperties"]:
            keys, values = accepted(node["propertyNames"], root), accepted(node["additionalProperties"], root)
            return Sentence("a table of at most {}: {} = {}", node["maxProperties"], keys, values)
        case "object" if "maxProperties" in node:
            return Sentence("at most {} tables", node["maxProperties"])
    return Sentence("a table")


def from_validation(
    error: ValidationError, model: type[BaseModel], places: Places, file: str, *, secret: bool = False
) -> list[Fault]:
    """The faults a model found; what was found is not shown of a secret document."""
    faults = []
    for each in error.errors(include_url=False)[:MOST]:
        found: Path = each["loc"]
        if found and found[-1] == "[key]":
            found = found[:-1]
            path = document_path(model, found)
            place = places.of_key(path)
            words = schema_at(model, found[:-1]).get("propertyNames", {}).get("accepts")
            kept = Sentence(words) if words else Sentence("another name")
            id, message = "bad-name", Sentence("the name is not accepted; accepted: {}", kept)
        elif each["type"] == "extra_forbidden":
            path = document_path(model, found)
            place = places.of_key(path)
            known = list(schema_at(model, found[:-1]).get("properties", ()))
            near = nearest(str(found[-1]), known)
            none = Sentence("is not known; nothing is accepted here yet")
            listed = Sentence("is not known; accepted: {}{}", ", ".join(known), near)
            id, message = "unknown-key", listed if known else none
        else:
            node, input = schema_at(model, found), each["input"]
            path = document_path(model, found)
            if each["type"].startswith("union_tag"):
                tag = str(node["discriminator"]["propertyName"])
                path, input = (*path, tag), input.get(tag)
                node = {"enum": _choices(node)}
            elif each["type"] != "missing":
                path = places.short(path)
            place = places.of_value(path)
            if each["type"] == "too_short" and len(input) >= (node.get("minItems") or node.get("minProperties") or 0):
                continue  # enough of them, but told of one by one
            id, says = SAYS.get(each["type"], ("wrong-type", REFUSED))
            was = Sentence("what is given") if secret else shown(input)
            message = Sentence(says.words, was, accepted(node, schema_of(model)))
            if id == "not-known" and isinstance(input, str):
                message = Sentence("{}{}", message, nearest(input, _choices(node)))
        faults.append(Fault(id, file, *place, dotted(path), message))
    return faults


def _choices(node: Schema) -> list[str]:
    if "discriminator" in node:
        return list(node["discriminator"]["mapping"])
    return [str(each) for each in node.get("enum", [node["const"]] if "const" in node else [])]
