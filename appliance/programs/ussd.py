# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper ussd`: asks the network of a line something by a code such as *100#, and prints what it says."""

from appliance.control.client import Client
from appliance.control.modems import Code
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    takes = parser("ussd", "Ask the network of a line something by a code, and print what it says.")
    takes.add_argument("line", help="a line with a modem")
    takes.add_argument("code", help="such as *100# (in quotes: a shell knows * and # too)")
    args = parse(takes, argv)

    async def asked(switch: Client) -> str:
        return await switch.request(Code(0, args.line, args.code))

    for said in ask(args.socket, asked).splitlines():
        show("".join(sign if sign.isprintable() else " " for sign in said))
    return 0
