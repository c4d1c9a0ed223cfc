# SPDX-License-Identifier: GPL-2.0-or-later
"""The modems we know, as data: how to find them, set them up, hear their audio and help them up again.

What differs between revisions of a family is asked of the modem (probes), never assumed; a step that it refuses and
that is not needed is only noted.
"""

from typing import Literal, NamedTuple

from appliance.lines.at.engine import MEDIUM, Command

Usb = tuple[int, int]  # vendor and product
Way = Literal["tty", "uac"]  # of sound: a serial port, a sound card on USB


class Ports(NamedTuple):
    """Interface numbers; None: it has none, or it must be looked for (at)."""

    at: int | None
    audio: int | None = None


class Step(NamedTuple):
    command: Command
    needed: bool = False  # without it the line is no use


class Sound(NamedTuple):
    """How a call is heard. probe: shows that this modem can, when its answer begins like `shows`, a regular expression."""

    way: Way
    probe: Command
    shows: str
    start: tuple[str, ...]  # once the call is answered
    stop: tuple[str, ...]
    retry_for: int = 0  # ms in which a refused start, or a card that is not had, is tried again while the call lasts
    before: tuple[str, ...] = ()  # once, at set-up


class Rung(NamedTuple):
    """One step up the recovery ladder; `usb` and `power` need more than the port."""

    do: Literal["resync", "reopen", "command", "usb", "power"]
    commands: tuple[str, ...] = ()
    wait: int = 0  # ms until it is worth looking again
    pause: int = 0  # ms between the commands


class Pin(NamedTuple):
    """How the tries left for the SIM's PIN are asked: which value of the answer."""

    command: Command
    value: int


class Louder(NamedTuple):
    """The commands that set how loud a call is: what is said into it, and what is heard from it."""

    said: str = ""
    heard: str = ""


class Family(NamedTuple):
    name: str
    usb: dict[Usb, Ports]
    models: str  # a regular expression of maker and model, as the modem says them
    setup: tuple[Step, ...]
    sounds: tuple[Sound, ...]  # the best one first
    ladder: tuple[Rung, ...]
    pin: Pin | None = None
    digits: Literal["each", "list", "huawei"] = "each"
    voice: bool = True  # False: no audio; short messages, the caller's number, calls that are rejected
    baud: int = 115200
    louder: Louder = Louder()


def ask(text: str, *prefix: str, within: int = MEDIUM) -> Command:
    return Command(text, prefix, within)


def plain(text: str) -> Command:
    """An answer with or without its prefix."""
    return Command(text, (text.removeprefix("AT").rstrip("?"),), MEDIUM, bare=True)


MAKER, MODEL, REVISION, SERIAL = plain("AT+CGMI"), plain("AT+CGMM"), plain("AT+CGMR"), plain("AT+CGSN")
PIN = Command("AT+CPIN?", ("+CPIN",), MEDIUM)
REGISTRATION = Command("AT+CREG?", ("+CREG",), MEDIUM)
SIGNAL = Command("AT+CSQ", ("+CSQ",), MEDIUM)

FIRST = (Step(Command("ATE0"), needed=True), Step(Command("AT+CMEE=1")))


def steps(*texts: str) -> tuple[Step, ...]:
    return tuple(Step(Command(text, within=MEDIUM)) for text in texts)


# Once the SIM is open. Messages are stored first and told by their place, so that none is lost with the power.
COMMON = (
    *steps("AT+CLIP=1", "AT+CRC=1", "AT+CCWA=1,1", "AT+CSSN=0,0"),
    Step(Command("AT+CMGF=0", within=MEDIUM), needed=True),
    *steps('AT+CPMS="SM","SM","SM"', "AT+CNMI=2,1,0,2,0", 'AT+CSCS="UCS2"', "AT+COPS=3,0", "AT+CREG=2", "AT+CEREG=2"),
)

RESYNC, REOPEN = Rung("resync"), Rung("reopen", wait=1_000)
RADIO = Rung("command", ("AT+CFUN=0", "AT+CFUN=1"), wait=15_000, pause=10_000)
RESTART = Rung("command", ("AT+CFUN=1,1",), wait=30_000)
USB, POWER = Rung("usb", wait=30_000), Rung("power", wait=30_000)

SIMCOM_PIN = Pin(Command("AT+SPIC", ("+SPIC",), MEDIUM), 0)

