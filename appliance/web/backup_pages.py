# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of backups: when they were made, and each to be fetched. What is in them only the owner's key opens."""

import asyncio
from pathlib import Path

from starlette.responses import FileResponse, Response

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
        )

    async def backups(self, asked: Visit) -> Response:
        wanted = (await self._box.known.names()).settings.backup
        when = await self._box.known.when()
        every = await backups(self._box)
        return asked.page("backups.html", wanted=wanted, backups=every, when=when, fetches=asked.role == OWNER)

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
