# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers are told: recordings brought, heard and deleted; texts heard before they are used. See docs/prompts.md."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.responses import FileResponse

from appliance.control.messages import Refused
from appliance.control.prompts import TEXT_MOST, DeletePrompt, SpeakPrompt
from appliance.settings import edits
from appliance.settings.edits import MISSING, Values
from appliance.settings.faults import dotted
from appliance.settings.references import found, references
from appliance.settings.words import NAME
from appliance.sounds.recordings import Unheard, converted
from appliance.web.access import Doer, Refusal
from appliance.web.drafts import Drafts, Work
from appliance.web.tongue import marked as _

FILE_MAX = 50_000_000  # bytes; a quarter of an hour of good MP3 has 36
KEPT = re.compile(r"[a-z0-9-]{1,60}\.wav")  # files the switch made
SPOKEN = re.compile(r"[0-9a-f]{32}\.wav")  # and those it spoke
MUSIC, GREETING = ("hold", "music"), ("voicemail", "greeting")  # recordings that are no prompts
NAMES = _("A name has 1 to 31 of a-z, 0-9 and -; a key is one of 0 to 9, * and #.")


class Shown(NamedTuple):
    """A prompt or another recording of the settings; sound: the file it is kept in, "" for one that lies elsewhere."""

    name: str
    title: str
    at: tuple[str, ...]
    text: str
    file: str
    sound: str


