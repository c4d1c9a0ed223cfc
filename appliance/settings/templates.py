# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages with something of the call in them. Text without `{{`, `{%` or `{#` is a message as it stands."""

import re
from collections.abc import Mapping

LONGEST = 4096  # bytes of what comes out
VARIABLES = ("caller", "name", "keys", "line", "queue", "action", "request_id", "expires_at")

_MARKED = re.compile(r"\{[{%#]")


class Unfit(Exception):
    """A template that is none, asks for what there is not, or comes out too long."""

    id = "template"


def is_template(text: str) -> bool:
    return _MARKED.search(text) is not None


def fault(text: str) -> str:
    """What is wrong with a template; "" when it can be used."""
    if not is_template(text):
        return ""
    try:
        fill(text, dict.fromkeys(VARIABLES, ""))
    except Unfit as unfit:
        return str(unfit)
    return ""


def fill(text: str, known: Mapping[str, str | int]) -> str:
    """The message. Raises Unfit."""
    if is_template(text):
        from appliance.settings import sandbox  # Jinja2 is loaded only where a document has a template

        text = sandbox.fill(text, known)
    if len(text.encode()) > LONGEST:
        raise Unfit(f"it comes out at more than {LONGEST} bytes")
    return text
