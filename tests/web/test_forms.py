# SPDX-License-Identifier: GPL-2.0-or-later
"""What the file can say a form can set: every field of every table, there and back."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import edits, load
from appliance.settings.edits import MISSING
from appliance.settings.faults import Fault, Schema, plain
from appliance.web import forms
from appliance.web.first import first
from appliance.web.forms import ROOT, Field, fields, find, inner

DOCS = Path(__file__).parents[2] / "docs"
FULL = (DOCS / "office.full.toml").read_text()


def sent(made: list[Field]) -> dict[str, list[str]]:
    """What a browser sends of these fields, as they are drawn in widgets.html."""
    form: dict[str, list[str]] = {}
    for one in made:
        form[f"has:{one.key}"] = ["1"]
        if one.widget == "bool":
            form |= {one.key: ["true"]} if one.value else {}
        elif one.widget == "tri":
            form[one.key] = [{True: "true", False: "false"}.get(one.value, "")]
        elif one.widget == "pairs":
            form[f"key:{one.key}"] = [key for key, _ in one.value] + [""]
            form[one.key] = [each for _, each in one.value] + [""]
        elif one.widget == "list":
            form[one.key] = [*one.value, ""]
        elif one.widget == "fixed":
            form[one.key] = [str(each) for each in one.value]
        else:
            form[one.key] = ["" if one.value is None else str(one.value).replace("\n", "\r\n")]
        if one.can_be_empty and one.given and one.value == "":
            form[f"empty:{one.key}"] = ["1"]
    return form


def every_table() -> Iterator[tuple[dict[str, Any], edits.Path, Schema]]:
    """Each table of the models, in a document that has it and nothing else: (document, its path, its schema)."""
    yield from _below({}, (), plain(ROOT, ROOT))


def _below(here: dict[str, Any], path: edits.Path, node: Schema) -> Iterator[tuple[dict[str, Any], edits.Path, Schema]]:
    for key, raw in node["properties"].items():
        below = plain(raw, ROOT)
        shape = forms.shape_of(below)
        at: edits.Path = (*path, key)
        if shape == "named":
            at, below = (*at, "1" if key == "keys" else "one"), plain(below["additionalProperties"], ROOT)
        elif shape == "list":
            at, below = (*at, 0), plain(below["items"], ROOT)
        elif shape == "value":
            continue
        kinds = below["discriminator"]["mapping"] if "discriminator" in below else {"": ""}
        for kind, ref in kinds.items():
            table = plain({"$ref": ref}, ROOT) if ref else below
            document = _with(here, at, {forms.tag_of(below): kind} if kind else {})
            yield document, at, table
            yield from _below(document, at, table)


def _with(values: Any, path: edits.Path, value: Any) -> Any:
    if not path:
        return value
    if isinstance(path[0], int):
        return [_with(MISSING, path[1:], value)]
    inside = values if isinstance(values, dict) else {}
    return {**inside, path[0]: _with(inside.get(path[0]), path[1:], value)}


TABLES = list(every_table())


def sample(node: Schema) -> Any:
    """A value of the type that a field has, another one than it usually has."""
    usual, node = node.get("default"), plain(node, ROOT)
    if "enum" in node or "const" in node:
        return next((each for each in node.get("enum", [node.get("const")]) if each != usual), usual)
    match node.get("type"):
        case "boolean":
            return not usual
        case "integer":
            return node["maximum"] if usual != node["maximum"] else node["minimum"]
        case "number":
            return 2.5
        case "array" if "prefixItems" in node:
            return [node["prefixItems"][0]["minimum"], node["prefixItems"][0]["maximum"]]
        case "array":
            one = sample(node["items"])
            return [one, one] if usual is None or list(usual) != [one, one] else [one]
        case "object":
            return {"1": sample(node["additionalProperties"]), "2": sample(node["additionalProperties"])}
    long = node.get("accepts", "").startswith(("words", "at most 4096"))
    return 'two\nlines "quoted" = ' if long else 'sample "x" \\ ü'


def test_the_models_are_walked_through() -> None:
    names = {"/".join(map(str, path)) for _, path, _ in TABLES}
    assert {
        "office",
        "person/one",
        "hours/one/week",
        "queue/one/widen/0",
        "scenario/one/step/one/keys/1",
        "golden/0",
    } <= names
    assert sum(len(node["properties"]) for _, _, node in TABLES) > 350


@pytest.mark.parametrize("number", range(len(TABLES)), ids=["/".join(map(str, path)) for _, path, _ in TABLES])
def test_every_field_of_a_table_can_be_set_changed_and_left_out(number: int) -> None:
    document, path, node = TABLES[number]
    empty = document
    for key, raw in node["properties"].items():
        if forms.shape_of(plain(raw, ROOT)) != "value" or (path[0], key) == ("line", "kind") or key == "do":
            continue
        full = _with(document, path, {**edits.at(document, path), key: sample(raw)})
        made = dict(forms.edits(empty, path, sent(fields(full, path))))
        needed = {(*path, other) for other in node.get("required", ()) if other != key}
        made = {at: value for at, value in made.items() if not (at in needed and value == "")}  # a text may be empty
        assert made == {(*path, key): sample(raw)}, key
        again = forms.edits(full, path, sent(fields(full, path)))
        assert [one for one in again if one[0] not in needed] == [], key
        if key not in node.get("required", ()):
            cleared = dict(forms.edits(full, path, sent(fields(empty, path))))
            assert cleared.get((*path, key)) in (MISSING, raw.get("default")), key


def test_every_table_has_a_page_and_is_shown_on_the_page_above_it() -> None:
    for document, path, _ in TABLES:
        assert find(document, [str(part) for part in path]) == path
        shown = [one for end in range(len(path)) for one in inner(document, path[:end])] if path else []
        assert any(one.key in path for one in shown)


def test_the_forms_of_a_whole_office_sent_as_they_are_change_nothing() -> None:
    document = tomllib.loads(FULL)
    count = 0
    for path in _pages(document, ()):
        count += 1
        assert forms.edits(document, path, sent(fields(document, path))) == [], path
    assert count > 60


def _pages(document: dict[str, Any], path: edits.Path) -> Iterator[edits.Path]:
    for one in inner(document, path):
        if one.shape == "one":
            below = [(*path, one.key)] if one.names else []
        else:
            below = [(*path, one.key, int(name) if one.shape == "list" else name) for name in one.names]
        for page in below:
            yield page
            yield from _pages(document, page)


def test_names_of_other_tables_are_chosen_from_those_there_are() -> None:
    document = tomllib.loads(FULL)
    anna = {one.key: one for one in fields(document, ("person", "anna"))}
    assert "desk1" in anna["phones"].options
    assert {"carl", "carl.mobile", "carl.all"} <= set(next(
        one for one in fields(document, ("department", "sales")) if one.key == "people").options)  # fmt: skip
    scenario = next(iter(document["scenario"]))
    steps = {one.key: one for one in fields(document, ("scenario", scenario))}
    assert set(document["scenario"][scenario].get("step", {})) <= set(steps["start"].options)


# ---- the text


def test_comments_and_order_stay_when_a_value_changes() -> None:
    text = edits.put(FULL, [(("person", "anna", "level"), 91), (("queue", "sales", "max_wait"), MISSING)])
    kept = [line for line in FULL.splitlines() if not line.startswith(("level = 90", "max_wait = 180"))]
    assert [line for line in text.splitlines() if line != "level = 91"] == kept
    load.parse(text, DOCS / "office.toml")


def test_a_table_is_added_and_taken_out_without_touching_the_rest() -> None:
    text = edits.put(FULL, [(("person", "zoe"), {}), (("person", "zoe", "extension"), "199")])
    assert edits.values(text)["person"]["zoe"] == {"extension": "199"}
    assert all(line in text.splitlines() for line in FULL.splitlines())
    assert edits.values(edits.put(text, [(("person", "zoe"), MISSING)])) == edits.values(FULL)


RENAMED = [("person", "carl"), ("hours", "office"), ("prompt", "jazz"), ("queue", "sales"), ("line", "city")]


@pytest.mark.parametrize(("kind", "old"), RENAMED)
def test_a_table_named_anew_is_named_so_everywhere(kind: str, old: str) -> None:
    settings = load.parse(FULL, DOCS / "office.toml")
    assert old in getattr(settings, kind)
    text = edits.rename(FULL, kind, old, "renamed", settings)
    renamed = load.parse(text, DOCS / "office.toml")  # nothing names what is not there
    assert "renamed" in getattr(renamed, kind) and old not in getattr(renamed, kind)
    assert text.count("#") == FULL.count("#")  # comments are there


def test_both_sides_of_two_editors_are_kept_and_what_both_changed_is_told() -> None:
    base = '[office]\nname = "A"\ncountry = "LT"\n[queue.x]\nring_for = 5\n'
    mine = edits.put(base, [(("office", "name"), "Mine"), (("queue", "x", "ring_for"), 6), (("queue", "y"), {})])
    theirs = edits.put(base, [(("office", "country"), "LV"), (("queue", "x", "ring_for"), 7)])
    text, conflicts, wishes = edits.merge(base, mine, theirs)
    assert edits.values(text) == {
        "office": {"name": "Mine", "country": "LV"},
        "queue": {"x": {"ring_for": 7}, "y": {}},
    }
    assert [(one.path, one.old, one.new) for one in conflicts] == [(("queue", "x", "ring_for"), 5, 7)]
    assert [one.new for one in wishes] == [6]


HOSTILE = ['"""', "'''", "\\", "\x00", "]\n[office]\nname = 1", "ü\u2028", "${x}", "{{ x }}", "a" * 5000, "[person.x]"]


