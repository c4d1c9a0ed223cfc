# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper doctor`: has a line call the box itself, and says in words and figures what it does to sound and keys."""

import msgspec

from appliance.control.client import Client
from appliance.control.doctor import Checked, CheckLine, Way
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    """0: all is well; 1: something is not."""
    takes = parser("doctor", "Have a line call the box itself, and say what it does to sound and keys (half a minute).")
    takes.add_argument("line", help="the line under test")
    takes.add_argument(
        "--to", default="", metavar="NUMBER", help="a number that comes back to this box (found by itself)"
    )
    takes.add_argument("--json", action="store_true", help="figures and findings for programs")
    args = parse(takes, argv)

    async def asked(switch: Client) -> Checked:
        return await switch.request(CheckLine(0, args.line, args.to))

    checked = ask(args.socket, asked)
    if args.json:
        show(msgspec.json.format(msgspec.json.encode(checked), indent=2).decode())
    else:
        for line in words(checked):
            show(line)
    return 1 if checked.findings else 0


def words(checked: Checked) -> list[str]:
    said, heard = checked.said, checked.heard
    return [
        f"Line {checked.line}, by a call that came back by {checked.other}:",
        *(f"- {one.words} {one.todo}" for one in checked.findings),
        *([] if checked.findings else ["- All is well."]),
        "",
        f"{'':14}  {'said into it':>16}  {'heard from it':>16}",
        *(f"{name:14}  {figure(said):>16}  {figure(heard):>16}" for name, figure in FIGURES.items()),
    ]


def _unit(value: float | None, unit: str, none: str = "-") -> str:
    return none if value is None else f"{value:g} {unit}"


def _keys(way: Way) -> str:
    named = (("lost", way.keys_lost), ("twice", way.keys_doubled), ("wrong", way.keys_wrong))
    return ", ".join(f"{len(keys)} {what}" for what, keys in named if keys) or "all"


FIGURES = {
    "gain": lambda way: _unit(way.gain, "dB", "nothing heard"),
    "noise": lambda way: _unit(way.noise, "dBm0"),
    "clipped from": lambda way: _unit(way.clips, "dBm0", "not"),
    "sound lost": lambda way: _unit(way.lost, "ms"),
    "delay": lambda way: _unit(way.delay, "ms"),
    "echo": lambda way: _unit(way.echo_loss, "dB below", "none"),
    "echo after": lambda way: _unit(way.echo_delay, "ms"),
    "keys": _keys,
}
