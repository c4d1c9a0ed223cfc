# SPDX-License-Identifier: GPL-2.0-or-later
"""How families of modems say things, written from their manuals and from what users report."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Dialect:
    """How a family says things. {n} is a number, {t} its type, {i} the modem's number of the call."""

    maker: str
    model: str
    revision: str
    end: str = "\r\n"  # what some lines start and end with
    rings: tuple[str, ...] = ()
    stands: str = ""  # how a call stands, with {way} and {stat}
    states: dict[str, str] = field(default_factory=dict)
    answered: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    over_unanswered: tuple[str, ...] = ()
    alerting: tuple[str, ...] = ()
    dialling: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()  # commands it obeys beside the common ones
    answers: dict[str, str] = field(default_factory=dict)
    refusal: str = "ERROR"
    hook_is_ignored: bool = False  # ATH says OK and does nothing
    second: str = '+CCWA: "{n}",{t},1'
    key: str = ""  # a key from the far end
    tries: str = ""
    tries_command: str = ""
    ussd: Callable[[str], str] = lambda text: text
    levels: dict[str, tuple[int, int]] = field(default_factory=dict)  # by command: as it comes, and the highest


# what has sound through the other port or the card, and no more; the end of a call does too
SOUND_ON, CARD_ON, SOUND_OFF = {"+CPCMREG=1", "+QPCMV=1,0", "^DDSETEX=2"}, {"+QPCMV=1,2"}, {"+CPCMREG=0", "+QPCMV=0"}

CLCC = {"dialling": "2", "alerting": "3", "coming": "4", "waiting": "5", "active": "0", "over": "6"}

EC25 = Dialect(
    "Quectel",
    "EC25",
    "EC25EFAR06A01M4G",
    rings=("RING", '+CLIP: "{n}",{t},,,,0'),
    stands='+QIND: "ccinfo",{i},{way},{stat},0,0,"{n}",{t}',
    states=CLCC | {"over": "-1"},
    over=("NO CARRIER",),
    over_unanswered=("NO CARRIER",),
    knows=("+QURCCFG", "+QTONEDET", "+QINDCFG", "+QPCMV=", "+QGPSCFG", "+QAUDMOD", "+CCWA", "+CSSN", "+CEREG="),
    answers={
        "+QPCMV?": "+QPCMV: 0,0",
        '+QCFG="USBCFG"': '+QCFG: "usbcfg",0x2C7C,0x0125,1,1,1,1,1,0,1',
    },
    key="+QTONEDET: {ascii}",
    tries='+QPINC: "SC",{tries},10',
    tries_command='+QPINC="SC"',
    ussd=lambda text: f'"{text.encode("utf-16-be").hex().upper()}",72',
    levels={"+QMIC": (15000, 65535), "+QRXGAIN": (20000, 65535)},
)
SIM7600 = Dialect(
    "SIMCOM INCORPORATED",
    "SIMCOM_SIM7600E-H",
    "LE20B04SIM7600M22",
    end="\r\r\n",
    rings=("+CRING: VOICE", '+CLIP: "{n}",{t},,,,0'),
    stands='+CLCC: {i},{way},{stat},0,0,"{n}",{t}',
    states=CLCC,
    answered=("VOICE CALL: BEGIN",),
    over=("VOICE CALL: END: 000009", "NO CARRIER"),
    over_unanswered=("MISSED_CALL: 11:01AM {n}",),
    knows=("+CVHU", "+CLCC=", "+DDET", "+CSCLK", "+AUTOCSQ", "+CPCMREG=", "+CPCMFRM", "+CCWA", "+CSSN", "+CEREG="),
    answers={"+CPCMREG?": "+CPCMREG:0"},
    hook_is_ignored=True,
    key="+RXDTMF: {key}",
    tries="+SPIC: {tries},10,0,10",
    tries_command="+SPIC",
    ussd=lambda text: f'"{text}",15',
    levels={"+CMICGAIN": (3, 8), "+COUTGAIN": (8, 8)},
)
E1550 = Dialect(
    "huawei",
    "E1550",
    "11.609.20.02.00",
    rings=("RING", '+CLIP: "{n}",{t},,,,0'),
    dialling=("^ORIG:{i},0",),
    alerting=("^CONF:{i}",),
    answered=("^CONN:{i},0",),
    over=("^CEND:{i},5,29,16",),
    over_unanswered=("^CEND:{i},0,104,{cause}",),
    knows=("^DDTMFCFG", "^USSDMODE", "^DDSETEX", "^CURC", "^DTMF", "+CSSN"),
    answers={"^CVOICE?": "^CVOICE:0,8000,16,20"},
    refusal="COMMAND NOT SUPPORT",
    key="^DDTMF: {key}",
    tries="^CPIN: SIM PIN,3,10,{tries},10,3",
    tries_command="^CPIN?",
    ussd=lambda text: " C834888A2ECBCB,15" if text == "Hi There" else f'"{text}",15',
)
SIM800 = Dialect(
    "SIMCOM_Ltd",
    "SIMCOM_SIM800L",
    "Revision:1418B05SIM800L24",
    rings=("RING", '+CLIP: "{n}",{t},"",0,"",0'),
    over=("NO CARRIER",),
    over_unanswered=("NO CARRIER",),
    knows=("+CCWA", "+CSSN"),
    tries="+SPIC: {tries},10,3,10",
    tries_command="+SPIC",
    ussd=lambda text: f'"{text}",15',
)
DIALECTS = {"ec25": EC25, "sim7600": SIM7600, "e1550": E1550, "sim800": SIM800}

COMMON = [
    "E0",
    "+CMEE=",
    "+CLIP=",
    "+CRC=",
    "+CMGF=0",
    "+CPMS=",
    "+CNMI=",
    "+CSCS=",
    "+COPS=",
    "+CREG=",
    "+VTS=",
    "+CFUN=",
]