@pytest.mark.parametrize("value", HOSTILE)
def test_whatever_is_written_into_a_field_is_that_fields_value_alone(value: str) -> None:
    text = edits.put(FULL, [(("office", "name"), value)])
    wanted = tomllib.loads(FULL)
    wanted["office"]["name"] = value
    assert tomllib.loads(text) == wanted


AT_ONCE = 13  # fields one is shown before anything is set


def test_a_long_form_shows_first_what_one_is_after_and_the_rest_under_further() -> None:
    for document, path, _node in every_table():
        made = fields(document, path)
        assert len([one for one in made if not one.further]) <= AT_ONCE, (path, document)
        assert not [one.key for one in made if one.further and (one.required or one.given)], path
        if known := first(path, forms.table(document, path)):
            assert known <= {one.key for one in made} | {inside.key for inside in inner(document, path)}, path


def test_what_is_set_or_wrong_is_seen_and_an_action_shows_what_its_class_asks_for() -> None:
    def seen(**values: Any) -> set[str]:
        faults = [Fault("bad", "office.toml", 0, 0, "action.gate.rate", "too often")]
        return {one.key for one in fields({"action": {"gate": values}}, ("action", "gate"), faults) if not one.further}

    lamp, gate = seen(lock_out=60), seen(**{"class": 2})
    assert {"rate", "lock_out"} <= lamp and not lamp & {"challenge", "holders", "dry_run"}
    assert {"challenge", "holders", "state_topic"} <= gate and not gate & {"dry_run", "lock_out"}
