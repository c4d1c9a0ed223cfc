# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages in the visitor's language: nothing left in English that people read of the pages themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir

from appliance.calls.features import BEHIND, PARKED, ROOM, card
from appliance.settings import given
from appliance.settings.features import Features, table
from appliance.web import forms, settings_pages, tongue
from appliance.web.access import ROLES
from tests.settings.documents import TWO, settings
from tests.web.applying import Applying
from tests.web.visitors import site

WEB = Path(tongue.__file__).parent
HEALTH = WEB.parent / "health"
SETTINGS = WEB.parent / "settings"
SAME = {"HTTPS", "Homie", "IMEI", "MQTT", "SIP", "TLS"}  # fields whose names are the same everywhere
INTERNATIONAL = {  # and choices: codecs, protocols, standards, makers
    *(
        "opus",
        "g722",
        "pcma",
        "pcmu",
        "gsm",
        "sha-256",
        "md5",
        "udp",
        "tcp",
        "tls",
        "bell202",
        "v23",
        "dtmf",
        "5",
        "3.1.1",
    ),
    *("yealink", "grandstream", "snom", "fanvil"),
}
MADE = {  # the words of these come from where every sentence of the models is looked at, or are among the others
    ("given.py", "accepts"),
    *(("faults.py", one) for one in ("str(node['accepts'])", "node['unit']", "words", "says.words")),
}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
GAP = re.compile(r"%\(\w+\)s|\{[01]?\}")


def sentences() -> Iterator[str]:
    """Everything marked for translation, and what is shown by way of it: refusals, audit rows, roles, groups."""
    for found in extract_from_dir(WEB, METHODS, OPTIONS, keywords={"_": None, "gettext": None, "say": None}):
        yield str(found[2])
    for found in extract_from_dir(HEALTH, METHODS, OPTIONS, keywords={"_": None}):
        yield str(found[2])
    code = "".join(path.read_text() for path in WEB.glob("*.py"))
    yield from re.findall(r'(?:Refusal\(\d+, |note\()"([^"]+)"', code)
    yield from re.findall(r'asked\.address, "([a-z-]+)"', code)
    yield from ROLES
    yield from (one.help for one in table(Features()))
    yield from (*BEHIND.values(), PARKED, ROOM)
    yield from (words for words, _ in settings_pages.GROUPS)
    yield from of_settings([forms.ROOT["properties"], forms.ROOT["$defs"]])
    yield from (
        given.field(kind, key)[told]
        for kind, keys in given.GIVEN.items()
        for key in keys
        for told in ("description", "accepts")
    )
    yield from faults()


def of_settings(schema: object) -> Iterator[str]:
    """What the models say of tables and fields, what these accept, and their units."""
    if isinstance(schema, dict):
        yield from (schema[key] for key in ("description", "unit", "accepts") if isinstance(schema.get(key), str))
    if isinstance(schema, dict | list):
        for each in schema.values() if isinstance(schema, dict) else schema:
            yield from of_settings(each)


def faults() -> Iterator[str]:
    """Every fault and every doubt there can be. A Fault takes nothing but a Sentence (mypy), whose words stand in the code."""
    for path in SETTINGS.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "Sentence"
                and call.args
            ):
                match call.args[0]:
                    case ast.Constant(value=str(words)):
                        yield from [words] * any(c.isalpha() for c in words)
                    case node:
                        assert (path.name, ast.unparse(node)) in MADE, ast.unparse(node)


