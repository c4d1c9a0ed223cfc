# SPDX-License-Identifier: GPL-2.0-or-later
"""The languages of the pages: English in the templates, the others from locale/*.po, read once. See docs/pages.md."""

import io
import re
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from appliance.settings.sentence import Sentence
from appliance.web import view
from appliance.web.forms import Word
from appliance.web.scenario_graph import Way
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
                read.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)


def said(sentence: str, language: str) -> str:
    """What the settings say of themselves, or of what is wrong, without the marks of a name; a sign of per cent is one."""
    words = catalogue(language)
    made = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
    return made.into(lambda one: str(words.gettext(one)).replace("`", "") if one else "")


def title(words: str, table: str, language: str) -> str:
    """What a field or table is called; `table`, a model of the settings, tells words apart that one language has twice."""
    return _in_context(words, (table, "setting"), language)


def value(word: str, table: str, language: str) -> str:
    """A word the file may have for a value, behind what it means where a language has words for it."""
    meant = _in_context(word, (table, "value"), language)
    return word if meant == word else f"{meant} ({word})"


def way(one: Way, language: str) -> Way:
    """A way out of a step, by what its field is called; a key of a telephone is itself."""
    if not one.by.isascii() or not one.by[:1].isalpha():
        return one
    return one._replace(by=lowered(title(Word(one.by.replace(" ", "_")).title, "", language)))


def lowered(words: str) -> str:
    return words[:1].lower() + words[1:]


def _in_context(words: str, contexts: Sequence[str], language: str) -> str:
    known = catalogue(language)
    found = (str(known.pgettext(context, words)) for context in contexts)
    return next((each for each in found if each != words), words)


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
    made.filters |= {
        "labelled": labelled,
        "octets": octets,
        "said": partial(said, language=language),
        "way": partial(way, language=language),
        "titled": lambda one: title(one.title, one.table, language),
        "valued": lambda word, table="": value(word, table, language),
    }
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