QUECTEL = Family(
    name="quectel",
    usb={
        (0x2C7C, 0x0125): Ports(2, 1),
        (0x2C7C, 0x0121): Ports(2, 1),
        (0x2C7C, 0x0191): Ports(2, 1),
        (0x2C7C, 0x0195): Ports(2, 1),
        (0x2C7C, 0x0306): Ports(2, 1),
        (0x05C6, 0x9003): Ports(2, 1),
        (0x05C6, 0x9090): Ports(2, 1),
    },
    models=r"Quectel.*\b(EC2[015]|EG25|EG9[15]|EG06|UC20|UC15)(?!\d)",
    setup=(
        *COMMON,
        *steps('AT+QURCCFG="urcport","usbat"', "AT+QTONEDET=1", 'AT+QINDCFG="ccinfo",1,0', 'AT+QINDCFG="csq",1,0'),
    ),
    sounds=(
        Sound(
            "uac",
            ask('AT+QCFG="USBCFG"', "+QCFG"),
            r'\+QCFG: ?"usbcfg",0x2c7c,0x[0-9a-f]+(,\d){6},1',  # the seventh switch is UAC
            ("AT+QPCMV=0", "AT+QPCMV=1,2"),
            ("AT+QPCMV=0",),
            retry_for=2_000,  # there is the tty too
        ),
        Sound(
            "tty",
            ask("AT+QPCMV?", "+QPCMV"),
            r"\+QPCMV:",
            ("AT+QPCMV=1,0",),
            ("AT+QPCMV=0",),
            retry_for=5_000,
            before=('AT+QGPSCFG="outport","none"', "AT+QAUDMOD=3"),
        ),
    ),
    ladder=(RESYNC, REOPEN, RADIO, RESTART, USB, POWER),
    pin=Pin(Command('AT+QPINC="SC"', ("+QPINC",), MEDIUM), 1),
    louder=Louder("AT+QMIC", "AT+QRXGAIN"),
)

SIM7600 = Family(
    name="sim7600",
    usb={(0x1E0E, 0x9001): Ports(2, 4), (0x1E0E, 0x9011): Ports(4, 6)},
    models=r"SIM7[156]\d\d",
    setup=(
        *COMMON,
        # without CVHU=0 the modem says OK to a hang-up and goes on
        *steps("AT+CVHU=0", "AT+CLCC=1", "AT+DDET=1", "AT+CSCLK=0", "AT+AUTOCSQ=1,1"),
    ),
    sounds=(
        Sound(
            "tty",
            ask("AT+CPCMREG?", "+CPCMREG"),
            r"\+CPCMREG:",
            ("AT+CPCMREG=1",),
            ("AT+CPCMREG=0",),
            retry_for=12_000,
            before=("AT+CPCMFRM=0", "AT+CPCMREG=0"),
        ),
    ),
    ladder=(RESYNC, REOPEN, RADIO, Rung("command", ("AT+CRESET",), wait=30_000), USB, POWER),
    pin=SIMCOM_PIN,
    digits="list",
    louder=Louder("AT+CMICGAIN", "AT+COUTGAIN"),
)

HUAWEI = Family(
    name="huawei",
    usb={
        (0x12D1, 0x1001): Ports(2, 1),
        (0x12D1, 0x140C): Ports(3, 2),
        (0x12D1, 0x14AC): Ports(4, 3),
        (0x12D1, 0x1436): Ports(4, 3),
        (0x12D1, 0x1506): Ports(3, 2),
        (0x12D1, 0x1406): Ports(None),
        (0x12D1, 0x1C07): Ports(None),
        (0x12D1, 0x1465): Ports(None),
        (0x12D1, 0x1464): Ports(None),
    },
    models=r"huawei",
    setup=(*COMMON, *steps("AT^DDTMFCFG=0,1", "AT^USSDMODE=0")),
    sounds=(Sound("tty", ask("AT^CVOICE?", "^CVOICE"), r"\^CVOICE: ?\(?0\b", ("AT^DDSETEX=2",), ()),),
    ladder=(RESYNC, REOPEN, RADIO, Rung("command", ("AT^RESET",), wait=30_000), USB, POWER),
    pin=Pin(Command("AT^CPIN?", ("^CPIN",), MEDIUM), 3),
    digits="huawei",
    louder=Louder(heard="AT+CLVL"),
)

SILENT = Family(
    name="silent",
    usb={
        (0x1E0E, 0x9011): Ports(4),
        (0x2C7C, 0x6026): Ports(None),
        (0x2C7C, 0x6002): Ports(None),
        (0x2C7C, 0x6005): Ports(None),
        (0x2C7C, 0x6001): Ports(None),
        (0x2C7C, 0x6007): Ports(None),
        (0x2C7C, 0x0901): Ports(None),
    },
    models=r"A76\d\d|SIM[89]\d\d|EC200|EC600|EG91[26]|SIM767\d|SIM7672",
    setup=COMMON,
    sounds=(),
    ladder=(RESYNC, REOPEN, RADIO, RESTART, USB, POWER),
    pin=SIMCOM_PIN,  # others refuse it, and are then not given a PIN
    voice=False,
)

FAMILIES = (SILENT, QUECTEL, SIM7600, HUAWEI)  # SILENT first: its models are named exactly

CHATTER_OFF = Command("AT^CURC=0")  # Huawei, before its ports are asked for
PORT_MODE = Command("AT^GETPORTMODE", ("^GETPORTMODE",), MEDIUM)
