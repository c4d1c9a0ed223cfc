# SPDX-License-Identifier: GPL-2.0-or-later
"""Every table and field of the settings documents as Markdown, from the models.

`python -m appliance.settings.reference docs/settings.md` writes it anew below the line that begins it.
"""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from appliance.settings.faults import Schema, accepted, plain, schema_of
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets

BEGIN = "<!-- All below comes from appliance/settings/models.py: python -m appliance.settings.reference -->\n"


def reference() -> str:
    """All tables of office.toml, then all of secrets.toml; fields with what they accept, default and help."""
    names = schema_of(Settings)["properties"]["phone"]["propertyNames"]["accepts"]
    office = f"\n## office.toml\n\nNAME is yours to choose: {names}.\n{_document(Settings)}"
    return BEGIN + office + "\n## secrets.toml\n" + _document(Secrets)


def _document(model: type[BaseModel]) -> str:
    root = schema_of(model)
    return "".join(_tables(name, node, root) for name, node in root["properties"].items())


def _tables(name: str, written: Schema, root: Schema) -> str:
    """A table, or all of its kinds; nothing for what is no table."""
    node, most = plain(written, root), ""
    if "maxProperties" in node:
        name, most = f"{name}.NAME", f" At most {node['maxProperties']}."
        node = plain(node["additionalProperties"], root)
    elif "items" in node:
        name, most = f"[{name}]", f" At most {node['maxItems']}."
        node = plain(node["items"], root)
    if "discriminator" in node:
        kinds = node["discriminator"]["mapping"].items()
        kept = node["discriminator"]["propertyName"]
        return "".join(_table(f'[{name}]` `{kept} = "{kind}"', plain({"$ref": ref}, root), root) for kind, ref in kinds)
    return _table(f"[{name}]", node, root, most) if "properties" in node else ""


def _table(heading: str, node: Schema, root: Schema, most: str = "") -> str:
    """A table, its fields, and the tables within it."""
    about = node["description"] if "title" not in node else root["$defs"][node["title"]]["description"]
    text = f"\n### `{heading}`\n\n{about}{most}\n"
    inner = ""
    if node["properties"]:
        text += "\n| field | accepts | default | what it is |\n|---|---|---|---|\n"
    name = heading.partition("]`")[0].strip("[]")
    for field, written in node["properties"].items():
        below = plain(written, root)
        inner += _tables(f"{name}.{field}", below, root)
        text += f"| `{field}` | {_cell(accepted(written, root))} | {_default(field, node)} | {below['description']} |\n"
    return text + inner


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: str, node: Schema) -> str:
    if field in node.get("required", ()):
        return "needed"
    default = node["properties"][field].get("default")
    return "-" if default in (None, "", [], {}) or isinstance(default, dict) else f"`{json.dumps(default)}`"


def main(page: Path) -> None:
    before, _, _ = page.read_text().partition(BEGIN)
    page.write_text(before + reference())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
