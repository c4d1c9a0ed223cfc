# SPDX-License-Identifier: GPL-2.0-or-later
"""A form for any table of the settings, from what the models say of it. Pure: values in, fields out, and back."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.settings.edits import MISSING, at
from appliance.settings.faults import Fault, Schema, accepted, dotted, plain, schema_of
from appliance.settings.models import Settings
from appliance.settings.places import Path
from appliance.settings.sentence import Sentence
from appliance.web.first import first

ROWS_MAX = 60  # pairs shown in rows of their own; more are lines of a text
TOLD_NOTHING = "1"  # of a form that does not say what it was drawn from
BLANK = 1  # empty rows after those filled in
KINDS = {"table of hours": "hours", "list of callers": "callers", "look-up": "lookup"}
WORDS = "step|queue|chain|person|mailbox|scenario|prompt|action|phone|line|skill|branch|department|" + "|".join(KINDS)
SHORT = frozenset(
    {
        "dnd",
        "https",
        "imei",
        "mac",
        "mdns",
        "mqtt",
        "mwi",
        "pin",
        "pnp",
        "rtp",
        "sip",
        "sms",
        "srtp",
        "tcp",
        "tls",
        "udp",
    }
    | {"url", "usb"}
)  # written in capitals
ROOT = schema_of(Settings)
NOTHING = Sentence()


class Titled:
    """What has a key, which people read as a title; `table` is the model it is of."""

    key: str
    table: str

    @property
    def title(self) -> str:
        words = self.key.rstrip("_").replace("_", " ").capitalize()
        return re.sub(r"\w+", lambda word: word[0].upper() if word[0].lower() in SHORT else word[0], words)


@dataclass
class Field(Titled):
    """One field of a form: how it is drawn (`widget`), its words, and what it holds now."""

    key: str
    widget: str  # bool, tri, enum, select, number, text, area, list, fixed, pairs, lines
    help: str
    unit: str = ""
    accepts: Sentence = NOTHING
    usual: str = ""
    required: bool = False
    value: Any = ""
    options: Sequence[str] = ()
    worded: bool = False  # they are words of the file, no names
    least: float | None = None
    most: float | None = None
    can_be_empty: bool = False
    given: bool = False
    whole: bool = True
    further: bool = False  # not seen at once
    stood: str = ""
    faults: list[Sentence] = field(default_factory=list)
    table: str = ""


@dataclass
class Inner(Titled):
    """Tables within a table: one (`one`), named ones (`named`), or a list of them (`list`)."""

    key: str
    shape: str
    help: str
    names: list[str]
    kinds: Sequence[str] = ()
    most: int = 0
    accepts: str = ""
    faults: int = 0
    table: str = ""


@dataclass(frozen=True)
class Word(Titled):
    """The key of a field alone."""

    key: str
    table: str = ""


def node_at(document: Mapping[str, Any], path: Path) -> Schema:
    """What the models say of a path of this document, {} where nothing; kinds of tables are told by the document."""
    node = plain(ROOT, ROOT)
    for i, part in enumerate(path):
        step: Any
        if isinstance(part, int):
            step = node.get("items")
        else:
            step = node.get("properties", {}).get(part, node.get("additionalProperties"))
        node = _of_kind(plain(step, ROOT), at(document, path[: i + 1])) if isinstance(step, dict) else {}
    return node


def _of_kind(node: Schema, value: Any) -> Schema:
    if "discriminator" not in node:
        return node
    kind = value.get(tag_of(node)) if isinstance(value, dict) else None
    ref = node["discriminator"]["mapping"].get(kind) if isinstance(kind, str) else None
    return plain({"$ref": ref}, ROOT) if ref else {}


def tag_of(node: Schema) -> str:
    """The field that tells of what kind a table is."""
    return str(node["discriminator"]["propertyName"])


def find(document: Mapping[str, Any], parts: Sequence[str]) -> Path | None:
    """The path that parts of an address mean; None when the models have no such table, or the document no such name."""
    path: Path = ()
    for i, part in enumerate(parts):
        node, here = node_at(document, path), at(document, path)
        if "items" in node:
            if not part.isdecimal() or len(part) > 4 or not isinstance(here, list) or int(part) >= len(here):
                return None
            path += (int(part),)
        elif part in node.get("properties", {}) or (
            "additionalProperties" in node and isinstance(here, dict) and part in here
        ):
            path += (part,)
        else:
            return None
        if i == len(parts) - 1 and shape_of(node_at(document, path)) != "table":
            return None
    return path or None


def shape_of(node: Schema) -> str:
    """table, named (tables), list (of tables), or value."""
    if "properties" in node or "discriminator" in node:
        return "table"
    if "additionalProperties" in node and isinstance(node["additionalProperties"], dict):
        return "named" if shape_of(plain(node["additionalProperties"], ROOT)) == "table" else "value"
    if isinstance(node.get("items"), dict):
        return "list" if shape_of(plain(node["items"], ROOT)) == "table" else "value"
    return "value"


def fields(document: Mapping[str, Any], path: Path, found: Sequence[Fault] = ()) -> list[Field]:
    """The fields of a table, those of tables within it apart, with the faults of each."""
    node, here = node_at(document, path), table(document, path)
    made = [
        _field(key, raw, node, here, document, path, found)
        for key, raw in node.get("properties", {}).items()
        if shape_of(plain(raw, ROOT)) == "value"
    ]
    wanted = first(path, here)
    for one in made:
        one.further = not (wanted is None or one.key in wanted or one.required or one.given or one.faults)
    return made


def inner(document: Mapping[str, Any], path: Path, found: Sequence[Fault] = ()) -> list[Inner]:
    node, here = node_at(document, path), table(document, path)
    made = []
    for key, raw in node.get("properties", {}).items():
        if (tables := _inner(key, raw, here.get(key), (*path, key), found)) is not None:
            tables.table = model_of(node)
            made.append(tables)
    return made


def model_of(node: Schema) -> str:
    """The name of a table's model."""
    return str(node.get("title", ""))


