# SPDX-License-Identifier: GPL-2.0-or-later
"""A text of any length: cut into messages, and put together again from them. Times are ms."""

from datetime import datetime
from typing import NamedTuple

from appliance.lines.at import gsm7
from appliance.lines.at.pdu import BadPdu, Body, Coding, Deliver, Part

MOST_PARTS = 10  # of a message of ours; the standard allows 255, each is paid for
SINGLE, EACH = {Coding.GSM7: 160, Coding.UCS2: 70}, {Coding.GSM7: 153, Coding.UCS2: 67}  # septets; UTF-16 units

WAITING_MOST = 64  # messages of which parts are missing
WAIT_FOR = 24 * 60 * 60 * 1000  # ms for the missing parts; networks try for a day and more
GAP = "[…]"  # in the place of a part that never came


def bodies(text: str, reference: int, most: int = MOST_PARTS) -> list[Body]:
    """The messages that say a text, in the alphabet that takes fewest. BadPdu when it is empty or too long."""
    if any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        raise BadPdu("half a letter")
    basic = gsm7.septets(text)
    coding = Coding.UCS2 if basic is None else Coding.GSM7
    sizes = [len(each) for each in basic] if basic is not None else [1 + (ord(letter) > 0xFFFF) for letter in text]
    if not text:
        raise BadPdu("an empty message")
    if sum(sizes) <= SINGLE[coding]:
        return [Body(text, coding)]
    pieces, room = [""], EACH[coding]
    for letter, size in zip(text, sizes, strict=True):  # no letter is cut in two
        if size > room:
            pieces.append("")
            room = EACH[coding]
        pieces[-1] += letter
        room -= size
    if len(pieces) > most:
        raise BadPdu(f"more than {most} messages")
    return [Body(piece, coding, Part(reference & 255, len(pieces), at)) for at, piece in enumerate(pieces, 1)]


class Text(NamedTuple):
    """A text as it was sent. ids: of the parts of a long one."""

    sender: str
    at: datetime | None
    text: str
    whole: bool = True
    data: bytes = b""
    ids: tuple[int, ...] = ()


class Waiting:
    """Parts of one message."""

    def __init__(self, since: int, total: int) -> None:
        self.since = since
        self.parts: dict[int, Deliver] = {}
        self.ids: list[int] = []
        self.total = total

    def text(self) -> Text:
        first = self.parts[min(self.parts)]
        each = [self.parts.get(number) for number in range(1, self.total + 1)]
        said = "".join(part.body.text if part else GAP for part in each)
        data = b"".join(part.body.data for part in each if part)
        return Text(first.sender, first.at, said, len(self.parts) == self.total, data, tuple(self.ids))


Key = tuple[str, int, int, bool]


class Together:
    """Puts long messages together. Never keeps more than WAITING_MOST: the oldest is then told with gaps."""

    def __init__(self, most: int = WAITING_MOST, wait: int = WAIT_FOR) -> None:
        self.most, self.wait = most, wait
        self.waiting: dict[Key, Waiting] = {}

    def add(self, message: Deliver, part: Part, id: int, now: int) -> list[Text]:
        """A part was read, which is kept under this id; the texts that are now to be told."""
        key = (message.sender, part.reference, part.total, part.wide)
        told: list[Text] = []
        known = self.waiting.get(key)
        if known and known.parts.get(part.number, message).body != message.body:
            told.append(self.waiting.pop(key).text())  # its reference is used again
        elif not known and len(self.waiting) >= self.most:
            told.append(self.waiting.pop(min(self.waiting, key=lambda each: self.waiting[each].since)).text())
        waiting = self.waiting.setdefault(key, Waiting(now, part.total))
        waiting.parts[part.number] = message
        waiting.ids.append(id)
        if len(waiting.parts) == part.total:
            told.append(self.waiting.pop(key).text())
        return told

    @property
    def deadline(self) -> int | None:
        return min((each.since + self.wait for each in self.waiting.values()), default=None)

    def late(self, now: int) -> list[Text]:
        """The texts whose missing parts are no longer waited for."""
        over = [key for key, each in self.waiting.items() if each.since + self.wait <= now]
        return [self.waiting.pop(key).text() for key in over]
