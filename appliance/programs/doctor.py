# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper doctor`: has a line call the box itself, and says in words and figures what it does to sound and keys."""

import asyncio
import hashlib
import sys
from collections.abc import Mapping

import msgspec

from appliance.control.client import Client
from appliance.control.doctor import CheckLine, LineChecked
from appliance.control.messages import Apply, Document, Refused, Watch
from appliance.health import line_checks
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask
from appliance.settings.edits import put
from appliance.web import tongue

USABLE_WITHIN = 60.0  # s until a modem is set up anew


def main(argv: list[str]) -> int:
    """0: all is well; 1: something is not."""
    takes = parser("doctor", "Have a line call the box itself, and say what it does to sound and keys (half a minute).")
    takes.add_argument("line", help="the line under test")
    takes.add_argument(
        "--to", default="", metavar="NUMBER", help="a number that comes back to this box (found by itself)"
    )
    takes.add_argument(
        "--set", action="store_true", help="turn the modem as is proposed, and keep that if it is better then"
    )
    takes.add_argument(
        "--language", choices=list(tongue.LANGUAGES), default="en", help="what it is told in (%(default)s)"
    )
    takes.add_argument("--json", action="store_true", help="figures and findings for programs")
    args = parse(takes, argv)

    async def asked(switch: Client) -> LineChecked:
        checked = await switch.request(CheckLine(0, args.line, args.to))
        return await turned(switch, checked, args.to) if args.set and checked.gains else checked

    checked = ask(args.socket, asked)
    if args.json:
        show(msgspec.json.format(msgspec.json.encode(checked), indent=2).decode())
    else:
        for line in words(checked, args.language):
            show(line)
    return 1 if checked.findings else 0


async def turned(switch: Client, checked: LineChecked, to: str) -> LineChecked:
    """The levels proposed are in the settings from now on, unless a second check finds that they make it no better."""
    await _set(switch, checked.line, {one.way: one.proposed for one in checked.gains})
    try:
        await _usable(switch, checked.line)
        again = await switch.request(CheckLine(0, checked.line, to))
        better = _off(again) < _off(checked)
    except (TimeoutError, Refused) as fault:
        again, better = checked, False
        print(f"it cannot be checked again: {fault or 'the line is down'}", file=sys.stderr)
    if not better:  # said outright: a modem keeps a level that the settings no longer name
        await _set(switch, checked.line, {one.way: one.now for one in checked.gains})
        print("other levels of the modem made it no better: it has its own again", file=sys.stderr)
        return checked
    return again


async def _set(switch: Client, line: str, levels: Mapping[str, int]) -> None:
    """Levels into the settings as they are now, whoever changed them meanwhile."""
    document = (await switch.request(Document(0))).document
    wanted = put(document, [(("line", line, f"gain_{way}"), level) for way, level in levels.items()])
    based_on = hashlib.sha256(document.encode()).hexdigest()
    await switch.request(Apply(0, wanted, f"levels of line {line}, by the line doctor", based_on))


def _off(checked: LineChecked) -> float:
    return abs(checked.said.turn) + abs(checked.heard.turn)


async def _usable(switch: Client, line: str) -> None:
    async with asyncio.timeout(USABLE_WITHIN):
        while not any(one.id == line and one.usable for one in (await switch.request(Watch(0))).lines):
            await asyncio.sleep(1)


def words(checked: LineChecked, language: str) -> list[str]:
    say = tongue.catalogue(language).gettext
    found = line_checks.told(checked, checked.line)
    heads = (say(line_checks.SAID), say(line_checks.HEARD))
    return [
        say(line_checks.BACK_BY).format(checked.line, checked.other),
        *(f"- {say(one.words).format(*one.gaps)} {say(one.todo)}" for one in found),
        *([] if found else [f"- {say(line_checks.WELL)}"]),
        *(
            f"- {say(line_checks.TRY).format(one.command, one.proposed, one.now)} (--set: gain_{one.way})"
            for one in checked.gains
        ),
        "",
        f"{'':18}  {heads[0]:>18}  {heads[1]:>18}",
        *(f"{one.name:18}  {one.said:>18}  {one.heard:>18}" for one in line_checks.figures(checked, say)),
    ]
