# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of what callers are told: recordings and texts, listened to, brought and deleted. See docs/prompts.md."""

from starlette.datastructures import UploadFile
from starlette.responses import Response

from appliance.control.prompts import TEXT_MOST
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.prompts import FILE_MAX
from appliance.web.settings_pages import link
from appliance.web.tongue import marked as _

REASONS = (  # sounds/recordings.py says them
    _("it is no recording of a kind we know"),
    _("there is no sound in it that can be read"),
    _("there is no sound in it"),
    _("it is longer than 15 minutes"),
    _("ffmpeg is not installed, and nothing else plays this format"),
)
DONE = {"kept": _("Kept in your draft."), "deleted": _("It is deleted.")}


class PromptPages:
    def __init__(self, box: Box) -> None:
        self._box, self._prompts = box, box.prompts

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/prompts", SETTERS, self.page),
            Row("POST", "/prompts", SETTERS, self.bring, FILE_MAX),
            Row("POST", "/prompts/speak", SETTERS, self.speak),
            Row("POST", "/prompts/remove", SETTERS, self.remove),
            Row("POST", "/prompts/delete", SETTERS, self.delete),
            Row("GET", "/prompts/{file}", SETTERS, self.sound),
        )

    async def page(self, asked: Visit, wrong: str = "", status: int = 200, heard: str = "") -> Response:
        """heard: the file of a text that was just spoken."""
        work = await self._box.drafts.work(asked)
        return asked.page(
            "prompts.html", status, work=work, rows=self._prompts.of(work), unnamed=await self._prompts.unnamed(asked),
            wrong=wrong, link=link, chosen=asked.text("at"), named=asked.text("name"), text=asked.text("text"),
            spoken=asked.text("language"), heard=heard, text_most=TEXT_MOST, most=FILE_MAX // 1_000_000,
            done=DONE.get(asked.request.query_params.get("done", ""), ""),
        )  # fmt: skip

    async def bring(self, asked: Visit) -> Response:
        """Its own name is not looked at."""
        file = asked.form.get("file")
        if not isinstance(file, UploadFile) or not file.size:
            return await self.page(asked, _("Choose a recording first."), 422)
        try:
            await self._prompts.bring(asked, asked.text("at"), asked.text("name"), file.file)
        except Refusal as refused:
            return await self._refused(asked, refused)
        return asked.to("/prompts?done=kept")

    async def speak(self, asked: Visit) -> Response:
        """A text is heard as callers would; once it is as it should be it goes into the draft."""
        text, language = " ".join(asked.text("text").split()), asked.text("language").strip()
        try:
            heard = await self._prompts.speak(text, language)
            if asked.text("do") != "use":
                return await self.page(asked, heard=heard)
            await self._prompts.write(asked, asked.text("at"), asked.text("name"), text, language)
        except Refusal as refused:
            return await self._refused(asked, refused)
        return asked.to("/prompts?done=kept")

    async def remove(self, asked: Visit) -> Response:
        """A prompt goes from the draft."""
        try:
            await self._prompts.remove(asked, asked.text("prompt"))
        except Refusal as refused:
            return await self._refused(asked, refused)
        return asked.to("/prompts?done=kept")

    async def delete(self, asked: Visit) -> Response:
        """A recording goes for good."""
        try:
            await self._prompts.delete(asked, asked.text("file"))
        except Refusal as refused:
            return await self._refused(asked, refused)
        return asked.to("/prompts?done=deleted")

    async def sound(self, asked: Visit) -> Response:
        return await self._prompts.sound(str(asked.request.path_params["file"]))

    async def _refused(self, asked: Visit, refused: Refusal) -> Response:
        """Said on the page, as what was typed stays there; that the switch is away has a page of its own."""
        if refused.status == 503:
            raise refused
        return await self.page(asked, str(refused), refused.status)
