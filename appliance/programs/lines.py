# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper lines`: the ways to the outside, what goes on there, what is known of their modems, and when they were checked."""

from collections.abc import Iterator
from datetime import datetime

from appliance.control.client import Client
from appliance.control.messages import Line, Watch
from appliance.control.modems import Modem
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    """0: every line works; 1: one does not."""
    args = parse(
        parser(
            "lines", "List the lines: whether they work, who talks there, signal and SIM of modems, where gateways are."
        ),
        argv,
    )

    async def asked(switch: Client) -> tuple[Line, ...]:
        return (await switch.request(Watch(0))).lines

    lines = ask(args.socket, asked)
    for one in lines:
        show(line(one))
        for told in checked(one):
            show(f"{'':14}{told}")
    return 0 if all(one.usable for one in lines) else 1


def checked(one: Line) -> Iterator[str]:
    """What the line doctor found the last time."""
    if last := one.checked:
        when = datetime.fromtimestamp(last.at / 1000).strftime("%Y-%m-%d %H:%M")
        yield f"checked {when}, by a call that came back by {last.other}{'' if last.findings else ': all is well'}"
        yield from (f"- {found.words} {found.todo}" for found in last.findings)


def line(one: Line) -> str:
    """Name, kind, whether it works, what goes on, and what is known of its modem, or of a gateway that registers."""
    shown = f"{one.id:12}  {one.kind:7}  {'works' if one.usable else 'down':5}  {one.state}"
    facts = _of_modem(one.modem) if one.modem else (*one.contacts, one.agent)
    return "  ".join(filter(None, (shown, ", ".join(filter(None, facts)))))


def _of_modem(modem: Modem) -> tuple[str, ...]:
    return (
        " ".join(filter(None, (modem.standing, modem.why))),
        f"{modem.signal} dBm" if modem.signal is not None else "",
        f"SIM {modem.sim.removeprefix('sim-')}" if modem.sim else "",
        " ".join(filter(None, (modem.operator, modem.registration))),
        f"balance {modem.balance}" if modem.balance else "",
        f"busy callers: {modem.divert}" if modem.divert not in ("", "none") else "",
        f"calls are silent: {modem.sound}" if modem.sound not in ("", "ok") else "",
        modem.model,
        f"IMEI {modem.imei}" if modem.imei else "",
    )
