# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper guard`: lists who is banned from the SIP port, and lifts bans."""

from datetime import datetime

from appliance.control.client import Client
from appliance.control.guard import Ban, Lift
from appliance.control.messages import Watch
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    takes = parser("guard", "List the addresses banned for guessing passwords or asking without end; or lift bans.")
    lift = takes.add_mutually_exclusive_group()
    lift.add_argument("--lift", metavar="ADDRESS", help="ban this one no longer")
    lift.add_argument("--lift-all", action="store_true", help="ban nobody of these any longer")
    args = parse(takes, argv)

    async def asked(switch: Client) -> tuple[Ban, ...]:
        if args.lift or args.lift_all:
            await switch.request(Lift(0, args.lift or ""))
            return ()
        return (await switch.request(Watch(0))).bans

    for ban in ask(args.socket, asked):
        show(line(ban))
    return 0


def line(ban: Ban) -> str:
    """Address, why, since when, until when, how often."""
    since, until = (datetime.fromtimestamp(at / 1000).strftime("%Y-%m-%d %H:%M:%S") for at in (ban.since, ban.until))
    return f"{ban.address:18}  {ban.why:10}  {since} to {until}  {ban.times}"
