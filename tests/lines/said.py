# SPDX-License-Identifier: GPL-2.0-or-later
"""Talks with modems, as bytes, for the tests of the text side. Numbers are fictitious."""

from appliance.lines.at.engine import Answer, Command, Engine, Heard

LIST = Command("AT+CLCC", ("+CLCC",))
SEND = Command("AT+CMGS=20", ("+CMGS",), within=60_000, body="0011000B916407281553F80000AA0AE8329BFD4697D9EC37")
READ = Command("AT+CMGR=41", ("+CMGR",), within=5_000, pdus=True)
DIAL = Command("ATD+15550100;", within=60_000, dial=True)

TALKS: dict[str, tuple[Command | None, bytes]] = {
    "an EC25 is called": (
        None,
        b'\r\nRING\r\n\r\n+CLIP: "+15550100",145,,,,0\r\n\r\n+QIND: "ccinfo",1,1,4,0,0,"+15550100",145\r\n\r\nRING\r\n',
    ),
    "a SIM7600 is called and answers": (
        Command("ATA"),
        b'\r\r\n+CRING: VOICE\r\r\n\r\n+CLIP: "+15550100",145,,,,0\r\nVOICE CALL: BEGIN\r\n\r\nOK\r\n'
        b"\r\r\n+RXDTMF: 8\r\r\n\r\nVOICE CALL: END: 000009\r\n\r\nNO CARRIER\r\n",
    ),
    "a Huawei dials out": (
        DIAL,
        b"\r\nOK\r\n\r\n^ORIG:1,0\r\n\r\n^CONF:1\r\n\r\n^RSSI:21\r\n\r\n^CONN:1,0\r\n\r\n^CEND:1,5,29,16\r\n",
    ),
    "a list of calls with a message between, echo on": (
        LIST,
        b'AT+CLCC\r\r\n+CLCC: 1,1,4,0,0,"5550100",129\r\n+CMTI: "SM",41\r\n+CLCC: 2,0,0,0,0,"",145\r\n\r\nOK\r\n',
    ),
    "a message is sent, echo on": (
        SEND,
        b"AT+CMGS=20\r\r\n> " + SEND.body.encode() + b"\x1a\r\n+CMGS: 7\r\n\r\nOK\r\n",
    ),
    "a message is read": (READ, b"\r\n+CMGR: 0,,24\r\n07914477581006500414D0\r\n\r\nRING\r\n\r\nOK\r\n"),
    "a message and a report come by themselves": (
        LIST,
        b"\r\n+CMT: ,24\r\n07914477\r\n\r\n+CDS: 25\r\n0791\r\n\r\n+CUSD: 0, 49B4\r\nOK\r\n",
    ),
}


def hear(command: Command | None, data: bytes, cuts: list[int]) -> tuple[list[Heard], bytes]:
    """What an engine hears and writes when the bytes come in these pieces."""
    engine, heard = Engine(), []
    if command:
        engine.ask(command, 0)
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        heard += engine.feed(data[start:end], 0)
    return heard, engine.take()


def told(command: Command | None, data: bytes) -> list[Heard]:
    """What is heard beside the answer."""
    return [each for each in hear(command, data, [])[0] if not isinstance(each, Answer)]


def answer(command: Command, data: bytes) -> Answer:
    (found,) = (each for each in hear(command, data, [])[0] if isinstance(each, Answer))
    return found
