# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of backups: when they were made, and each to be fetched. What is in them only the owner's key opens."""

import asyncio
import base64
from pathlib import Path

from starlette.responses import FileResponse, Response

from appliance.settings import edits
from appliance.store import archive
from appliance.store.backups import Made, made
from appliance.web.access import OWNER, SETTERS, Doer, Refusal, Row, Visit
from appliance.web.box import Box


class BackupPages:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/backups", SETTERS, self.backups),
            Row("GET", "/backups/{name}", frozenset({OWNER}), self.fetch),
            Row("POST", "/backups/key", frozenset({OWNER}), self.key),
        )

    async def backups(self, asked: Visit, key: str = "", became: str = "") -> Response:
        wanted = (await self._box.known.names()).settings.backup
        when = await self._box.known.when()
        every = await backups(self._box)
        return asked.page("backups.html", wanted=wanted, backups=every, when=when, fetches=asked.role == OWNER,
                          key=key, kept=base64.b64encode(key.encode()).decode(), became=became)  # fmt: skip

    async def key(self, asked: Visit) -> Response:
        """A key, shown this once and kept nowhere; backups are for it from now on."""
        work = await self._box.drafts.work(asked)
        secret, recipient = archive.new_key()
        document = await asyncio.to_thread(edits.put, work.document, [(("backup", "recipient"), recipient)])
        became = await self._box.drafts.change(asked, work, document, "a key for backups")
        asked.note("backup-key-made", recipient)
        return await self.backups(asked, archive.key_file(secret, recipient), became)

    async def fetch(self, asked: Visit) -> Response:
        return await fetched(asked, self._box, asked.request.path_params["name"])


async def backups(box: Box) -> list[Made]:
    """Those that lie where the settings say."""
    return await asyncio.to_thread(made, Path((await box.known.names()).settings.backup.folder))


async def fetched(asked: Doer, box: Box, name: str) -> Response:
    """One of them, as a file. Raises Refusal."""
    for one in await backups(box):
        if one.file.name == name:
            asked.note("backup-fetched", name)
            return FileResponse(one.file, media_type="application/octet-stream", filename=name)
    raise Refusal(404, "There is no such backup.")
