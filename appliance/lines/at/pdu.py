# SPDX-License-Identifier: GPL-2.0-or-later
"""Short messages as modems pass them on in PDU mode (3GPP TS 23.040, 9.2): hexadecimal digits, service centre in front."""

from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import NamedTuple

from appliance.lines.at import gsm7

DIGITS = "0123456789*#abc"
FILLER = 0xF
LONGEST = 176  # bytes of a TPDU: 36 of header and 140 of text
USER_DATA = 140  # bytes of text with its header
DIGITS_MOST = 20  # of an address


class BadPdu(ValueError):
    """Not a message we can read. Theirs."""


class Kind(IntEnum):
    """Message type indicator; a DELIVER comes to us, as a STATUS-REPORT does, a SUBMIT leaves us."""

    DELIVER = 0
    SUBMIT = 1
    STATUS_REPORT = 2


class Coding(IntEnum):
    GSM7 = 0
    DATA = 1
    UCS2 = 2


class Part(NamedTuple):
    """Of a long message."""

    reference: int
    total: int
    number: int  # from 1
    wide: bool = False  # the reference has 16 bits


class Body(NamedTuple):
    """What a message says. data: what is not text (Coding.DATA)."""

    text: str
    coding: Coding = Coding.GSM7
    part: Part | None = None
    data: bytes = b""
    flash: bool = False  # shown and not kept
    port: int | None = None  # for a program, not for people


class Deliver(NamedTuple):
    sender: str  # digits, with + when international; or a name
    at: datetime | None  # when the service centre got it; None when it says no real time
    body: Body
    centre: str = ""


class Submit(NamedTuple):
    recipient: str
    body: Body
    reference: int = 0
    validity: timedelta | None = None
    report: bool = False
    centre: str = ""


class Report(NamedTuple):
    """What became of a message of ours. reference: what +CMGS answered."""

    reference: int
    recipient: str
    at: datetime | None
    discharged: datetime | None
    status: int
    centre: str = ""

    @property
    def delivered(self) -> bool:
        return self.status < 0x20

    @property
    def final(self) -> bool:
        """Nothing more is tried."""
        return not 0x20 <= self.status < 0x40


Message = Deliver | Submit | Report


