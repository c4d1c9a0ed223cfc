# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of a modem in a call. Each refuses what would say more than it should."""

import re

from appliance.lines.at.engine import LONG, MEDIUM, SHORT, Command
from appliance.lines.at.families import Family
from appliance.lines.at.pdu import tpdu_length

ANSWER = Command("ATA", within=20_000, dial=True)  # NO CARRIER: who called has just hung up
HANG_UP = Command("AT+CHUP", within=MEDIUM)  # also refuses a call that rings; ATH is not obeyed everywhere
REFUSE_SECOND = Command("AT+CHLD=0", within=MEDIUM)
CALLS = Command("AT+CLCC", ("+CLCC",), SHORT)
OPERATOR = Command("AT+COPS?", ("+COPS",), LONG)
DIVERT_BUSY = Command("AT+CCFC=1,2", ("+CCFC",), LONG)  # is anybody sent on who calls while we talk?
NO_DIVERT_BUSY = Command("AT+CCFC=1,4", within=LONG)  # erased
STORED = Command("AT+CMGL=4", ("+CMGL",), LONG, pdus=True)

NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
KEYS = re.compile(r"[0-9*#A-D]{1,64}")
LIST_MOST = 15  # keys in one SIMCom command, of at most 29 letters
PIN = re.compile(r"[0-9]{4,8}")


def dial(number: str, withheld: bool = False) -> Command:
    """A voice call. ValueError when it is no number."""
    if not NUMBER.fullmatch(number):
        raise ValueError(f"not a number: {number!r}")
    return Command(f"ATD{number}{'I' if withheld else ''};", within=LONG, dial=True)


def press(family: Family, keys: str, call: int | None) -> list[Command]:
    """The commands that send keys to the far end."""
    if not KEYS.fullmatch(keys):
        raise ValueError(f"not keys: {keys!r}")
    match family.digits:
        case "list":
            cut = [keys[at : at + LIST_MOST] for at in range(0, len(keys), LIST_MOST)]
            return [Command(f"AT+VTS={','.join(each)}", within=MEDIUM + 300 * len(each)) for each in cut]
        case "huawei":
            return [Command(f"AT^DTMF={call or 1},{key}", within=MEDIUM) for key in keys]
    return [Command(f'AT+VTS="{key}"', within=MEDIUM) for key in keys]


def send(pdu: str) -> Command:
    return Command(f"AT+CMGS={tpdu_length(pdu)}", ("+CMGS",), LONG, body=pdu)


def read(place: int) -> Command:
    return Command(f"AT+CMGR={place}", ("+CMGR",), MEDIUM, pdus=True)


def delete(place: int) -> Command:
    return Command(f"AT+CMGD={place}", within=MEDIUM)


def enter_pin(pin: str) -> Command:
    if not PIN.fullmatch(pin):
        raise ValueError("a PIN is four to eight figures")
    return Command(f'AT+CPIN="{pin}"', within=MEDIUM)
