# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of `static`, kept in memory and compressed once; under an address of their version browsers keep them for a year."""

import gzip
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

FOLDER = Path(__file__).with_name("static")
FILES = "/static/{path:path}"
SMALL = 1000  # bytes that are not worth compressing
KEPT = "public, max-age=31536000, immutable"


class File(NamedTuple):
    content: bytes
    packed: bytes  # by gzip; empty where that is not worth it
    kind: str
    tag: str  # RFC 9110 8.8.3


class Shelf:
    """All files as they were at the start. No path leads out: a file that was not there then is not there.

    Pages are not compressed: their length would tell of the secrets in them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        self._files = {path.relative_to(folder).as_posix(): _read(path) for path in found}
        every = "".join(f"{name} {file.tag}\n" for name, file in self._files.items())
        self.version = hashlib.sha256(every.encode()).hexdigest()[:12]
        self.address = f"/static/{self.version}"  # where pages find them

    async def answer(self, request: Request) -> Response:
        path = str(request.path_params["path"])
        version, _, rest = path.partition("/")
        now = version == self.version
        versioned = re.fullmatch(r"[0-9a-f]{12}", version)  # perhaps that of a page of before a restart
        file = self._files.get(rest if versioned else path)
        if file is None:
            return PlainTextResponse("There is no such file.\n", 404)
        headers = {"ETag": file.tag, "Vary": "Accept-Encoding"}
        if now:
            headers["Cache-Control"] = KEPT
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.kind)
        return Response(file.content, headers=headers, media_type=file.kind)


def _read(path: Path) -> File:
    content = path.read_bytes()
    packed = gzip.compress(content, mtime=0) if len(content) >= SMALL else b""
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    return File(content, packed, mimetypes.guess_type(path.name)[0] or "application/octet-stream", tag)


@cache
def shelf() -> Shelf:
    """That of the pages."""
    return Shelf()
