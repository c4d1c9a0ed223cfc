# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of backups: when they were made, and each to be fetched. What is in them only the owner's key opens."""

import asyncio
from pathlib import Path

from starlette.responses import FileResponse, Response

from appliance.store.backups import made
from appliance.web.access import OWNER, SETTERS, Refusal, Row, Visit
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
        every = await asyncio.to_thread(made, Path(wanted.folder))
        when = await self._box.known.when()
        return asked.page("backups.html", wanted=wanted, backups=every, when=when, fetches=asked.role == OWNER)

    async def fetch(self, asked: Visit) -> Response:
        wanted = (await self._box.known.names()).settings.backup
        name = asked.request.path_params["name"]
        for one in await asyncio.to_thread(made, Path(wanted.folder)):
            if one.file.name == name:
                asked.note("backup-fetched", name)
                return FileResponse(one.file, media_type="application/octet-stream", filename=name)
        raise Refusal(404, "There is no such backup.")