class Prompts:
    """Every method that does something raises Refusal."""

    def __init__(self, drafts: Drafts, state: Path) -> None:
        self._drafts = drafts
        self._folder, self._spoken = state.absolute() / "prompts", state.absolute() / "spoken"
        self._turn = asyncio.Lock()  # one is converted at a time

    def of(self, work: Work) -> list[Shown]:
        """Those a document has."""
        prompts = edits.at(work.values, ("prompt",))
        rows = [
            self._one(name, ("prompt", name), one)
            for name, one in sorted(prompts.items() if isinstance(prompts, dict) else ())
            if isinstance(one, dict)
        ]
        for at in (MUSIC, GREETING):
            if isinstance(file := edits.at(work.values, at), str):
                rows.append(self._one(".".join(at), at[:1], {"file": file}))
        return rows

    async def unnamed(self, asked: Doer) -> list[str]:
        """Recordings that are kept, and named neither by the settings in force nor by anybody's draft."""
        named = {path for _where, path in await self._named(asked)}
        kept = await asyncio.to_thread(self._kept)
        return [one for one in kept if str(self._folder / one) not in named]

    async def bring(self, asked: Doer, at: str, name: str, given: BinaryIO) -> tuple[str, ...]:
        """A recording of any format becomes what a prompt of the draft says: where. at: `new`, `prompt.NAME` or another place."""
        work = await self._drafts.work(asked)
        place = self._place(work, at, name)
        try:
            async with self._turn:
                sound = await _played(given)
        except Unheard as fault:
            raise Refusal(422, str(fault)) from None
        try:
            kept = await self._drafts.keep_prompt(place[1], sound, asked.by)
        except Refused as refused:
            raise Refusal(409, refused.message) from None
        made: list[tuple[tuple[str, ...], object]] = [(place, kept)]
        if place[0] == "prompt" and edits.at(work.values, (*place[:2], "text")) is not MISSING:
            made.append(((*place[:2], "text"), MISSING))
        document = await asyncio.to_thread(edits.put, work.document, made)
        self._drafts.keep(asked, work, document)
        asked.note(_("prompt-brought"), f"{'.'.join(place)}: {Path(kept).name}")
        return place

    async def write(self, asked: Doer, at: str, name: str, text: str, language: str) -> None:
        """A text becomes what a prompt of the draft says."""
        work = await self._drafts.work(asked)
        place = self._place(work, at, name)
        if place[0] != "prompt":
            raise Refusal(422, _("That is a recording, and no text."))
        made: list[tuple[tuple[str, ...], object]] = [((*place[:2], "text"), text)]
        if language or edits.at(work.values, (*place[:2], "language")) is not MISSING:
            made.append(((*place[:2], "language"), language or MISSING))
        if edits.at(work.values, place) is not MISSING:
            made.append((place, MISSING))
        document = await asyncio.to_thread(edits.put, work.document, made)
        self._drafts.keep(asked, work, document)

    async def speak(self, text: str, language: str) -> str:
        """The file of a text as callers would hear it."""
        text = " ".join(text.split())
        if not 1 <= len(text) <= TEXT_MOST or not text.isprintable():
            raise Refusal(422, _("A text has words, and at most 500 characters."))
        if not re.fullmatch(r"([a-z]{2,3}(-[a-z0-9]{1,12}){0,3})?", language):
            raise Refusal(422, _("A language is written as en or pt-br."))
        try:
            return Path((await self._drafts.ask(SpeakPrompt(0, text, language))).file).name
        except Refused as refused:
            raise Refusal(422, refused.message) from None

    async def remove(self, asked: Doer, name: str) -> None:
        """A prompt that nothing names is in the draft no longer."""
        work = await self._drafts.work(asked)
        if not isinstance(edits.at(work.values, ("prompt", name)), dict):
            raise Refusal(404, "There is no such recording.")
        settings = await asyncio.to_thread(self._drafts.settings, work.document)
        if settings is None:
            raise Refusal(409, _("First put right what is wrong in the draft: then it is known what names it."))
        for path, named, kinds, _scenario in references(settings):
            if ("prompt", name) in found(settings, named, kinds):
                raise Refusal(409, asked.say(_("It is named by {}.")).format(dotted(path)))
        document = await asyncio.to_thread(edits.put, work.document, [(("prompt", name), MISSING)])
        self._drafts.keep(asked, work, document)

    async def delete(self, asked: Doer, file: str) -> None:
        """A recording that nothing names is gone for good."""
        if not KEPT.fullmatch(file):
            raise Refusal(404, "There is no such recording.")
        for where, path in await self._named(asked):
            if path == str(self._folder / file):
                raise Refusal(409, asked.say(_("It is named by {}.")).format(where))
        try:
            await self._drafts.ask(DeletePrompt(0, file, asked.by))
        except Refused as refused:
            gone = refused.id == "unknown"
            raise Refusal(404 if gone else 409, "There is no such recording." if gone else refused.message) from None
        asked.note(_("prompt-deleted"), file)

    async def sound(self, file: str) -> FileResponse:
        """A recording that was brought or imported, or a text that was spoken; no other file, whatever the settings name."""
        folder = self._folder if KEPT.fullmatch(file) and not SPOKEN.fullmatch(file) else self._spoken
        path = folder / file
        if not (KEPT.fullmatch(file) and await asyncio.to_thread(path.is_file)):
            raise Refusal(404, "There is no such recording.")
        return FileResponse(path, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})

    # ---- parts

    def _place(self, work: Work, at: str, name: str) -> tuple[str, ...]:
        """The setting that is to name a recording."""
        if at in (".".join(MUSIC), ".".join(GREETING)):
            return tuple(at.split("."))
        name = name.strip() if at == "new" else at.removeprefix("prompt.")
        if not re.fullmatch(NAME, name) or (at != "new" and edits.at(work.values, ("prompt", name)) is MISSING):
            raise Refusal(422, NAMES)
        return ("prompt", name, "file")

    def _one(self, name: str, at: tuple[str, ...], table: Values) -> Shown:
        file = str(table.get("file") or "")
        own = bool(file) and Path(file).parent == self._folder and KEPT.fullmatch(Path(file).name)
        sound = Path(file).name if own else ""
        return Shown(name, str(table.get("name") or ""), at, str(table.get("text") or ""), file, sound)

    def _kept(self) -> list[str]:
        try:
            return sorted(one.name for one in self._folder.iterdir() if KEPT.fullmatch(one.name) and one.is_file())
        except OSError:
            return []

    async def _named(self, asked: Doer) -> list[tuple[str, str]]:
        """Every recording that is named, and where."""
        documents = [(await self._drafts.in_force()).document, *(one.document for one in asked.office.drafts())]
        return [one for document in documents for one in _files(edits.values(document))]


def _files(values: Values) -> Iterator[tuple[str, str]]:
    prompts = edits.at(values, ("prompt",))
    places = [("prompt", name, "file") for name in (prompts if isinstance(prompts, dict) else ())]
    for at in (*places, MUSIC, GREETING):
        if isinstance(file := edits.at(values, at), str):
            yield dotted(at), file


async def _played(given: BinaryIO) -> bytes:
    """What a file sounds like, as the box plays it. Raises Unheard."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given"

        def keep() -> None:
            given.seek(0)
            with path.open("wb") as out:
                shutil.copyfileobj(given, out)

        await asyncio.to_thread(keep)
        return await converted(str(path))
