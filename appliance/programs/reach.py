# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper reach`: every way by which a call can get to an extension, a person, a queue ..."""

import sys

from appliance.languages import language
from appliance.programs.arguments import document, reading, show
from appliance.settings import ways
from appliance.settings.reach import Unknown, reach


def main(argv: list[str]) -> int:
    """0; 1 when nothing is called so."""
    takes = reading("reach", "List every way by which a call can get somewhere.")
    takes.add_argument("target", metavar="WHERE", help="an extension, or person.anna, queue.sales, action.gate ...")
    args = takes.parse_args(argv)
    settings = document(args.settings)
    spoken = language(args.language or settings.office.language)
    try:
        found = reach(settings, args.target)
    except Unknown:
        told = spoken.say("reach.unknown", name=spoken.quoted(args.target[:40]), example="person.anna, queue.sales")
        print(f"linekeeper reach: {told}", file=sys.stderr)
        return 1
    show("\n".join(ways.told(found, spoken.code)))
    return 0
