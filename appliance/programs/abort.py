# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper abort`: an action that waits for the end of its delay is not carried out."""

from appliance.control.messages import AbortAction
from appliance.programs.arguments import parse, parser
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    arguments = parser("abort", "Do not carry out a premises action whose delay is not over.")
    arguments.add_argument("action", metavar="NAME", help="the action")
    args = parse(arguments, argv)
    ask(args.socket, lambda switch: switch.request(AbortAction(0, args.action)))
    print(f"the bridge was told not to carry out {args.action}; `linekeeper audit` says whether it waited")
    return 0
