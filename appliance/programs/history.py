# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper history`: lists the settings that were ever in force."""

import time

from appliance.control.messages import History
from appliance.programs.arguments import parse, parser
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    args = parse(parser("history", "List the settings that were ever in force, oldest first."), argv)
    for version in ask(args.socket, lambda switch: switch.request(History(0))):
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(version.at / 1000))
        print(f"{version.number:6}  {at}  {version.sha256[:12]}  {version.comment}".rstrip())
    return 0
