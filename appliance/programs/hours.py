# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper hours`: a year of opening hours as a calendar, drawn by the core that answers the calls."""

import sys
from datetime import date

from appliance.languages import language
from appliance.programs.arguments import document, reading, show, whole
from appliance.settings.calendar import calendar
from appliance.settings.year import draw

FIRST, LAST = 1971, 2199  # years the hours are known of


def main(argv: list[str]) -> int:
    """0; 1 when there are no such hours."""
    takes = reading("hours", "Draw a year of opening hours, as the core that answers the calls takes them.")
    takes.add_argument("name", nargs="?", metavar="NAME", help="the hours (all there are)")
    takes.add_argument(
        "--year", type=whole(FIRST, LAST), metavar="YEAR", default=date.today().year, help="(%(default)s)"
    )
    args = takes.parse_args(argv)
    settings = document(args.settings)
    spoken = language(args.language or settings.office.language)
    if args.name is not None and args.name not in settings.hours:
        known = ", ".join(map(spoken.quoted, settings.hours)) or spoken.say("nothing")
        print(
            "linekeeper hours: " + spoken.say("year.unknown", hours=spoken.quoted(args.name), known=known),
            file=sys.stderr,
        )
        return 1
    names = [args.name] if args.name is not None else list(settings.hours)
    pages = (
        "\n".join(
            calendar(
                draw(settings, name, args.year, spoken.code), spoken.quoted(name), settings.office.time_zone, spoken
            )
        )
        for name in names
    )
    show("\n\n".join(pages) or spoken.say("year.none"))
    return 0
