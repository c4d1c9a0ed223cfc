# SPDX-License-Identifier: GPL-2.0-or-later
"""The languages of the pages: English in the templates, the others from locale/*.po, read once. See docs/pages.md."""

import io
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from appliance.web import view
from appliance.web.shelf import shelf

HERE = Path(__file__).parent
CELLS = {"td": "cell", "th": "rowheader"}  # the roles of cells
LANGUAGES = {"en": "English", "ru": "Русский", "uk": "Українська"}


def spoken(wanted: str, accept: str) -> str:
    """The language a visitor is shown: the one he chose, else the first of an Accept-Language header that we have."""
    if wanted in LANGUAGES:
        return wanted
    for one in accept[:200].split(","):
        code = one.partition(";")[0].strip().lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return "en"


def marked(words: str) -> str:
    """Marks words (as `_`) for translation, which is done where they are shown."""
    return words


@cache
def catalogue(language: str) -> Translations:
    """gettext() and ngettext() of a language."""
    if language == "en":
        return Translations()
    with (HERE / "locale" / f"{language}.po").open("rb") as stream:
        read = read_po(stream, locale=language)
    with (HERE / "locale" / f"settings.{language}.po").open("rb") as stream:
        for message in read_po(stream, locale=language):
            if message.id:
                read.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)


@cache
def environment(language: str) -> Environment:
    """The templates in a language; everything put into them is escaped."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    words = catalogue(language)

    def said(sentence: str) -> str:
        """What the settings say of themselves, without the marks of a name; a sign of per cent in it is one."""
        return words.gettext(sentence).replace("`", "") if sentence else ""

    made.filters |= {"labelled": labelled, "octets": octets, "said": said}
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"language": language, "languages": LANGUAGES, "clock": view.clock, "static": shelf().address}
    return made


def labelled(row: str, heads: Sequence[str | tuple[str, str]]) -> Markup:
    """A row of a table whose cells say what they are: the head of their column, and to screen readers that they are cells still
    where a narrow screen has them otherwise than in a table."""
    left = iter(heads)

    def told(cell: re.Match[str]) -> str:
        head = next(left, "")
        words = head if isinstance(head, str) else head[0]
        return f'<{cell[1]} role="{CELLS[cell[1]]}" data-label="{escape(words)}"'

    return Markup(re.sub(r"<(td|th)\b", told, row).replace("<tr", '<tr role="row"', 1))


def octets(mac: str) -> str:
    """The address of a network card as its label has it."""
    return ":".join(re.findall("..", mac))
