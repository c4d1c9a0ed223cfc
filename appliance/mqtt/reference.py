# SPDX-License-Identifier: GPL-2.0-or-later
"""Every topic and its JSON schema as Markdown, from the structs that are published.

`python -m appliance.mqtt.reference docs/mqtt.md` writes it anew below the line that begins it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from appliance.mqtt.requests import KINDS
from appliance.mqtt.topics import PAYLOADS, RETAINED, WORDS

BEGIN = "<!-- All below comes from appliance/mqtt/: python -m appliance.mqtt.reference docs/mqtt.md -->\n"


def schema(payload: type) -> dict[str, Any]:
    """The JSON schema of a payload, all in one."""
    whole = msgspec.json.schema(payload)
    definitions = whole.get("$defs", {})
    return dict(_plain(whole, definitions))


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    """A schema without references and titles."""
    if isinstance(node, list):
        return [_plain(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _plain(value, definitions) for key, value in node.items() if key not in ("$defs", "title")}


def reference() -> str:
    text = "\n## Schemas\n\n`NAME` is that of a line, queue, person, table of hours, action or request.\n"
    for topic, words in WORDS.items():
        text += f"\n### `{_topic(topic)}`\n\nRetained. {' or '.join(f'`{word}`' for word in words)}.\n"
    for topic, payload in PAYLOADS.items():
        kept = "Retained." if topic.split("/")[0] in RETAINED else "Never retained."
        text += _section(_topic(topic), payload, kept)
    for name, payload in KINDS.items():
        text += _section(f"request/{name}", payload, "To be published, never retained.")
    return BEGIN + text


def _topic(topic: str) -> str:
    return topic.replace("+", "NAME")


def _section(topic: str, payload: type, kept: str) -> str:
    shown = schema(payload)
    about = shown.pop("description", "")
    return f"\n### `{topic}`\n\n{about} {kept}\n\n```json\n{_written(shown)}\n```\n"


def _written(schema: dict[str, Any]) -> str:
    """A schema as text, a line for each property."""
    lines = [f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in schema["properties"].items()]
    rest = {key: value for key, value in schema.items() if key != "properties"}
    return json.dumps(rest)[:-1] + ', "properties": {\n' + ",\n".join(lines) + "\n}}"


def main(page: Path) -> None:
    before, _, _ = page.read_text().partition(BEGIN)
    page.write_text(before + reference())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
