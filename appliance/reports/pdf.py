# SPDX-License-Identifier: GPL-2.0-or-later
"""A report on paper (PDF, A4): a title, bars and tables, in whatever language. See docs/decisions/reportlab.md."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

FONTS = Path("/usr/share/fonts/truetype/dejavu")
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
LONGEST = 48  # characters of a cell
GREEN, RED, GREY, EDGE = "#0c6b3d", "#a3201d", "#55635f", "#dbe2df"


class NoFont(Exception):
    """The letters are not on this machine."""

    id = "no-font"


class Bars(NamedTuple):
    """Bars one upon the other, with a name under each."""

    names: Sequence[str]
    lower: Sequence[float]
    upper: Sequence[float]


class Part(NamedTuple):
    """A heading; bars where they say something; a table, its first row being the heads, figures to the right."""

    heading: str
    rows: Sequence[Sequence[str]]
    bars: Bars | None = None


def document(title: str, about: str, parts: Sequence[Part]) -> bytes:
    """Raises NoFont."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    _fonts()
    plain = ParagraphStyle("plain", fontName=PLAIN, fontSize=9, leading=12, textColor=GREY)
    head = ParagraphStyle("head", fontName=BOLD, fontSize=16, leading=20)
    inner = ParagraphStyle(
        "inner", fontName=BOLD, fontSize=11, leading=15, spaceBefore=10, spaceAfter=3, keepWithNext=1
    )
    flow: list[Any] = [Paragraph(escape(title), head), Paragraph(escape(about), plain), Spacer(1, 2 * mm)]
    for part in parts:
        flow.append(Paragraph(escape(part.heading), inner))
        if part.bars and any((*part.bars.lower, *part.bars.upper)):
            flow.append(_chart(part.bars, A4[0] - 36 * mm))
        flow.append(_table(part.rows))
    out = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 18 * mm)
    SimpleDocTemplate(out, pagesize=A4, title=title, author="Linekeeper", **margins).build(
        flow, onFirstPage=_foot, onLaterPages=_foot
    )
    return out.getvalue()


def _fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    for name in (PLAIN, BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            try:
                pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
            except (TTFError, OSError) as fault:
                raise NoFont(f"{FONTS / name}.ttf cannot be read") from fault


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(PLAIN, 8)
    canvas.drawRightString(document.pagesize[0] - document.rightMargin, 24, str(document.page))


def _table(rows: Sequence[Sequence[str]]) -> Any:
    from reportlab.platypus import Table

    cells = [[one if len(one) <= LONGEST else one[: LONGEST - 1] + "…" for one in row] for row in rows]
    return Table(
        cells,
        repeatRows=1,
        hAlign="LEFT",
        style=[
            ("FONT", (0, 0), (-1, -1), PLAIN, 8.5),
            ("FONT", (0, 0), (-1, 0), BOLD, 8),
            ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, EDGE),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ],
    )


def _chart(bars: Bars, width: float) -> Any:
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.colors import HexColor

    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 28, 18, width - 34, 105
    chart.data = [list(bars.lower), list(bars.upper)]
    chart.categoryAxis.style = "stacked"
    chart.categoryAxis.categoryNames = list(bars.names)
    chart.valueAxis.valueMin = 0
    for axis in (chart.categoryAxis, chart.valueAxis):
        axis.labels.fontName, axis.labels.fontSize = PLAIN, 6.5
    chart.bars[0].fillColor, chart.bars[1].fillColor = HexColor(GREEN), HexColor(RED)
    chart.bars.strokeColor = None
    drawing = Drawing(width, 130)
    drawing.add(chart)
    return drawing