class Bytes:
    """Takes bytes from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        if count > len(self.data):
            raise BadPdu("it ends too early")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def one(self) -> int:
        return self.take(1)[0]


def decode(pdu: str) -> Message:
    """A message of hexadecimal digits with its service centre. BadPdu when it is none."""
    try:
        data = Bytes(bytes.fromhex(pdu))
    except ValueError:
        raise BadPdu("not hexadecimal") from None
    centre = data.take(data.one())
    if len(data.data) > LONGEST + USER_DATA:
        raise BadPdu("too long")
    told = semi_octets(centre[1:], centre[0]) if centre else ""
    first = data.one()
    match first & 3:
        case Kind.DELIVER:
            return Deliver(address(data), *deliver_rest(data, first), told)
        case Kind.SUBMIT:
            return submit(data, first, told)
        case Kind.STATUS_REPORT:
            return Report(data.one(), address(data), when(data.take(7)), when(data.take(7)), data.one(), told)
    raise BadPdu("a reserved type")


def deliver_rest(data: Bytes, first: int) -> tuple[datetime | None, Body]:
    data.one()  # protocol
    coding = data.one()
    at = when(data.take(7))
    return at, body(data, coding, bool(first & 0x40))


def submit(data: Bytes, first: int, centre: str) -> Submit:
    reference, recipient, _, coding = data.one(), address(data), data.one(), data.one()
    validity = None
    match first >> 3 & 3:
        case 2:
            validity = period(data.one())
        case 1 | 3:
            data.take(7)
    return Submit(recipient, body(data, coding, bool(first & 0x40)), reference, validity, bool(first & 0x20), centre)


def address(data: Bytes) -> str:
    """An address with its length in digits in front."""
    length, kind = data.one(), data.one()
    packed = data.take((length + 1) // 2)
    if length > DIGITS_MOST + 2:
        raise BadPdu("an address too long")
    if kind & 0x70 == 0x50:  # letters
        return gsm7.letters(gsm7.unpack(packed, length * 4 // 7)).rstrip("\0")
    return semi_octets(packed, kind)


def semi_octets(packed: bytes, kind: int) -> str:
    """Digits, two in a byte, the first one below."""
    halves = [half for each in packed for half in (each & 15, each >> 4)]
    number = "".join(DIGITS[half] for half in halves if half != FILLER)
    return "+" + number if kind & 0x70 == 0x10 and number else number


def when(stamp: bytes) -> datetime | None:
    """Seven bytes of time; the last is the zone in quarters of an hour."""
    year, month, day, hour, minute, second, _ = ((each & 15) * 10 + (each >> 4) for each in stamp)
    quarters = (stamp[6] & 7) * 10 + (stamp[6] >> 4)
    zone = timedelta(minutes=15 * (-quarters if stamp[6] & 8 else quarters))
    if any(each & 15 > 9 or each >> 4 > 9 for each in stamp[:6]):
        return None
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(zone))
    except ValueError:
        return None


def coding_of(scheme: int) -> Coding:
    """The alphabet that a data coding scheme names (23.038, 4); what is reserved or compressed is data."""
    group = scheme >> 4
    if group < 8:
        if scheme & 0x20:
            return Coding.DATA
        return Coding((scheme >> 2) & 3) if (scheme >> 2) & 3 != 3 else Coding.GSM7
    if group == 0xE:
        return Coding.UCS2
    return Coding.DATA if group == 0xF and scheme & 4 else Coding.GSM7


def is_flash(scheme: int) -> bool:
    return scheme & 3 == 0 and (scheme >> 4 in (1, 3, 5, 7) or scheme >> 4 == 0xF)


def body(data: Bytes, scheme: int, headed: bool) -> Body:
    """The text of a message; lengths that promise too much are cut to what is there."""
    length, coding = data.one(), coding_of(scheme)
    said = data.data[:USER_DATA]
    header = 0
    part, port = None, None
    if headed and said:
        header = said[0] + 1
        if header > len(said):
            raise BadPdu("a header too long")
        part, port = read_header(said[1:header])
    flash = is_flash(scheme)
    if coding is Coding.GSM7:
        taken = -(-header * 8 // 7)
        values = gsm7.unpack(said[header:], length - taken, taken * 7 - header * 8)
        return Body(gsm7.letters(values), coding, part, flash=flash, port=port)
    content = said[header:length]
    if coding is Coding.UCS2:
        text = content[: len(content) & ~1].decode("utf-16-be", "replace")
        return Body(text, coding, part, flash=flash, port=port)
    return Body("", coding, part, content, flash, port)


def read_header(header: bytes) -> tuple[Part | None, int | None]:
    """What of a user data header we know; elements that make no sense are passed over."""
    part, port = None, None
    while len(header) >= 2:
        kind, length, value = header[0], header[1], header[2 : 2 + header[1]]
        header = header[2 + length :]
        if len(value) != length:
            break
        if (kind, length) in ((0x00, 3), (0x08, 4)):
            found = Part(int.from_bytes(value[:-2]), value[-2], value[-1], kind == 0x08)
            part = found if 1 <= found.number <= found.total else part
        elif (kind, length) == (0x05, 4):
            port = int.from_bytes(value[:2])
        elif (kind, length) == (0x04, 2):
            port = value[0]
    return part, port


PERIODS = (  # up to this octet: validity is (octet - from) times a step (9.2.3.12.1)
    (143, -1, timedelta(minutes=5)),
    (167, 119, timedelta(minutes=30)),
    (196, 166, timedelta(days=1)),
    (255, 192, timedelta(weeks=1)),
)


def period(octet: int) -> timedelta:
    """How long a message is kept trying, from its octet."""
    start, step = next((start, step) for last, start, step in PERIODS if octet <= last)
    return (octet - start) * step


def period_octet(validity: timedelta) -> int:
    """The octet of the shortest period that is at least this long; 255 (63 weeks) is the longest."""
    return next((octet for octet in range(256) if period(octet) >= validity), 255)


# To hexadecimal digits


def write_address(number: str) -> bytes:
    """BadPdu when it is no number of at most 20 digits."""
    digits = number.removeprefix("+")
    if not 1 <= len(digits) <= DIGITS_MOST or any(digit not in DIGITS for digit in digits):
        raise BadPdu(f"not a number: {number!r}")
    return bytes([len(digits), 0x91 if number.startswith("+") else 0x81]) + swapped(digits)


def swapped(digits: str) -> bytes:
    halves = [DIGITS.index(digit) for digit in digits] + [FILLER] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))


def write_sender(sender: str) -> bytes:
    """An address, or a name of at most eleven letters."""
    if sender.removeprefix("+").isdigit():
        return write_address(sender)
    values = [value for each in gsm7.septets(sender) or [] for value in each]
    if not 1 <= len(values) <= 11:
        raise BadPdu(f"not a sender: {sender!r}")
    packed = gsm7.pack(values)
    return bytes([-(-len(values) * 7 // 4), 0xD0]) + packed


def write_centre(centre: str) -> bytes:
    """In front of a message, its length is in bytes; "": the one the SIM knows."""
    if not centre:
        return b"\0"
    _, kind, *digits = write_address(centre)
    return bytes([1 + len(digits), kind, *digits])


def write_time(at: datetime | None) -> bytes:
    if at is None:
        return bytes(7)
    quarters = int((at.utcoffset() or timedelta()) / timedelta(minutes=15))
    pairs = (at.year % 100, at.month, at.day, at.hour, at.minute, at.second, abs(quarters))
    stamp = bytearray(each // 10 | each % 10 << 4 for each in pairs)
    stamp[6] |= 8 if quarters < 0 else 0
    return bytes(stamp)


def write_body(what: Body) -> tuple[int, bytes]:
    """Data coding scheme, and the user data with its length."""
    header = b""
    if what.part:
        reference, total, number, wide = what.part
        header = bytes([6, 8, 4, reference >> 8, reference & 255]) if wide else bytes([5, 0, 3, reference])
        header += bytes([total, number])
    scheme = what.coding << 2 | (0x10 if what.flash else 0)
    if what.coding is Coding.GSM7:
        found = gsm7.septets(what.text)
        if found is None:
            raise BadPdu("not in the alphabet")
        values = [value for each in found for value in each]
        taken = -(-len(header) * 8 // 7)
        length, data = taken + len(values), header + gsm7.pack(values, taken * 7 - len(header) * 8)
    else:
        data = header + (what.text.encode("utf-16-be") if what.coding is Coding.UCS2 else what.data)
        length = len(data)
    if len(data) > USER_DATA:
        raise BadPdu("too long for one message")
    return scheme, bytes([length]) + data


def encode(message: Message) -> str:
    """The hexadecimal digits of a message. BadPdu when it cannot be said."""
    front = write_centre(message.centre)
    match message:
        case Submit(recipient, what, reference, validity, report, _):
            scheme, data = write_body(what)
            first = Kind.SUBMIT | (0x10 if validity else 0) | (0x20 if report else 0) | (0x40 if what.part else 0)
            kept = bytes([period_octet(validity)]) if validity else b""
            said = bytes([first, reference]) + write_address(recipient) + bytes([0, scheme]) + kept + data
        case Deliver(sender, at, what, _):
            scheme, data = write_body(what)
            first = Kind.DELIVER | 4 | (0x40 if what.part else 0)
            said = bytes([first]) + write_sender(sender) + bytes([0, scheme]) + write_time(at) + data
        case Report(reference, recipient, at, discharged, status, _):
            said = bytes([Kind.STATUS_REPORT, reference]) + write_address(recipient)
            said += write_time(at) + write_time(discharged) + bytes([status])
    return (front + said).hex().upper()


def tpdu_length(pdu: str) -> int:
    """What +CMGS wants to know: bytes without the service centre."""
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)
