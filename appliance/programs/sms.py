# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper sms`: text messages that came and were sent; sends one."""

from datetime import datetime

from appliance.control.client import Client
from appliance.control.modems import SendText, Sms, Texts
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    takes = parser("sms", "List the newest hundred text messages, oldest first; or send one.")
    do = takes.add_subparsers(dest="do", metavar="list | send", required=False)
    do.add_parser("list", help="those that came and were sent (what is done without a word)")
    send = do.add_parser("send", help="send one; done once the network has taken it")
    send.add_argument("to", help="a number outside, or person.NAME for the mobile of somebody")
    send.add_argument("text", help="what is written, at most 1530 characters")
    send.add_argument("--line", default="", help="the line to send by (the cheapest with a modem that is ready)")
    args = parse(takes, argv)

    async def asked(switch: Client) -> tuple[Sms, ...]:
        if args.do == "send":
            return (await switch.request(SendText(0, args.to, args.text, args.line)),)
        return await switch.request(Texts(0))

    for one in ask(args.socket, asked):
        show(line(one))
    return 0


def line(one: Sms) -> str:
    """Number, when, line, what became of it, whose, and the text on one line, without signs that move the cursor."""
    when = datetime.fromtimestamp(one.at / 1000).strftime("%Y-%m-%d %H:%M")
    text = "".join(sign if sign.isprintable() else " " for sign in one.text)
    number = "".join(sign for sign in one.number if sign.isprintable()) or "unknown"
    return f"{one.id}  {when}  {one.line}  {one.state}  {number}  {text}{'' if one.whole else '  (a part is missing)'}"
