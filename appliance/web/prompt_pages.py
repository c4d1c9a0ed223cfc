# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers are told: listed, listened to, and recordings brought by the browser. See docs/prompts.md."""

import asyncio
import re
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from appliance.control.messages import Refused
from appliance.settings import edits
from appliance.settings.edits import MISSING
from appliance.settings.words import NAME
from appliance.sounds.recordings import Unheard, converted
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.drafts import Work
from appliance.web.settings_pages import link
from appliance.web.tongue import marked as _

FILE_MAX = 50_000_000  # bytes; a quarter of an hour of good MP3 has 36
KEPT = re.compile(r"[a-z0-9-]{1,60}\.wav")  # files the switch made
MUSIC, GREETING = ("hold", "music"), ("voicemail", "greeting")  # recordings that are no prompts
REASONS = (  # sounds/recordings.py says them
    _("it is no recording of a kind we know"),
    _("there is no sound in it that can be read"),
    _("there is no sound in it"),
    _("it is longer than 15 minutes"),
    _("ffmpeg is not installed, and nothing else plays this format"),
)


class Shown(NamedTuple):
    """A prompt or another recording of the settings; heard: where it can be listened to, "" nowhere."""

    name: str
    title: str
    at: tuple[str, ...]
    text: str
    file: str
    heard: str


class PromptPages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._folder = box.state.absolute() / "prompts"
        self._turn = asyncio.Lock()  # one is converted at a time

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/prompts", SETTERS, self.page),
            Row("POST", "/prompts", SETTERS, self.bring, FILE_MAX),
            Row("GET", "/prompts/{file}", SETTERS, self.sound),
        )

    async def page(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        work = await self._box.drafts.work(asked)
        return asked.page(
            "prompts.html", status, work=work, rows=self._shown(work), wrong=wrong, link=link, chosen=asked.text("at"),
            named=asked.text("name"), done=asked.request.query_params.get("done", "") == "kept", most=FILE_MAX // 1_000_000,
        )  # fmt: skip

    async def bring(self, asked: Visit) -> Response:
        """A recording of any format becomes what a prompt of the draft says. Its own name is not looked at."""
        work, file = await self._box.drafts.work(asked), asked.form.get("file")
        if not isinstance(file, UploadFile) or not file.size:
            return await self.page(asked, _("Choose a recording first."), 422)
        at = self._at(asked, work)
        if at is None:
            return await self.page(asked, "A name has 1 to 31 of a-z, 0-9 and -; a key is one of 0 to 9, * and #.", 422)
        try:
            async with self._turn:
                sound = await _played(file.file)
        except Unheard as fault:
            return await self.page(asked, str(fault), 422)
        try:
            kept = await self._box.drafts.keep_prompt(at[1], sound, asked.name)
        except Refused as refused:
            return await self.page(asked, refused.message, 409)
        made: list[tuple[tuple[str, ...], object]] = [(at, kept)]
        if at[0] == "prompt" and edits.at(work.values, (*at[:2], "text")) is not MISSING:
            made.append(((*at[:2], "text"), MISSING))
        document = await asyncio.to_thread(edits.put, work.document, made)
        self._box.drafts.keep(asked, work, document)
        asked.note(_("prompt-brought"), f"{'.'.join(at)}: {Path(kept).name}")
        return asked.to("/prompts?done=kept")

    async def sound(self, asked: Visit) -> Response:
        """A recording that was brought or imported; no other file, whatever the settings name."""
        name = str(asked.request.path_params["file"])
        path = self._folder / name
        if not KEPT.fullmatch(name) or not await asyncio.to_thread(path.is_file):
            raise Refusal(404, "There is no such recording.")
        return FileResponse(path, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})

    def _at(self, asked: Visit, work: Work) -> tuple[str, ...] | None:
        """The setting that is to name the recording; None for a name that is none."""
        at = asked.text("at")
        if at in (".".join(MUSIC), ".".join(GREETING)):
            return tuple(at.split("."))
        name = asked.text("name").strip() if at == "new" else at.removeprefix("prompt.")
        if not re.fullmatch(NAME, name) or (at != "new" and edits.at(work.values, ("prompt", name)) is MISSING):
            return None
        return ("prompt", name, "file")

    def _shown(self, work: Work) -> list[Shown]:
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

    def _one(self, name: str, at: tuple[str, ...], table: dict[str, object]) -> Shown:
        file = str(table.get("file") or "")
        own = bool(file) and Path(file).parent == self._folder and KEPT.fullmatch(Path(file).name)
        heard = f"/prompts/{Path(file).name}" if own else ""
        return Shown(name, str(table.get("name") or ""), at, str(table.get("text") or ""), file, heard)


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