def table(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The values of a table; a target alone, which stands for a key of a menu, as a table."""
    here = at(document, path)
    if isinstance(here, str):
        return {"to": here}
    return here if isinstance(here, dict) else {}


def faults_of(found: Sequence[Fault], path: Path) -> list[Sentence]:
    """What is wrong with the value at a path, or within it."""
    name = dotted(path)
    return [fault.message for fault in found if _within(fault.path, name)]


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _inner(key: str, raw: Schema, value: Any, path: Path, found: Sequence[Fault]) -> Inner | None:
    node = plain(raw, ROOT)
    shape, help = shape_of(node), raw.get("description", "")
    wrong = len(faults_of(found, path))
    if shape == "table":
        return Inner(key, "one", help, [key] if isinstance(value, dict) else [], faults=wrong)
    if shape == "named":
        below = plain(node["additionalProperties"], ROOT)
        kinds = list(below["discriminator"]["mapping"]) if "discriminator" in below else []
        names = [str(name) for name in value] if isinstance(value, dict) else []
        accepts = node.get("propertyNames", {}).get("accepts", "")
        return Inner(key, "named", help, names, kinds, node.get("maxProperties", 0), accepts, wrong)
    if shape == "list":
        many = len(value) if isinstance(value, list) else 0
        return Inner(key, "list", help, [str(n) for n in range(many)], (), node.get("maxItems", 0), "", wrong)
    return None


def _field(
    key: str,
    raw: Schema,
    node: Schema,
    here: dict[str, Any],
    document: Mapping[str, Any],
    path: Path,
    found: Sequence[Fault],
) -> Field:
    below = plain(raw, ROOT)
    required, default = key in node.get("required", ()), raw.get("default")
    value = here.get(key, default)
    accepts = accepted(raw, ROOT)
    made = Field(key, _widget(below, required, default, value), below.get("description", ""), below.get("unit", ""))
    made.stood = stood(here.get(key, MISSING))
    made.accepts, made.required, made.given, made.table = accepts, required, key in here, model_of(node)
    made.usual = _shown(default) if default not in (None, "", [], {}) else ""
    made.value, made.faults = value, faults_of(found, (*path, key))
    made.least, made.most = below.get("minimum", below.get("exclusiveMinimum")), below.get("maximum")
    made.whole = below.get("type") == "integer"
    made.can_be_empty = not required and default is None and accepts.startswith("at most")
    item = below.get("items", below)
    item = item if isinstance(item, dict) else below
    made.options, made.worded = options(document, item, path), "enum" in item or "const" in item
    if made.widget in ("list", "pairs", "lines"):
        made.value = _rows(value, made.widget)
    if made.widget == "pairs":
        names = below.get("propertyNames", {})
        made.options = options(document, {"of": below.get("of", ""), "accepts": names.get("accepts", "")}, path)
    return made


def _widget(node: Schema, required: bool, default: Any, value: Any) -> str:
    kind = node.get("type")
    if kind == "boolean":
        return "tri" if not required and default is None else "bool"
    if "enum" in node or "const" in node:
        return "enum"
    if kind in ("integer", "number"):
        return "number"
    if kind == "array":
        return "fixed" if "prefixItems" in node else "list"
    if kind == "object":
        return "lines" if isinstance(value, dict) and len(value) > ROWS_MAX else "pairs"
    if kinds(node):
        return "select"
    long = node.get("accepts", "").startswith(("words,", "at most 4096")) or "\n" in str(value)
    return "area" if long else "text"


def kinds(node: Schema) -> list[str]:
    """The kinds of tables whose names a text may be, by what it accepts."""
    accepts = str(node.get("accepts", ""))
    if node.get("of"):
        return [str(node["of"])]
    begins = re.match(r"the name of an? ((?:(?:,| or)? ?(?:" + WORDS + r"))+)", accepts)
    return [KINDS.get(word, word) for word in re.findall(WORDS, begins[1])] if begins else []


def options(document: Mapping[str, Any], node: Schema, path: Path) -> list[str]:
    """What a value may be, as far as that can be listed."""
    if "enum" in node or "const" in node:
        return [str(each) for each in node.get("enum", [node.get("const")])]
    wanted, accepts = kinds(node), str(node.get("accepts", ""))
    several, listed = len(wanted) > 1, []
    for kind in wanted:
        if kind == "step":
            listed += list(_names(at(document, path[: path.index("step") + 1]) if "step" in path else MISSING))
            continue
        names = list(_names(document.get(kind)))
        if kind == "mailbox" and "office" not in names:
            names.append("office")
        if ".mobile" in accepts:
            names = [f"{name}{how}" for name in names for how in ("", ".mobile", ".all")]
        listed += [f"{kind}.{name}" if several else name for name in names]
    if accepts.startswith("the name of a step"):
        steps = at(document, (*path, "step"))
        listed += list(_names(steps)) if not several else []
    return listed


def _names(tables: Any) -> Iterator[str]:
    if isinstance(tables, dict):
        yield from map(str, tables)


def _rows(value: Any, widget: str) -> Any:
    if widget == "list":
        return [_shown(each) for each in value] if isinstance(value, list | tuple) else []
    pairs = [(str(key), _shown(each)) for key, each in value.items()] if isinstance(value, dict) else []
    return "\n".join(f"{key} = {each}" for key, each in pairs) if widget == "lines" else pairs


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(_shown, value)) if isinstance(value, list | tuple) else str(value)


# ---- back from the form


def edits(document: Mapping[str, Any], path: Path, form: Mapping[str, Sequence[str]]) -> list[tuple[Path, Any]]:
    """What a form sent changes in a table; a field it does not have stays as it is, and so does one that became another
    since the form was drawn."""
    here = table(document, path)
    made = [((*path, one.key), value) for one, value in _differ(document, path, form) if not _overtaken(one, form)]
    alone = isinstance(at(document, path), str)
    if alone and made:  # the target alone becomes a table
        return [(path, {**here, **{edit[-1]: value for edit, value in made if value is not MISSING}})]
    return made


def overtaken(document: Mapping[str, Any], path: Path, form: Mapping[str, Sequence[str]]) -> list[str]:
    """Fields that somebody sent another value of, and somebody else did since the form was drawn."""
    defaults = {key: node.get("default") for key, node in node_at(document, path)["properties"].items()}

    def left_alone(one: Field, value: Any) -> bool:
        """As it was drawn, be it because it was left out and the form shows what is usual."""
        shown = form[f"has:{one.key}"][0]
        return shown == stood(value) or (shown == stood(MISSING) and stood(value) == stood(defaults[one.key]))

    differ = [(one, value) for one, value in _differ(document, path, form) if _overtaken(one, form)]
    return [one.key for one, value in differ if not left_alone(one, value)]


def stood(value: Any) -> str:
    """What a form keeps of a value it shows, to see whether it is another when it comes back."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is MISSING else json.dumps(value, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _overtaken(one: Field, form: Mapping[str, Sequence[str]]) -> bool:
    return form[f"has:{one.key}"][0] not in (TOLD_NOTHING, one.stood)


def _differ(document: Mapping[str, Any], path: Path, form: Mapping[str, Sequence[str]]) -> Iterator[tuple[Field, Any]]:
    """Fields a form has otherwise than a table, and what it has."""
    node, here = node_at(document, path), table(document, path)
    for one in fields(document, path):
        if f"has:{one.key}" not in form:
            continue
        schema = plain(node["properties"][one.key], ROOT)
        value = _sent(one, schema, node["properties"][one.key].get("default"), form)
        if value != here.get(one.key, MISSING) or type(value) is not type(here.get(one.key, MISSING)):
            yield one, value


def _sent(one: Field, node: Schema, default: Any, form: Mapping[str, Sequence[str]]) -> Any:
    sent = list(form.get(one.key, ()))
    first = sent[0].replace("\r\n", "\n") if sent else ""
    value: Any
    match one.widget:
        case "bool":
            value = bool(sent)
        case "tri":
            value = {"true": True, "false": False}.get(first, MISSING)
        case "number":
            value = _number(first, one.whole)
        case "fixed":
            value = [_number(each, True, "") for each in sent]
        case "list":
            items = node.get("items", {})
            numbers = isinstance(items, dict) and plain(items, ROOT).get("type") == "integer"
            value = [_number(each, True, "") if numbers else each.strip() for each in sent if each.strip()]
        case "pairs" | "lines":
            value = _pairs(one, node, form)
        case _:
            value = first if one.widget == "area" else first.strip()
            value = MISSING if value == "" and not _keeps_empty(one, form) else value
    if value in ([], {}) and not default:
        value = MISSING
    usual = tuple(value) if isinstance(value, list) else value
    as_usual = usual == (tuple(default) if isinstance(default, list) else default)
    return MISSING if as_usual and not one.given and not one.required else value


def _keeps_empty(one: Field, form: Mapping[str, Sequence[str]]) -> bool:
    """Whether nothing written means an empty text, and not that the field is left out."""
    if one.can_be_empty:
        return f"empty:{one.key}" in form
    return (one.required and one.accepts.startswith("at most")) or (bool(one.usual) and '""' in one.accepts)


def _pairs(one: Field, node: Schema, form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    if one.widget == "lines":
        lines = (line.partition("=") for line in "\n".join(form.get(one.key, ())).splitlines())
        pairs = [(key.strip(), value.strip()) for key, _, value in lines]
    else:
        pairs = list(zip(form.get(f"key:{one.key}", ()), form.get(one.key, ()), strict=False))
    kind = plain(node["additionalProperties"], ROOT).get("type")
    return {
        key.strip(): _number(value, kind == "integer", "") if kind in ("integer", "number") else value.strip()
        for key, value in pairs
        if key.strip()
    }


def _number(text: str, whole: bool, nothing: Any = MISSING) -> Any:
    """A number; what is none stays a text, which the models then find wrong."""
    text = text.strip().replace(",", ".")
    if not text:
        return nothing
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text) if whole else float(text)
    return float(text) if not whole and re.fullmatch(r"[+-]?[0-9]{1,12}\.[0-9]{1,12}", text) else text[:40]
