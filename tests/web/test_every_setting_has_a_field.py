# SPDX-License-Identifier: GPL-2.0-or-later
"""What the file can say the page can set: each field of the pydantic models is on a form one gets to by clicks from /settings."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from appliance.settings.models import Settings
from tests.web.applying import Applying
from tests.web.visitors import Visitor, site

SMALLEST = '[office]\nname = "Office"\ncountry = "LT"\ntime_zone = "Europe/Vilnius"\n'


def of_models(model: type[BaseModel] = Settings, at: str = "") -> Iterator[str]:
    """Every field that may stand in the file, as `line.*[sip].host`: `*` is a name, in brackets the kind of a table."""
    for name, field in model.model_fields.items():
        key = at + (field.alias or name)
        tables = list(_tables(field.annotation))
        several = _has(field.annotation, dict) or _has(field.annotation, tuple)
        if not tables:
            yield key
        for table in tables:
            kind = f"[{_kind(table)}]" if len(tables) > 1 else ""
            yield from of_models(table, f"{key}{'.*' if several else ''}{kind}.")


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _tables(part)


def _has(annotation: Any, kind: type) -> bool:
    return get_origin(annotation) is kind or any(
        _has(part, kind) for part in get_args(annotation) if part is not NoneType
    )


def _kind(table: type[BaseModel]) -> str:
    """The word that tells a table of several kinds."""
    tag = "do" if "do" in table.model_fields else "kind"
    return str(get_args(table.model_fields[tag].annotation)[0])


async def on_pages(one: Visitor, page: str, at: str = "") -> set[str]:
    """Every field on a page and on those its links and buttons lead to, tables added as one goes."""
    text = (await one.get(page)).text
    found = {at + key for key in re.findall(r'name="has:([^"]+)"', text) if re.search(rf'name="(?:key:)?{key}"', text)}
    below = page.partition("/settings/at/")[2].partition("?")[0]
    for link in dict.fromkeys(re.findall(rf'href="(/settings/at/{below and below + "/"}[^/"?]+)"', text)):
        found |= await on_pages(one, link, f"{at}{link.rpartition('/')[2]}.")
    for form in re.findall(r'action="/settings/add"(.*?)</form>', text, re.DOTALL):
        [(csrf, where)] = re.findall(
            r'name="csrf" value="([^"]+)"><input type="hidden" name="at" value="([^"]+)"', form
        )
        key, several = where.rpartition("/")[2], re.findall(r'<option value="([^"]+)"', form)
        for kind in several or [""]:
            sent = {
                "csrf": csrf,
                "at": where,
                "name": "1" if key == "keys" else f"one-{kind}".rstrip("-"),
                "kind": kind,
            }
            answer = await one.post("/settings/add", data=sent)
            assert answer.status_code == 303, (where, answer.text)
            table = f"{at}{key}.*{f'[{kind}]' if kind else ''}."
            found |= await on_pages(one, answer.headers["location"], table)
    return found


async def test_every_field_of_the_file_is_on_a_page(tmp_path: Path) -> None:
    async with (
        Applying(tmp_path, SMALLEST) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
    ):
        box.people()
        async with box.logged_in("installer") as one:
            there, wanted = await on_pages(one, "/settings"), set(of_models())
    print(f"\n{len(wanted)} fields")
    assert len(wanted) > 400 and "scenario.*.step.*[menu].keys.*.skill" in wanted
    assert (sorted(wanted - there), sorted(there - wanted)) == ([], [])
