# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper why`: tells why a call went as it did."""

from appliance.control.messages import Why
from appliance.languages import LANGUAGES
from appliance.programs.arguments import parse, parser
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    takes = parser("why", "Tell every decision about a call, oldest first.")
    takes.add_argument("call", type=int, help="its number, from the log or the page")
    takes.add_argument("--language", choices=LANGUAGES, default="", help="what it is told in (the office's own)")
    args = parse(takes, argv)
    for line in ask(args.socket, lambda switch: switch.request(Why(0, args.call, args.language))):
        print(line)
    return 0
