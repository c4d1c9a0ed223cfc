# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages with something of the call in them. Text without `{{`, `{%` or `{#` is a message as it stands."""

import re
from collections.abc import Mapping

from appliance.settings.sentence import Sentence

LONGEST = 4096  # bytes of what comes out
VARIABLES = ("caller", "name", "keys", "line", "queue", "action", "request_id", "expires_at")

_MARKED = re.compile(r"\{[{%#]")


class Unfit(Exception):
    """A template that is none, asks for what there is not, or comes out too long."""

    id = "template"

    def __init__(self, said: Sentence) -> None:
        super().__init__(said)
        self.said = said


def is_template(text: str) -> bool:
    return _MARKED.search(text) is not None


def fault(text: str) -> Sentence | None:
    """What is wrong with a template; None when it can be used."""
    if not is_template(text):
        return None
    try:
        fill(text, dict.fromkeys(VARIABLES, ""))
    except Unfit as unfit:
        return unfit.said
    return None


def fill(text: str, known: Mapping[str, str | int]) -> str:
    """The message. Raises Unfit."""
    if is_template(text):
        from appliance.settings import sandbox  # Jinja2 is loaded only where a document has a template

        text = sandbox.fill(text, known)
    if len(text.encode()) > LONGEST:
        raise Unfit(Sentence("it comes out at more than {} bytes", LONGEST))
    return text
