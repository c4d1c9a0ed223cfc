# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper codes`: the card of codes, to be printed and laid beside each telephone."""

import textwrap

from appliance.calls.features import card
from appliance.programs.arguments import document, reading, show

WIDTH, BEHIND = 100, 22  # characters of a line, and where the words begin


def main(argv: list[str]) -> int:
    args = reading("codes", "What is dialled, or pressed in a call, at the telephones of this office.").parse_args(argv)
    show("\n".join(lines(card(document(args.settings)))))
    return 0


def lines(told: list[tuple[str, str]]) -> list[str]:
    """A line for each code, more where its words are many."""
    said = [textwrap.wrap(words, WIDTH - BEHIND) for _, words in told]
    return [
        f"{code if not i else '':{BEHIND}}{line}".rstrip()
        for (code, _), words in zip(told, said, strict=True)
        for i, line in enumerate(words)
    ]
