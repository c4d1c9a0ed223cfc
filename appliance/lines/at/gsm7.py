# SPDX-License-Identifier: GPL-2.0-or-later
"""The GSM 7 bit alphabet with its extension table, packed eight letters into seven bytes (3GPP TS 23.038, 6.1.2, 6.2.1)."""

ESCAPE = 0x1B
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|"}
EXTENSION[0x65] = "€"

SEPTETS: dict[str, tuple[int, ...]] = {letter: (value,) for value, letter in enumerate(BASIC) if value != ESCAPE}
SEPTETS |= {letter: (ESCAPE, value) for value, letter in EXTENSION.items()}


def septets(text: str) -> list[tuple[int, ...]] | None:
    """Each letter's one or two septets; None when the alphabet has not all of them."""
    found = [SEPTETS.get(letter) for letter in text]
    return None if None in found else [each for each in found if each]


def letters(values: list[int]) -> str:
    """Septets as text. An escape before a letter that the extension has not is a blank with that letter's basic form."""
    text, escaped = "", False
    for value in values:
        if escaped:
            text += " " if value == ESCAPE else EXTENSION.get(value, BASIC[value])
            escaped = False
        elif value == ESCAPE:
            escaped = True
        else:
            text += BASIC[value]
    return text


def pack(values: list[int], fill: int = 0) -> bytes:
    """Septets into bytes, behind so many fill bits."""
    bits = 0
    for at, value in enumerate(values):
        bits |= value << (fill + 7 * at)
    return bits.to_bytes((fill + 7 * len(values) + 7) // 8, "little")


def unpack(data: bytes, count: int, fill: int = 0) -> list[int]:
    """The first `count` septets behind the fill bits, fewer when the bytes end."""
    bits = int.from_bytes(data, "little") >> fill
    count = max(0, min(count, (8 * len(data) - fill) // 7))
    return [(bits >> (7 * at)) & 0x7F for at in range(count)]
