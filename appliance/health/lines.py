# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be wrong with lines and their modems."""

from collections.abc import Iterable, Iterator

from appliance.control.messages import Line
from appliance.control.modems import Modem
from appliance.health.facts import Facts
from appliance.health.findings import UNKNOWN, Finding, _, bad, warning

WEAK = -103  # dBm: a bar of five; calls break off


def look(facts: Facts) -> Iterable[Finding]:
    if facts.live is None:
        return UNKNOWN
    if not facts.live.lines:
        return [
            warning(
                _("No line to the outside is set: nobody can call the office."),
                todo=_("Add one under Settings."),
                page="/settings",
            )
        ]
    return [found for line in facts.live.lines.values() for found in _line(line)]


def _line(line: Line) -> Iterator[Finding]:
    name, modem = line.name or line.id, line.modem
    if modem is not None and not line.usable:
        yield _modem(name, modem)
    elif not line.usable and line.kind == "fxo" and line.why.startswith("no-channel"):
        yield bad(_("The card has no port for line “{}”: {}."), name, line.why.partition(" ")[2], todo=_CARD)
    elif not line.usable and line.kind == "gateway":
        yield bad(_("Line “{}” is out of order."), name, todo=_GATEWAY, page="/phones")
    elif not line.usable:
        yield bad(_("Line “{}” is out of order."), name, todo=_SIP if line.kind == "sip" else _CABLE)
    elif modem is not None:
        if modem.signal is not None and modem.signal < WEAK:
            yield warning(
                _("Line “{}” has a weak signal: {} dBm."),
                name,
                modem.signal,
                todo=_("Move its antenna, nearer to a window."),
            )
        if modem.registration == "roaming":
            yield warning(
                _("Line “{}” is in the network of another provider, which may cost more."),
                name,
                todo=_("Move its antenna, or ask the provider of the SIM card."),
            )


_GATEWAY = _(
    "Look whether the gateway has power and network, and is registered: its own pages say so. One that was set up anew has to "
    "fetch its settings, or be given its password."
)
_SIP = _(
    "Look whether the internet works, and whether the provider has a fault; then whether user and password of the line are "
    "still right."
)
_CABLE = _("Look whether its cable is in, at the box and in the socket.")
_CARD = _(
    "Look whether the card is plugged in. Your installer sees to its driver (DAHDI), and that the port is the right one."
)
_PIN = _("Put its PIN in on the page of this line, under Settings. Look it up first: three wrong ones block the card.")
_INSTALLER = _("Ask your installer: not every modem can be used.")
_MODEMS = {  # by standing, or why it is unfit
    "absent": (_("The modem of line “{}” is not found."), _("Look whether it is plugged in; then plug it in anew.")),
    "sim-missing": (
        _("There is no SIM card in the modem of line “{}”."),
        _("Switch the box off, put the card in, switch the box on."),
    ),
    "sim-blocked": (
        _("The SIM card of line “{}” is blocked."),
        _("Put it into a mobile telephone and enter its PUK, or ask its provider."),
    ),
    "sim-pin-wanted": (_("The SIM card of line “{}” wants its PIN."), _PIN),
    "sim-pin-at-risk": (_("The SIM card of line “{}” wants its PIN."), _PIN),
    "sim-pin-refused": (_("The SIM card of line “{}” refused its PIN."), _PIN),
    "searching": (
        _("The modem of line “{}” finds no network."),
        _("Look at its antenna, and whether the SIM card is paid for."),
    ),
    "silent": (
        _("The modem of line “{}” does not answer."),
        _("The box restarts it by itself. If it is the same in ten minutes, plug it in anew."),
    ),
    "unfit": (_("The modem of line “{}” cannot be used."), _INSTALLER),
}


def _modem(name: str, modem: Modem) -> Finding:
    if modem.standing in ("starting", "ready"):
        return warning(_("The modem of line “{}” is starting."), name, todo=_("Wait for a minute."))
    why = modem.why if modem.standing == "unfit" and modem.why in _MODEMS else modem.standing
    words, todo = _MODEMS[why]
    return bad(words, name, todo=todo)
