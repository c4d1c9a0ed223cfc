# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers are told, by the API: recordings brought, heard and deleted, texts heard before they are used."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from appliance.control.messages import Language
from appliance.control.prompts import TEXT_MOST
from appliance.web.api import shapes as s
from appliance.web.api.gate import OCTETS, Asked, Way
from appliance.web.prompts import FILE_MAX


class PromptIs(Struct, frozen=True):
    """One of your draft: a text, or a file; sound: the name it is heard by, "": it lies elsewhere on the box."""

    name: str
    title: str
    text: str
    file: str
    sound: str


class AllPrompts(Struct, frozen=True):
    """unnamed: recordings that neither the settings in force nor any draft name."""

    prompts: list[PromptIs]
    unnamed: list[str]


class SpeakText(s.Strict, frozen=True):
    """language "": the office's."""

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MOST)]
    language: Language = ""


class SpokenText(Struct, frozen=True):
    """By what name it is heard."""

    file: str


async def prompts(asked: Asked) -> AllPrompts:
    shown = asked.box.prompts.of(await asked.box.drafts.work(asked))
    every = [PromptIs(one.name, one.title, one.text, one.file, one.sound) for one in shown]
    return AllPrompts(every, await asked.box.prompts.unnamed(asked))


async def bring(asked: Asked) -> s.Done:
    name = asked.path["prompt"]
    at = name if "." in name else "new"
    await asked.box.prompts.bring(asked, at, name, asked.body)
    return s.Done()


async def remove(asked: Asked) -> s.Done:
    await asked.box.prompts.remove(asked, asked.path["prompt"])
    return s.Done()


async def sound(asked: Asked) -> Response:
    return await asked.box.prompts.sound(asked.path["file"])


async def delete(asked: Asked) -> s.Done:
    await asked.box.prompts.delete(asked, asked.path["file"])
    return s.Done()


async def speak(asked: Asked) -> SpokenText:
    return SpokenText(await asked.box.prompts.speak(asked.body.text, asked.body.language))


_READ, _WRITE = "settings:read", "settings:write"
WAYS = (
    Way("GET", "/prompts", _READ, prompts, "What callers are told, as your draft has it", AllPrompts),
    Way("PUT", "/prompts/{prompt}/audio", _WRITE, bring,
        "A recording of any format becomes what a prompt of your draft says, a new one's too", body=OCTETS, most=FILE_MAX),
    Way("DELETE", "/prompts/{prompt}", _WRITE, remove, "A prompt that nothing names goes from your draft"),
    Way("POST", "/prompts/speak", _WRITE, speak, "A text spoken as callers would hear it", SpokenText, SpeakText),
    Way("GET", "/prompts/files/{file}", _READ, sound, "What a recording, or a text that was spoken, sounds like",
        "audio/wav", ranges=True),
    Way("DELETE", "/prompts/files/{file}", _WRITE, delete, "Delete a recording that nothing names, for good"),
)  # fmt: skip