def models() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table of the settings by its model, the document itself among them."""
    yield "Settings", forms.ROOT
    yield from forms.ROOT["$defs"].items()


def choices(node: object) -> Iterator[str]:
    """The words a field takes, if they are few."""
    if isinstance(node, dict):
        yield from node.get("enum", ())
        yield from (node[key] for key in ("const",) if key in node)
        yield from (word for key in ("anyOf", "items") for word in choices(node.get(key)))
    if isinstance(node, list):
        yield from (word for each in node for word in choices(each))


OTHERS = pytest.mark.parametrize("language", [code for code in tongue.LANGUAGES if code != "en"])


@OTHERS
def test_every_field_and_every_choice_has_words_in_every_language(language: str) -> None:
    fields = [(forms.Word(key).title, model) for model, node in models() for key in node.get("properties", {})]
    words = {(word, model) for model, node in models() for one in node["properties"].values() for word in choices(one)}
    assert len(fields) > 500 and len(words) > 150
    assert {title for title, model in fields if tongue.title(title, model, language) == title} == SAME
    assert {word for word, model in words if tongue.value(word, model, language) == word} == INTERNATIONAL
    assert (
        tongue.value("ring-all", "Queue", "en") == "ring-all" and tongue.title("Ring for", "Queue", "en") == "Ring for"
    )


@OTHERS
def test_every_sentence_is_in_every_language_with_its_gaps(language: str) -> None:
    words = tongue.catalogue(language)
    every = set(sentences())
    assert len(every) > 150
    missing = [one for one in every if words.gettext(one) == one]
    assert missing == []
    for one in every:
        assert sorted(GAP.findall(one)) == sorted(GAP.findall(words.gettext(one))), one


@pytest.mark.parametrize("language", [code for code in tongue.LANGUAGES if code != "en"])
def test_who_hears_what_a_button_is_called_hears_what_stands_on_it(language: str) -> None:
    """`Remove` is shown, `Remove %(name)s` is read out: who says to his computer what he sees is understood."""
    words, every = tongue.catalogue(language), set(sentences())
    pairs = [(found[1], one) for one in every if (found := re.fullmatch(r"(.+?) %\(\w+\)s", one)) and found[1] in every]
    assert len(pairs) > 4
    for shown, heard in pairs:
        assert words.gettext(heard).lower().startswith(words.gettext(shown).lower()), heard


@pytest.mark.parametrize(
    ("wanted", "accept", "spoken"),
    [
        ("", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("", "de, uk;q=0.5", "uk"),
        ("en", "ru", "en"),
        ("xx", "", "en"),
        ("", "../../etc/passwd", "en"),
        ("", ",;=q" * 10_000, "en"),
    ],
)
def test_the_language_is_the_one_chosen_or_the_browsers(wanted: str, accept: str, spoken: str) -> None:
    assert tongue.spoken(wanted, accept) == spoken


async def test_a_page_comes_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    async with site(tmp_path) as box, box.visitor() as one:
        one.headers["Accept-Language"] = "uk"
        page = (await one.get("/first-run")).text
        assert '<html lang="uk">' in page and "Задати пароль власника" in page
        box.people()
        assert (await one.log_in("reader")).status_code == 303
        await one.fill("/me", "/me/language", language="ru")
        assert "Моя учётная запись" in (await one.get("/me")).text


@pytest.mark.parametrize(("language", "word"), [("ru", "Конференция: Board."), ("uk", "Конференція: Board.")])
def test_the_card_of_codes_is_in_the_visitors_language(language: str, word: str) -> None:
    told = dict(card(settings(TWO + '[room.board]\nextension = "300"\n'), tongue.catalogue(language).gettext))
    assert told["300"] == word and not [
        what for what in told.values() if re.search("[a-z]{3}", what.replace("Board", ""))
    ]


async def test_the_settings_say_what_they_are_in_the_visitors_language(tmp_path: Path) -> None:
    async with Applying(tmp_path, TWO + "[queue.q]\n" + 'people = ["anna"]\n') as switch:
        async with site(tmp_path / "pages", switch.socket, switch.document) as box:
            box.people()
            for language, words, unit in (
                ("ru", "Сколько ждёт звонящий.", "с"),
                ("uk", "Скільки чекає абонент.", "с"),
            ):
                async with box.logged_in("owner") as one:
                    page = (await one.get("/settings/at/queue/q", headers={"Accept-Language": language})).text
                    assert words in page and f">{unit}</span>" in page and "How long a caller waits" not in page
                    assert "Content-Type: text" not in page  # what gettext says of nothing
