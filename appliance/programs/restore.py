# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper restore`: puts older settings in force again."""

from appliance.control.messages import Restore
from appliance.programs.apply import said
from appliance.programs.arguments import parse, parser
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    takes = parser("restore", "Put settings in force again that were before; `linekeeper history` lists them.")
    takes.add_argument("version", type=int)
    args = parse(takes, argv)
    print(said(ask(args.socket, lambda switch: switch.request(Restore(0, args.version)))))
    return 0
