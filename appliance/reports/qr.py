# SPDX-License-Identifier: GPL-2.0-or-later
"""A text as a QR code (ISO/IEC 18004), for the camera of a telephone. Pure."""

from typing import NamedTuple

QUIET = 4  # modules of light around it, as the standard wants


class Squares(NamedTuple):
    """Its dark modules as a path of SVG, each a square of 1, and the side of all, with the light around it."""

    path: str
    side: int


def squares(text: str) -> Squares:
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # 14 MB: when somebody asks

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    side = code.getModuleCount()
    dark = ((x, y) for y in range(side) for x in range(side) if code.isDark(y, x))
    return Squares("".join(f"M{x + QUIET} {y + QUIET}h1v1h-1z" for x, y in dark), side + 2 * QUIET)
